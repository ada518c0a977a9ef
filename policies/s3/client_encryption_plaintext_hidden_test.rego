package policies.s3.client_encryption_plaintext_hidden_test

import data.policies.s3.client_encryption_plaintext_hidden as policy

test_violations[note] if {
	some note, row in {
		"none": {
			"facts": {"weaknesses": ["unsigned"]},
			"want": set(),
		},
		"its MD5": {
			"facts": {"weaknesses": ["plaintext-md5"]},
			"want": {
				`the MD5 of the plaintext stands in the metadata of 3 of 5 objects that were listed, such as "a"; required is metadata that says nothing of it`,
			},
		},
	}
	row.want == policy.violations with input as {"facts": object.union(sample, row.facts)}
}

test_applies_to_what_a_client_encrypted if {
	policy.applies with input as {"facts": {"client_side": {"format": "s3ec-v2", "algorithm": "x"}}}
	not policy.applies with input as {"facts": {"client_side": {"format": "s3ec-v2"}}}
}

sample := {"count": 3, "examples": ["a"], "sampling": {"sampled": 5, "share_low": 0.6, "share_high": 0.6}}
