package policies.dynamodb.client_encryption_items_signed_test

import data.policies.dynamodb.client_encryption_items_signed as policy

test_violations[note] if {
	some note, row in {
		"signed": {
			"facts": {},
			"want": set(),
		},
		"not signed": {
			"facts": {"siblings_signed": 47},
			"want": {
				`3 of 5 items that were read, such as "a" carry no signature, and 47 of the items that were read do; required is a signature on every item`,
			},
		},
		"one is signed": {
			"facts": {"siblings_signed": 1},
			"want": {
				`3 of 5 items that were read, such as "a" carry no signature, and 1 of the items that were read do; required is a signature on every item`,
			},
		},
		"nobody signs": {
			"facts": {"siblings_signed": 0},
			"want": set(),
		},
	}
	row.want == policy.violations with input as {"facts": object.union(sample, row.facts)}
}

test_applies_to_tables_with_signatures if {
	policy.applies with input as {"facts": {"siblings_signed": 1}}
	policy.applies with input as {"facts": {"client_side": {"format": "dbesdk"}}}
	not policy.applies with input as {"facts": {"siblings_signed": 0, "client_side": {"format": "none"}}}
}

sample := {"count": 3, "examples": ["a"], "sampling": {"sampled": 5, "share_low": 0.6, "share_high": 0.6}}
