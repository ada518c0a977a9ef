package policies.s3.client_encryption_sound_test

import data.policies.s3.client_encryption_sound as policy

test_violations[note] if {
	some note, row in {
		"none": {
			"facts": {"weaknesses": []},
			"want": set(),
		},
		"one": {
			"facts": {"weaknesses": ["repeated-iv"]},
			"want": {
				`frames share an initialisation vector, which reveals them and lets anyone forge, for 3 of 5 objects that were listed, such as "a"; required is a sound ciphertext`,
			},
		},
		"one that is accepted": {
			"facts": {"weaknesses": ["many-data-keys"]},
			"want": set(),
		},
		"one with a policy of its own": {
			"facts": {"weaknesses": ["unsigned"]},
			"want": set(),
		},
	}
	row.want == policy.violations with input as {"facts": object.union(sample, row.facts)}
		with data.params.accepted as ["many-data-keys"]
}

test_applies_to_what_a_client_encrypted if {
	policy.applies with input as {"facts": {"client_side": {"format": "s3ec-v3"}, "proof": {"verified": 1}}}
	not policy.applies with input as {"facts": {"client_side": {"format": "none"}, "proof": {"verified": 1}}}
}

test_does_not_apply_to_what_was_not_opened if {
	not policy.applies with input as {"facts": {"client_side": {"format": "s3ec-v3"}}}
}

sample := {"count": 3, "examples": ["a"], "sampling": {"sampled": 5, "share_low": 0.6, "share_high": 0.6}}
