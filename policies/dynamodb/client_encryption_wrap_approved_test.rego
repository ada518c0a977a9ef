package policies.dynamodb.client_encryption_wrap_approved_test

import data.policies.dynamodb.client_encryption_wrap_approved as policy

test_violations[note] if {
	some note, row in {
		"another weakness": {
			"facts": {"weaknesses": ["unsigned"]},
			"want": set(),
		},
		"PKCS #1 v1.5": {
			"facts": {"weaknesses": ["pkcs1-wrap"]},
			"want": {
				`the data key is wrapped with RSA PKCS #1 v1.5, for 3 of 5 items that were read, such as "a"; required is an approved wrap`,
			},
		},
		"accepted": {
			"facts": {"weaknesses": ["sha1-wrap"]},
			"want": set(),
		},
	}
	row.want == policy.violations with input as {"facts": object.union(sample, row.facts)}
		with data.params.accepted as ["sha1-wrap"]
}

test_applies_to_what_a_client_encrypted if {
	policy.applies with input as {"facts": {"client_side": {"format": "dbesdk", "algorithm": "x"}}}
	not policy.applies with input as {"facts": {"client_side": {"format": "dbesdk"}}}
}

sample := {"count": 3, "examples": ["a"], "sampling": {"sampled": 5, "share_low": 0.6, "share_high": 0.6}}
