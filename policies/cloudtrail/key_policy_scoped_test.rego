package policies.cloudtrail.key_policy_scoped_test

import data.policies.cloudtrail.key_policy_scoped as policy

none := {"the key policy does not let CloudTrail use the key; required is kms:GenerateDataKey* for this trail"}

test_violations[note] if {
	some note, row in {
		"scoped": {"policy": {"cloudtrail": "scoped"}, "want": set()},
		"unscoped": {
			"policy": {"cloudtrail": "unscoped"},
			"want": {"the key policy lets CloudTrail use the key for any trail; required is a condition on the trail"},
		},
		"not allowed": {"policy": {"cloudtrail": "none"}, "want": none},
		"nothing said": {"policy": {}, "want": none},
	}
	row.want == policy.violations with input as {"related": {"key": {"facts": {"policy": row.policy}}}}
}

test_applies[note] if {
	some note, row in {
		"a key": {"facts": {"encrypted": true, "key": {"exists": true}}, "want": true},
		"a key of another account": {"facts": {"encrypted": true, "key": {}}, "want": true},
		"a key that is gone": {"facts": {"encrypted": true, "key": {"exists": false}}, "want": false},
		"no key": {"facts": {"encrypted": false}, "want": false},
	}
	got := [true | policy.applies] with input as {"facts": row.facts}
	got == [true | row.want]
}
