package policies.s3.default_key_usable_test

import data.policies.s3.default_key_usable as policy

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
		"gone": {"key": {"id": "1234", "exists": false}, "want": {"KMS has no such key; required is an existing key"}},
		"an alias of nothing": {
			"key": {"id": "alias/gone", "alias": "alias/gone", "exists": false},
			"want": {"KMS has no such key; required is an existing key"},
		},
		"asymmetric": {
			"key": object.union(good, {"spec": "RSA_2048", "usage": "SIGN_VERIFY"}),
			"want": {
				"the key's spec is RSA_2048; required is SYMMETRIC_DEFAULT",
				"the key's usage is SIGN_VERIFY; required is ENCRYPT_DECRYPT",
			},
		},
		"in another region": {
			"key": object.union(good, {"region": "us-east-1"}),
			"want": {`the key is in region "us-east-1"; required is the bucket's, "eu-west-1"`},
		},
		"an AWS alias without a key yet": {"key": {"alias": "alias/aws/s3"}, "want": set()},
		"nothing is known of the key": {
			"key": {"id": "1234"},
			"want": {"the bucket names no key that could be found; required is an enabled key"},
		},
	}
	row.want == policy.violations with input as {
		"scope": {"region": "eu-west-1"},
		"facts": {"encryption": {"algorithm": "aws:kms", "key": row.key}},
	}
}

test_applies_to_kms[algorithm] if {
	some algorithm in ["aws:kms", "aws:kms:dsse"]
	policy.applies with input as {"facts": {"encryption": {"algorithm": algorithm}}}
}

test_applies_to_nothing_else[algorithm] if {
	some algorithm in ["AES256", "aws:fsx", "aws:backup"]
	not policy.applies with input as {"facts": {"encryption": {"algorithm": algorithm}}}
}
