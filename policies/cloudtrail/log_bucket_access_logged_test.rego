package policies.cloudtrail.log_bucket_access_logged_test

import data.policies.cloudtrail.log_bucket_access_logged as policy

failure := {"access logging of the log bucket is off; required is on"}

test_violations[note] if {
	some note, row in {
		"on": {"facts": {"logging": {"enabled": true, "target_bucket": "access"}}, "want": set()},
		"off": {"facts": {"logging": {"enabled": false}}, "want": failure},
		"nothing said": {"facts": {}, "want": failure},
	}
	row.want == policy.violations with input as {"related": {"bucket": {"facts": row.facts}}}
}
