package policies.dynamodb.client_encryption_key_usable_test

import data.policies.dynamodb.client_encryption_key_usable as policy

test_violations[note] if {
	some note, row in {
		"usable": {
			"facts": {"client_side": {"kms_keys": [{"arn": "k", "state": "Enabled"}]}},
			"want": set(),
		},
		"disabled": {
			"facts": {"client_side": {"kms_keys": [{"arn": "k", "state": "Disabled"}]}},
			"want": {
				`the state of key "k" is Disabled, for 3 of 5 items that were read, such as "a"; required is an enabled key`,
			},
		},
	}
	row.want == policy.violations with input as {"facts": object.union(sample, row.facts)}
}

test_applies_to_kms_keys if {
	policy.applies with input as {"facts": {"client_side": {"kms_keys": [{"id": "k"}]}}}
	not policy.applies with input as {"facts": {"client_side": {"keys": ["k"]}}}
}

sample := {"count": 3, "examples": ["a"], "sampling": {"sampled": 5, "share_low": 0.6, "share_high": 0.6}}
