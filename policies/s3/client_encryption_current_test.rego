package policies.s3.client_encryption_current_test

import data.policies.s3.client_encryption_current as policy

test_violations[note] if {
	some note, row in {
		"current": {
			"facts": {"client_side": {"format": "s3ec-v3", "wrap": ["kms+context"]}, "weaknesses": ["unsigned"]},
			"want": set(),
		},
		"V1": {
			"facts": {"client_side": {"format": "s3ec-v1"}},
			"want": {
				`the format is V1 of the S3 Encryption Client, for 3 of 5 objects that were listed, such as "a"; required is a current format`,
			},
		},
		"AES-CBC": {
			"facts": {"client_side": {"format": "s3ec-v2"}, "weaknesses": ["unauthenticated-cbc"]},
			"want": {
				`the content is under AES-CBC, which nothing authenticates, for 3 of 5 objects that were listed, such as "a"; required is a current format`,
			},
		},
		"no derivation": {
			"facts": {"client_side": {"format": "esdk-v1"}, "weaknesses": ["no-key-derivation"]},
			"want": {
				`the data key is used without derivation, as the oldest suites of the AWS Encryption SDK do, for 3 of 5 objects that were listed, such as "a"; required is a current format`,
			},
		},
		"an old wrap": {
			"facts": {"client_side": {"format": "s3ec-v2", "wrap": ["kms"]}},
			"want": {
				`the data key is wrapped with "kms", as old clients do, for 3 of 5 objects that were listed, such as "a"; required is a current format`,
			},
		},
	}
	row.want == policy.violations with input as {"facts": object.union(sample, row.facts)}
}

test_applies_to_what_a_client_encrypted if {
	policy.applies with input as {"facts": {"client_side": {"format": "s3ec-v3", "algorithm": "x"}}}
	not policy.applies with input as {"facts": {"client_side": {"format": "s3ec-v3"}}}
}

sample := {"count": 3, "examples": ["a"], "sampling": {"sampled": 5, "share_low": 0.6, "share_high": 0.6}}
