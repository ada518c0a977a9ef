package policies.kinesis.stream_encrypted_test

import data.policies.kinesis.stream_encrypted as policy

aws_managed := {"type": "KMS", "key": {"id": "alias/aws/kinesis", "alias": "alias/aws/kinesis", "manager": "AWS"}}

customer_managed := {"type": "KMS", "key": {"manager": "CUSTOMER", "origin": "AWS_KMS"}}

test_violations[note] if {
	some note, row in {
		"encryption is off": {
			"encryption": {"type": "NONE"},
			"required": "aws-managed",
			"want": {"encryption at rest is none; required is aws-managed or stronger"},
		},
		"the weakest requirement still asks for encryption": {
			"encryption": {"type": "NONE"},
			"required": "aws-owned",
			"want": {"encryption at rest is none; required is aws-owned or stronger"},
		},
		"nothing is required": {"encryption": {"type": "NONE"}, "required": "none", "want": set()},
		"the AWS managed key is enough": {"encryption": aws_managed, "required": "aws-managed", "want": set()},
		"the AWS managed key is too weak": {
			"encryption": aws_managed,
			"required": "customer-managed",
			"want": {"encryption at rest is aws-managed; required is customer-managed or stronger"},
		},
		"a stronger key than required": {"encryption": customer_managed, "required": "aws-managed", "want": set()},
		"a customer managed key is enough": {"encryption": customer_managed, "required": "customer-managed", "want": set()},
		"a key that is gone encrypts still": {
			"encryption": {"type": "KMS", "key": {"id": "1234", "exists": false}},
			"required": "aws-managed",
			"want": set(),
		},
		"a key that is gone proves no more": {
			"encryption": {"type": "KMS", "key": {"id": "1234", "exists": false}},
			"required": "customer-managed",
			"want": {"encryption at rest is aws-managed; required is customer-managed or stronger"},
		},
	}
	row.want == policy.violations with input as {"facts": {"encryption": row.encryption}}
		with data.params.required_level as row.required
}

test_missing_encryption_fails if {
	count(policy.violations) == 1 with input as {"facts": {}} with data.params.required_level as "aws-managed"
}
