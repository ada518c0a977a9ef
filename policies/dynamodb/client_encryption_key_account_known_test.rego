package policies.dynamodb.client_encryption_key_account_known_test

import data.policies.dynamodb.client_encryption_key_account_known as policy

test_violations[note] if {
	some note, row in {
		"own": {
			"facts": {
				"client_side": {"keys": ["arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"]},
			},
			"want": set(),
		},
		"another's": {
			"facts": {"client_side": {"keys": ["arn:aws:kms:eu-west-1:999999999999:key/1"]}},
			"want": {
				`the KMS key "arn:aws:kms:eu-west-1:999999999999:key/1" of an account that is not known can open 3 of 5 items that were read, such as "a"; required are keys of known accounts`,
			},
		},
	}
	row.want == policy.violations with input as {"scope": {"account": "111122223333"}, "facts": object.union(sample, row.facts)}
		with data.params.allowed_accounts as []
}

test_applies_to_kms_keys if {
	policy.applies with input as {"facts": {"client_side": {"keys": ["raw", "arn:aws:kms:eu-west-1:111122223333:key/1"]}}}
	not policy.applies with input as {"facts": {"client_side": {"keys": ["raw"]}}}
}

sample := {"count": 3, "examples": ["a"], "sampling": {"sampled": 5, "share_low": 0.6, "share_high": 0.6}}
