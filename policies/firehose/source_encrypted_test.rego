package policies.firehose.source_encrypted_test

import data.policies.firehose.source_encrypted as policy

failure := {"the source Kinesis stream is not encrypted at rest; required is KMS encryption"}

test_violations[note] if {
	some note, row in {
		"encrypted source": {"related": {"source": {"facts": {"encryption": {"type": "KMS"}}}}, "want": set()},
		"plaintext source": {"related": {"source": {"facts": {"encryption": {"type": "NONE"}}}}, "want": failure},
		"no source named": {"related": {}, "want": failure},
	}
	row.want == policy.violations with input as {"related": row.related}
}

test_applies_to_kinesis_sources[type] if {
	some type, want in {
		"DirectPut": false,
		"KinesisStreamAsSource": true,
		"MSKAsSource": false,
		"DatabaseAsSource": false,
	}
	got := [true | policy.applies] with input as {"facts": {"source": {"type": type}}}
	got == [true | want]
}
