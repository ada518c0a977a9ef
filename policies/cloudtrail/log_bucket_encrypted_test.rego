package policies.cloudtrail.log_bucket_encrypted_test

import data.policies.cloudtrail.log_bucket_encrypted as policy

failure := {"the log bucket's default encryption is not KMS; required is aws:kms or aws:kms:dsse"}

test_violations[note] if {
	some note, row in {
		"KMS": {"encryption": {"rules": 1, "algorithm": "aws:kms"}, "want": set()},
		"KMS in two layers": {"encryption": {"rules": 1, "algorithm": "aws:kms:dsse"}, "want": set()},
		"KMS of AWS Backup": {"encryption": {"rules": 1, "algorithm": "aws:backup"}, "want": set()},
		"KMS of FSx": {"encryption": {"rules": 1, "algorithm": "aws:fsx"}, "want": set()},
		"SSE-S3": {"encryption": {"rules": 1, "algorithm": "AES256"}, "want": failure},
		"no default": {"encryption": {"rules": 0}, "want": failure},
	}
	row.want == policy.violations with input as {"related": {"bucket": {"facts": {"encryption": row.encryption}}}}
}

test_applies_to_trails_without_a_key if {
	policy.applies with input as {"facts": {"encrypted": false}}
	not policy.applies with input as {"facts": {"encrypted": true}}
}
