package policies.s3.objects_encrypted_test

import data.policies.s3.objects_encrypted as policy

test_violations[note] if {
	some note, row in {
		"none": {
			"server_side": {"algorithm": "none"},
			"want": {
				`server-side encryption is none for 3 of 5 objects that were listed, such as "a"; required is encryption at rest`,
			},
		},
		"AES256": {"server_side": {"algorithm": "AES256"}, "want": set()},
		"KMS": {"server_side": {"algorithm": "aws:kms"}, "want": set()},
		"SSE-C": {"server_side": {"algorithm": "SSE-C"}, "want": set()},
		"nothing is told": {
			"server_side": {},
			"want": {
				`server-side encryption is none for 3 of 5 objects that were listed, such as "a"; required is encryption at rest`,
			},
		},
	}
	row.want == policy.violations with input as {"facts": object.union(sample, {"server_side": row.server_side})}
}

sample := {"count": 3, "examples": ["a"], "sampling": {"sampled": 5, "share_low": 0.6, "share_high": 0.6}}
