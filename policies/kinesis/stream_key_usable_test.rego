package policies.kinesis.stream_key_usable_test

import data.policies.kinesis.stream_key_usable as policy

good := {"state": "Enabled", "spec": "SYMMETRIC_DEFAULT", "usage": "ENCRYPT_DECRYPT", "region": "eu-west-1"}

test_violations[note] if {
	some note, row in {
		"usable": {"key": good, "want": set()},
		"its primary region is being moved": {"key": object.union(good, {"state": "Updating"}), "want": set()},
		"disabled": {
			"key": object.union(good, {"state": "Disabled"}),
			"want": {"the key's state is Disabled; required is Enabled"},
		},
		"pending deletion": {
			"key": object.union(good, {"state": "PendingDeletion", "delete_at": "2026-12-01T00:00:00Z"}),
			"want": {"the key's state is PendingDeletion; required is Enabled"},
		},
		"its key store is unavailable": {
			"key": object.union(good, {"state": "Unavailable", "origin": "EXTERNAL_KEY_STORE"}),
			"want": {"the key's state is Unavailable; required is Enabled"},
		},
		"gone": {"key": {"id": "1234", "exists": false}, "want": {"KMS has no such key; required is an existing key"}},
		"asymmetric": {
			"key": object.union(good, {"spec": "RSA_2048", "usage": "SIGN_VERIFY"}),
			"want": {
				"the key's spec is RSA_2048; required is SYMMETRIC_DEFAULT",
				"the key's usage is SIGN_VERIFY; required is ENCRYPT_DECRYPT",
			},
		},
		"in another region": {
			"key": object.union(good, {"region": "us-east-1"}),
			"want": {`the key is in region "us-east-1"; required is the stream's, "eu-west-1"`},
		},
		"an AWS alias without a key yet": {"key": {"id": "alias/aws/kinesis", "alias": "alias/aws/kinesis"}, "want": set()},
		"nothing is known of the key": {
			"key": {"id": "1234"},
			"want": {"the stream names no key that could be found; required is an enabled key"},
		},
	}
	row.want == policy.violations with input as {
		"scope": {"region": "eu-west-1"},
		"facts": {"encryption": {"type": "KMS", "key": row.key}},
	}
}

test_applies_to_encrypted_streams if {
	policy.applies with input as {"facts": {"encryption": {"type": "KMS"}}}
	not policy.applies with input as {"facts": {"encryption": {"type": "NONE"}}}
}
