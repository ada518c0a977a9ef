package policies.s3.default_encryption_present_test

import data.policies.s3.default_encryption_present as policy

failure := {"there is no default encryption; required is a rule with an algorithm"}

test_violations[note] if {
	some note, row in {
		"SSE-S3": {"encryption": {"rules": 1, "algorithm": "AES256"}, "want": set()},
		"KMS": {"encryption": {"rules": 1, "algorithm": "aws:kms"}, "want": set()},
		"no rule": {"encryption": {"rules": 0}, "want": failure},
		"a rule without an algorithm": {"encryption": {"rules": 1}, "want": failure},
	}
	row.want == policy.violations with input as {"facts": {"encryption": row.encryption}}
}

test_missing_encryption_fails if failure == policy.violations with input as {"facts": {}}
