package policies.kinesis.client_encryption_authentic_test

import data.policies.kinesis.client_encryption_authentic as policy

test_violations[note] if {
	some note, row in {
		"it holds": {
			"facts": {"proof": {"verified": 3, "refuted": 0, "unknown": 0, "steps": []}},
			"want": set(),
		},
		"it does not": {
			"facts": {"proof": {
				"verified": 0,
				"refuted": 3,
				"unknown": 0,
				"steps": [{"example": "a", "verdict": "refuted", "steps": [{"name": "commitment", "verdict": "refuted"}]}],
			}},
			"want": {
				`the step "commitment" does not hold, for 3 of 5 records that were read, such as "a"; required is a proof that holds`,
			},
		},
	}
	row.want == policy.violations with input as {"facts": object.union(sample, row.facts)}
}

test_applies_to_what_a_client_encrypted if {
	policy.applies with input as {"facts": {"client_side": {"format": "esdk-v2"}, "proof": {}}}
	not policy.applies with input as {"facts": {"client_side": {"format": "none"}, "proof": {}}}
}

test_does_not_apply_to_what_was_not_opened if {
	not policy.applies with input as {"facts": {"client_side": {"format": "esdk-v2"}}}
}

sample := {"count": 3, "examples": ["a"], "sampling": {"sampled": 5, "share_low": 0.6, "share_high": 0.6}}
