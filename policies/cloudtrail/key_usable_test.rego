package policies.cloudtrail.key_usable_test

import data.policies.cloudtrail.key_usable as policy

test_violations[note] if {
	some note, row in {
		"enabled": {
			"key": {"exists": true, "state": "Enabled", "spec": "SYMMETRIC_DEFAULT", "usage": "ENCRYPT_DECRYPT"},
			"want": set(),
		},
		"its primary region is being moved": {"key": {"exists": true, "state": "Updating"}, "want": set()},
		"asymmetric": {
			"key": {"exists": true, "state": "Enabled", "spec": "RSA_4096", "usage": "SIGN_VERIFY"},
			"want": {
				"the key's spec is RSA_4096; required is SYMMETRIC_DEFAULT",
				"the key's usage is SIGN_VERIFY; required is ENCRYPT_DECRYPT",
			},
		},
		"disabled": {"key": {"exists": true, "state": "Disabled"}, "want": {"the key's state is Disabled; required is Enabled"}},
		"pending deletion": {
			"key": {"exists": true, "state": "PendingDeletion"},
			"want": {"the key's state is PendingDeletion; required is Enabled"},
		},
		"gone": {"key": {"exists": false}, "want": {"KMS has no such key; required is an existing key"}},
		"nothing is known of the key": {
			"key": {},
			"want": {"the trail names no key that could be found; required is an enabled key"},
		},
	}
	row.want == policy.violations with input as {"facts": {"encrypted": true, "key": row.key}}
}

test_applies_to_trails_with_a_key if {
	policy.applies with input as {"facts": {"encrypted": true}}
	not policy.applies with input as {"facts": {"encrypted": false}}
}
