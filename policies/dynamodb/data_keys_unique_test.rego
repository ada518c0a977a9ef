package policies.dynamodb.data_keys_unique_test

import data.policies.dynamodb.data_keys_unique as policy

test_violations[note] if {
	some note, row in {
		"none": {
			"facts": {"client_side": {"format": "dbesdk"}, "duplicates": {"data_keys": 0, "ivs": 0}},
			"want": set(),
		},
		"a vector": {
			"facts": {"client_side": {"format": "dbesdk"}, "duplicates": {"data_keys": 2, "ivs": 2}},
			"want": {
				`2 share an initialisation vector under one data key with another ciphertext, among 3 of 5 items that were read, such as "a"; required is a data key for each`,
			},
		},
		"a data key without derivation": {
			"facts": {
				"client_side": {"format": "dbesdk"},
				"weaknesses": ["no-key-derivation"],
				"duplicates": {"data_keys": 2, "ivs": 0},
			},
			"want": {
				`2 share a data key with another ciphertext, among 3 of 5 items that were read, such as "a"; required is a data key for each`,
			},
		},
		"a data key of another format": {
			"facts": {"client_side": {"format": "moon"}, "duplicates": {"data_keys": 2, "ivs": 0}},
			"want": {
				`2 share a data key with another ciphertext, among 3 of 5 items that were read, such as "a"; required is a data key for each`,
			},
		},
	}
	row.want == policy.violations with input as {"facts": object.union(sample, row.facts)}
}

test_applies_to_what_was_compared if {
	policy.applies with input as {"facts": {"duplicates": {"data_keys": 0, "ivs": 0}}}
	not policy.applies with input as {"facts": {}}
}

sample := {"count": 3, "examples": ["a"], "sampling": {"sampled": 5, "share_low": 0.6, "share_high": 0.6}}
