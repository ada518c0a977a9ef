package policies.kinesis.records_encrypted_test

import data.policies.kinesis.records_encrypted as policy

test_violations[note] if {
	some note, row in {
		"KMS": {"type": "KMS", "want": set()},
		"none": {"type": "NONE", "want": {`server-side encryption is none for 3 of 5 records that were read, such as "a"; required is KMS`}},
	}
	row.want == policy.violations with input as {"facts": object.union(sample, {"server_side": {"type": row.type}})}
}

sample := {"count": 3, "examples": ["a"], "sampling": {"sampled": 5, "share_low": 0.6, "share_high": 0.6}}
