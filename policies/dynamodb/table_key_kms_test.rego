package policies.dynamodb.table_key_kms_test

import data.policies.dynamodb.table_key_kms as policy

not_in_force := {"KMS encryption is not in force; required is status ENABLED"}

test_violations[note] if {
	some note, row in {
		"a KMS key": {"encryption": {"aws_owned_key": false, "type": "KMS", "status": "ENABLED"}, "want": set()},
		"an AWS owned key": {
			"encryption": {"aws_owned_key": true},
			"want": {"the key is owned by AWS (the table is encrypted); required is a KMS key"},
		},
		"being changed": {"encryption": {"aws_owned_key": false, "type": "KMS", "status": "UPDATING"}, "want": not_in_force},
		"another type": {"encryption": {"aws_owned_key": false, "type": "AES256", "status": "ENABLED"}, "want": not_in_force},
		"nothing said": {"encryption": {}, "want": not_in_force},
	}
	row.want == policy.violations with input as {"facts": {"encryption": row.encryption}}
}
