package policies.s3.default_encryption_kms_test

import data.policies.s3.default_encryption_kms as policy

failure(level, required) := {sprintf(
	"the bucket's default encryption gives encryption at level %s; required is %s or stronger",
	[level, required],
)}

customer_managed := {"manager": "CUSTOMER", "origin": "AWS_KMS"}

test_violations[note] if {
	some note, row in {
		"KMS is enough": {"encryption": {"rules": 1, "algorithm": "aws:kms"}, "required": "aws-managed", "want": set()},
		"two layers are enough": {"encryption": {"rules": 1, "algorithm": "aws:kms:dsse"}, "required": "aws-managed", "want": set()},
		"FSx encrypts with KMS": {"encryption": {"rules": 1, "algorithm": "aws:fsx"}, "required": "aws-managed", "want": set()},
		"AWS Backup encrypts with KMS": {
			"encryption": {"rules": 1, "algorithm": "aws:backup"},
			"required": "aws-managed",
			"want": set(),
		},
		"SSE-S3 is too weak": {
			"encryption": {"rules": 1, "algorithm": "AES256"},
			"required": "aws-managed",
			"want": failure("aws-owned", "aws-managed"),
		},
		"SSE-S3 is enough": {"encryption": {"rules": 1, "algorithm": "AES256"}, "required": "aws-owned", "want": set()},
		"no default": {"encryption": {"rules": 0}, "required": "aws-owned", "want": failure("none", "aws-owned")},
		"nothing is required": {"encryption": {"rules": 0}, "required": "none", "want": set()},
		"a customer managed key is enough": {
			"encryption": {"rules": 1, "algorithm": "aws:kms", "key": customer_managed},
			"required": "customer-managed",
			"want": set(),
		},
		"the AWS managed key is too weak": {
			"encryption": {"rules": 1, "algorithm": "aws:kms", "key": {"alias": "alias/aws/s3", "manager": "AWS"}},
			"required": "customer-managed",
			"want": failure("aws-managed", "customer-managed"),
		},
		"a key that is gone proves no more": {
			"encryption": {"rules": 1, "algorithm": "aws:kms", "key": {"id": "1234", "exists": false}},
			"required": "customer-managed",
			"want": failure("aws-managed", "customer-managed"),
		},
		"a key in KMS is too weak": {
			"encryption": {"rules": 1, "algorithm": "aws:kms", "key": customer_managed},
			"required": "external-hsm",
			"want": failure("customer-managed", "external-hsm"),
		},
		"two layers under an imported key": {
			"encryption": {"rules": 1, "algorithm": "aws:kms:dsse", "key": {"manager": "CUSTOMER", "origin": "EXTERNAL"}},
			"required": "external-hsm",
			"want": set(),
		},
	}
	row.want == policy.violations with input as {"facts": {"encryption": row.encryption}}
		with data.params.required_level as row.required
}

applies(algorithm, required) if {
	policy.applies with input as {"facts": {"encryption": {"algorithm": algorithm}}}
		with data.params.required_level as required
}

test_applies_where_the_bucket_decides if {
	applies("aws:kms", "customer-managed")
	applies("AES256", "external-hsm")
	applies("aws:fsx", "aws-managed")
	applies("aws:backup", "aws-owned")
}

test_the_key_is_chosen_elsewhere[algorithm] if {
	some algorithm in ["aws:fsx", "aws:backup"]
	not applies(algorithm, "customer-managed")
	not applies(algorithm, "external-hsm")
}
