package policies.kinesis.stream_key_by_id_test

import data.policies.kinesis.stream_key_by_id as policy

test_violations[note] if {
	some note, row in {
		"by id": {"key": {"id": "1234"}, "want": set()},
		"AWS's alias": {"key": {"alias": "alias/aws/kinesis"}, "want": set()},
		"an alias": {
			"key": {"alias": "alias/x"},
			"want": {`the stream names its key by the alias "alias/x"; required is its ARN or id`},
		},
	}
	row.want == policy.violations with input as {"facts": {"encryption": {"type": "KMS", "key": row.key}}}
}

test_applies_to_kms if {
	policy.applies with input as {"facts": {"encryption": {"type": "KMS"}}}
	not policy.applies with input as {"facts": {"encryption": {"type": "NONE"}}}
}
