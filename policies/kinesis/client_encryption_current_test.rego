package policies.kinesis.client_encryption_current_test

import data.policies.kinesis.client_encryption_current as policy

test_violations[note] if {
	some note, row in {
		"current": {
			"facts": {"client_side": {"format": "esdk-v2"}, "weaknesses": ["unsigned"]},
			"want": set(),
		},
		"no derivation": {
			"facts": {"client_side": {"format": "esdk-v1"}, "weaknesses": ["no-key-derivation"]},
			"want": {
				`the data key is used without derivation, as the oldest suites of the AWS Encryption SDK do, for 3 of 5 records that were read, such as "a"; required is a current format`,
			},
		},
	}
	row.want == policy.violations with input as {"facts": object.union(sample, row.facts)}
}

test_applies_to_what_a_client_encrypted if {
	policy.applies with input as {"facts": {"client_side": {"format": "esdk-v2", "algorithm": "x"}}}
	not policy.applies with input as {"facts": {"client_side": {"format": "esdk-v2"}}}
}

sample := {"count": 3, "examples": ["a"], "sampling": {"sampled": 5, "share_low": 0.6, "share_high": 0.6}}
