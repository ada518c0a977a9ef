package policies.s3.versioning_enabled_test

import data.policies.s3.versioning_enabled as policy

test_violations[note] if {
	some note, row in {
		"enabled": {"versioning": {"enabled": true, "status": "Enabled"}, "want": set()},
		"suspended": {
			"versioning": {"enabled": false, "status": "Suspended"},
			"want": {"versioning is Suspended; required is Enabled"},
		},
		"never enabled": {"versioning": {"enabled": false}, "want": {"versioning is not enabled; required is Enabled"}},
	}
	row.want == policy.violations with input as {"facts": {"versioning": row.versioning}}
}

test_missing_versioning_fails if count(policy.violations) == 1 with input as {"facts": {}}
