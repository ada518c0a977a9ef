package policies.s3.objects_algorithm_approved_test

import data.policies.s3.objects_algorithm_approved as policy

test_violations[note] if {
	some note, row in {
		"approved": {"algorithm": "aws:kms", "want": set()},
		"another": {
			"algorithm": "AES256",
			"want": {
				`server-side encryption is AES256 for 3 of 5 objects that were listed, such as "a"; required is one of the parameter approved_algorithms`,
			},
		},
	}
	row.want == policy.violations with input as {"facts": object.union(sample, {"server_side": {"algorithm": row.algorithm}})}
		with data.params.approved_algorithms as ["aws:kms", "aws:kms:dsse"]
}

test_applies_to_encrypted_objects if {
	policy.applies with input as {"facts": {"server_side": {"algorithm": "AES256"}}}
	not policy.applies with input as {"facts": {"server_side": {"algorithm": "none"}}}
	not policy.applies with input as {"facts": {"server_side": {"algorithm": "SSE-C"}}}
}

sample := {"count": 3, "examples": ["a"], "sampling": {"sampled": 5, "share_low": 0.6, "share_high": 0.6}}
