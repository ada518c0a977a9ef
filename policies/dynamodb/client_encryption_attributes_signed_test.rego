package policies.dynamodb.client_encryption_attributes_signed_test

import data.policies.dynamodb.client_encryption_attributes_signed as policy

test_violations[note] if {
	some note, row in {
		"all": {
			"facts": {"weaknesses": ["unsigned"]},
			"want": set(),
		},
		"some": {
			"facts": {"weaknesses": ["unsigned-attributes"]},
			"want": {
				`attributes are outside of the signature for 3 of 5 items that were read, such as "a"; required is a signature over every attribute`,
			},
		},
	}
	row.want == policy.violations with input as {"facts": object.union(sample, row.facts)}
}

test_applies_to_what_a_client_encrypted if {
	policy.applies with input as {"facts": {"client_side": {"format": "dbesdk"}, "proof": {"verified": 1}}}
	not policy.applies with input as {"facts": {"client_side": {"format": "none"}, "proof": {"verified": 1}}}
}

sample := {"count": 3, "examples": ["a"], "sampling": {"sampled": 5, "share_low": 0.6, "share_high": 0.6}}
