package policies.s3.default_key_customer_managed_test

import data.policies.s3.default_key_customer_managed as policy

failure := {"the key is AWS managed; required is a customer managed key"}

test_violations[note] if {
	some note, row in {
		"customer managed": {"key": {"manager": "CUSTOMER", "alias": "alias/orders"}, "want": set()},
		"customer managed, named by id": {"key": {"id": "1234", "manager": "CUSTOMER"}, "want": set()},
		"no key named": {"key": {"alias": "alias/aws/s3", "manager": "AWS"}, "want": failure},
		"AWS managed by key ARN": {"key": {"manager": "AWS"}, "want": failure},
		"an AWS alias of another account": {
			"key": {"id": "arn:aws:kms:eu-west-1:999999999999:alias/aws/s3", "alias": "alias/aws/s3"},
			"want": failure,
		},
		"an AWS alias whatever else is said": {"key": {"alias": "alias/aws/s3", "manager": "CUSTOMER"}, "want": failure},
		"an alias that only looks like AWS's": {"key": {"alias": "alias/aws-s3", "manager": "CUSTOMER"}, "want": set()},
		"gone": {
			"key": {"id": "1234", "exists": false},
			"want": {"KMS has no such key; required is a customer managed key"},
		},
		"no manager": {"key": {"id": "1234"}, "want": failure},
	}
	row.want == policy.violations with input as {"facts": {"encryption": {"algorithm": "aws:kms", "key": row.key}}}
}

test_applies_to_kms[algorithm] if {
	some algorithm in ["aws:kms", "aws:kms:dsse"]
	policy.applies with input as {"facts": {"encryption": {"algorithm": algorithm}}}
}

test_applies_to_nothing_else[algorithm] if {
	some algorithm in ["AES256", "aws:fsx", "aws:backup"]
	not policy.applies with input as {"facts": {"encryption": {"algorithm": algorithm}}}
}
