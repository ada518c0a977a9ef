package policies.dynamodb.client_encryption_committing_test

import data.policies.dynamodb.client_encryption_committing as policy

test_violations[note] if {
	some note, row in {
		"committing": {
			"facts": {"client_side": {"committing": true}},
			"want": set(),
		},
		"not committing": {
			"facts": {"client_side": {"committing": false}},
			"want": {
				`the ciphertext does not commit to its data key for 3 of 5 items that were read, such as "a"; required is a committing algorithm suite`,
			},
		},
	}
	row.want == policy.violations with input as {"facts": object.union(sample, row.facts)}
}

test_applies_to_what_a_client_encrypted if {
	policy.applies with input as {"facts": {"client_side": {"format": "dbesdk", "committing": false}}}
	not policy.applies with input as {"facts": {"client_side": {"format": "none"}}}
}

sample := {"count": 3, "examples": ["a"], "sampling": {"sampled": 5, "share_low": 0.6, "share_high": 0.6}}
