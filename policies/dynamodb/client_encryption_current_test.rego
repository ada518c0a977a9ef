package policies.dynamodb.client_encryption_current_test

import data.policies.dynamodb.client_encryption_current as policy

test_violations[note] if {
	some note, row in {
		"current": {
			"facts": {"client_side": {"format": "dbesdk"}},
			"want": set(),
		},
		"old": {
			"facts": {"client_side": {"format": "ddbec"}},
			"want": {
				`the item is of the older DynamoDB Encryption Client, for 3 of 5 items that were read, such as "a"; required is a current format`,
			},
		},
	}
	row.want == policy.violations with input as {"facts": object.union(sample, row.facts)}
}

test_applies_to_what_a_client_encrypted if {
	policy.applies with input as {"facts": {"client_side": {"format": "dbesdk", "algorithm": "x"}}}
	not policy.applies with input as {"facts": {"client_side": {"format": "dbesdk"}}}
}

sample := {"count": 3, "examples": ["a"], "sampling": {"sampled": 5, "share_low": 0.6, "share_high": 0.6}}
