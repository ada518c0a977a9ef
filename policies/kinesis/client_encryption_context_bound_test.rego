package policies.kinesis.client_encryption_context_bound_test

import data.policies.kinesis.client_encryption_context_bound as policy

test_violations[note] if {
	some note, row in {
		"a context": {
			"facts": {"client_side": {"format": "esdk-v2", "context_keys": ["a"]}},
			"want": set(),
		},
		"no context": {
			"facts": {"client_side": {"format": "esdk-v2", "context_keys": ["aws-crypto-public-key"]}},
			"want": {
				`there is no encryption context, for 3 of 5 records that were read, such as "a"; required is an encryption context that binds it`,
			},
		},
	}
	row.want == policy.violations with input as {"facts": object.union(sample, row.facts)}
}

test_applies_to_what_a_client_encrypted if {
	policy.applies with input as {"facts": {"client_side": {"format": "esdk-v2", "algorithm": "x"}}}
	not policy.applies with input as {"facts": {"client_side": {"format": "none"}}}
}

sample := {"count": 3, "examples": ["a"], "sampling": {"sampled": 5, "share_low": 0.6, "share_high": 0.6}}
