package policies.firehose.destination_encrypted_test

import data.policies.firehose.destination_encrypted as policy

bucket_arn := "arn:aws:s3:::landing"

by_bucket(level, required) := {sprintf(
	"the bucket's default encryption gives encryption at level %s; required is %s or stronger",
	[level, required],
)}

test_the_delivery_streams_key_decides[note] if {
	some note, row in {
		"enough": {"key": {"manager": "CUSTOMER", "origin": "AWS_KMS"}, "required": "aws-managed", "want": set()},
		"a key that is gone": {
			"key": {"id": "1234", "exists": false},
			"required": "aws-managed",
			"want": {"KMS has no such key as the delivery stream names; required is an existing key"},
		},
		"a key that is gone has no level": {
			"key": {"id": "1234", "exists": false},
			"required": "customer-managed",
			"want": {"KMS has no such key as the delivery stream names; required is an existing key"},
		},
		"too weak": {
			"key": {"manager": "AWS"},
			"required": "customer-managed",
			"want": {"the delivery stream's key gives encryption at level aws-managed; required is customer-managed or stronger"},
		},
	}
	s3 := {"bucket_arn": bucket_arn, "key": row.key}
	row.want == policy.violations with input as {"facts": {"destination": {"type": "extended_s3", "s3": s3}}, "related": {}}
		with data.params.required_level as row.required
}

test_the_buckets_default_decides[note] if {
	some note, row in {
		"customer managed key": {
			"bucket": {"rules": 1, "algorithm": "aws:kms", "key": {"manager": "CUSTOMER", "origin": "AWS_KMS"}},
			"required": "customer-managed",
			"want": set(),
		},
		"two layers": {"bucket": {"rules": 1, "algorithm": "aws:kms:dsse"}, "required": "aws-managed", "want": set()},
		"two layers without a key are aws/s3": {
			"bucket": {"rules": 1, "algorithm": "aws:kms:dsse"},
			"required": "customer-managed",
			"want": by_bucket("aws-managed", "customer-managed"),
		},
		"KMS without a key is aws/s3": {
			"bucket": {"rules": 1, "algorithm": "aws:kms"},
			"required": "customer-managed",
			"want": by_bucket("aws-managed", "customer-managed"),
		},
		"SSE-S3 is too weak": {
			"bucket": {"rules": 1, "algorithm": "AES256"},
			"required": "aws-managed",
			"want": by_bucket("aws-owned", "aws-managed"),
		},
		"SSE-S3 is enough": {"bucket": {"rules": 1, "algorithm": "AES256"}, "required": "aws-owned", "want": set()},
		"FSx decides for its access points": {
			"bucket": {"rules": 1, "algorithm": "aws:fsx"},
			"required": "aws-managed",
			"want": set(),
		},
		"AWS Backup decides for its buckets": {
			"bucket": {"rules": 1, "algorithm": "aws:backup"},
			"required": "aws-managed",
			"want": set(),
		},
		"no default encryption": {"bucket": {"rules": 0}, "required": "aws-owned", "want": by_bucket("none", "aws-owned")},
	}
	s3 := {"bucket_arn": bucket_arn, "inherits": bucket_arn}
	row.want == policy.violations with input as {
		"facts": {"destination": {"type": "extended_s3", "s3": s3}},
		"related": {"bucket": {"facts": {"encryption": row.bucket}}},
	}
		with data.params.required_level as row.required
}

test_applies_to_s3 if {
	policy.applies with input as {"facts": {"destination": {"type": "s3", "s3": {"bucket_arn": bucket_arn}}}}
	not policy.applies with input as {"facts": {"destination": {"type": "splunk", "backup": {"bucket_arn": bucket_arn}}}}
}
