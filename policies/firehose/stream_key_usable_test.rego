package policies.firehose.stream_key_usable_test

import data.policies.firehose.stream_key_usable as policy

test_violations[note] if {
	some note, row in {
		"usable": {"key": {"exists": true, "state": "Enabled", "spec": "SYMMETRIC_DEFAULT"}, "want": set()},
		"disabled": {
			"key": {"exists": true, "state": "Disabled", "spec": "SYMMETRIC_DEFAULT"},
			"want": {"the key's state is Disabled; required is Enabled"},
		},
		"its primary region is being moved": {"key": {"exists": true, "state": "Updating"}, "want": set()},
		"asymmetric": {
			"key": {"exists": true, "state": "Enabled", "spec": "RSA_4096", "usage": "SIGN_VERIFY"},
			"want": {
				"the key's spec is RSA_4096; required is SYMMETRIC_DEFAULT",
				"the key's usage is SIGN_VERIFY; required is ENCRYPT_DECRYPT",
			},
		},
		"in another region": {
			"key": {"exists": true, "state": "Enabled", "region": "us-east-1"},
			"want": {`the key is in region "us-east-1"; required is the stream's, "eu-west-1"`},
		},
		"gone": {"key": {"exists": false}, "want": {"KMS has no such key; required is an existing key"}},
		"nothing is known of the key": {
			"key": {},
			"want": {"the stream names no key that could be found; required is an enabled key"},
		},
	}
	row.want == policy.violations with input as {
		"scope": {"region": "eu-west-1"},
		"facts": {"encryption": {"key": row.key}},
	}
}

test_applies[note] if {
	some note, row in {
		"a customer managed key": {"encryption": {"status": "ENABLED", "key_type": "CUSTOMER_MANAGED_CMK"}, "want": true},
		"a failed change of key": {"encryption": {"status": "ENABLING_FAILED", "key_type": "CUSTOMER_MANAGED_CMK"}, "want": true},
		"an AWS owned key": {"encryption": {"status": "ENABLED", "key_type": "AWS_OWNED_CMK"}, "want": false},
		"a key no longer used": {"encryption": {"status": "DISABLED", "key_type": "CUSTOMER_MANAGED_CMK"}, "want": false},
		"no encryption": {"encryption": {"status": "DISABLED"}, "want": false},
	}
	got := [true | policy.applies] with input as {"facts": {"encryption": row.encryption}}
	got == [true | row.want]
}
