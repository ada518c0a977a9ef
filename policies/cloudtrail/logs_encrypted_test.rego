package policies.cloudtrail.logs_encrypted_test

import data.policies.cloudtrail.logs_encrypted as policy

test_violations[note] if {
	some note, row in {
		"customer managed key": {"facts": {"encrypted": true, "key": {"manager": "CUSTOMER"}}, "want": set()},
		"no key": {"facts": {"encrypted": false}, "want": {"the trail names no KMS key; required is a customer managed key"}},
		"nothing said": {"facts": {}, "want": {"the trail names no KMS key; required is a customer managed key"}},
		"AWS managed key": {
			"facts": {"encrypted": true, "key": {"manager": "AWS"}},
			"want": {"the trail's key is not customer managed; required is a customer managed key"},
		},
		"a key that is gone": {
			"facts": {"encrypted": true, "key": {"exists": false}},
			"want": {"KMS has no such key; required is a customer managed key"},
		},
	}
	row.want == policy.violations with input as {"facts": row.facts}
}
