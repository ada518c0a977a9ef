package policies.s3.objects_sse_c_absent_test

import data.policies.s3.objects_sse_c_absent as policy

test_violations[note] if {
	some note, row in {
		"SSE-C": {
			"algorithm": "SSE-C",
			"want": {
				`the key is the customer's own (SSE-C) for 3 of 5 objects that were listed, such as "a"; required is a key that AWS keeps`,
			},
		},
		"KMS": {"algorithm": "aws:kms", "want": set()},
	}
	row.want == policy.violations with input as {"facts": object.union(sample, {"server_side": {"algorithm": row.algorithm}})}
}

sample := {"count": 3, "examples": ["a"], "sampling": {"sampled": 5, "share_low": 0.6, "share_high": 0.6}}
