package policies.kinesis.stream_key_customer_managed_test

import data.policies.kinesis.stream_key_customer_managed as policy

failure := {"the key is AWS managed; required is a customer managed key"}

test_violations[note] if {
	some note, row in {
		"customer managed": {"key": {"manager": "CUSTOMER", "alias": "alias/orders"}, "want": set()},
		"customer managed, named by id": {"key": {"id": "1234", "manager": "CUSTOMER"}, "want": set()},
		"AWS managed by alias": {"key": {"alias": "alias/aws/kinesis", "manager": "AWS"}, "want": failure},
		"AWS managed by key ARN": {"key": {"manager": "AWS"}, "want": failure},
		"an AWS alias of another account": {
			"key": {"id": "arn:aws:kms:eu-west-1:999999999999:alias/aws/kinesis", "alias": "alias/aws/kinesis"},
			"want": failure,
		},
		"an AWS alias whatever else is said": {"key": {"alias": "alias/aws/kinesis", "manager": "CUSTOMER"}, "want": failure},
		"an alias that only looks like AWS's": {"key": {"alias": "alias/aws-kinesis", "manager": "CUSTOMER"}, "want": set()},
		"a key that is gone": {
			"key": {"id": "1234", "exists": false},
			"want": {"KMS has no such key; required is a customer managed key"},
		},
		"no manager": {"key": {"id": "1234"}, "want": failure},
	}
	row.want == policy.violations with input as {"facts": {"encryption": {"type": "KMS", "key": row.key}}}
}

test_applies_to_encrypted_streams if {
	policy.applies with input as {"facts": {"encryption": {"type": "KMS"}}}
	not policy.applies with input as {"facts": {"encryption": {"type": "NONE"}}}
}
