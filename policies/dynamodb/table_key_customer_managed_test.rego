package policies.dynamodb.table_key_customer_managed_test

import data.policies.dynamodb.table_key_customer_managed as policy

failure := {"the key is AWS managed; required is a customer managed key"}

test_violations[note] if {
	some note, row in {
		"customer managed": {"key": {"manager": "CUSTOMER"}, "want": set()},
		"aws/dynamodb, which the API calls KMS too": {"key": {"manager": "AWS"}, "want": failure},
		"a key that is gone": {
			"key": {"id": "1234", "exists": false},
			"want": {"KMS has no such key; required is a customer managed key"},
		},
		"no manager": {"key": {}, "want": failure},
	}
	row.want == policy.violations with input as {"facts": {"encryption": {"aws_owned_key": false, "key": row.key}}}
}

test_applies_unless_the_key_is_owned_by_aws if {
	policy.applies with input as {"facts": {"encryption": {"aws_owned_key": false}}}
	not policy.applies with input as {"facts": {"encryption": {"aws_owned_key": true}}}
}
