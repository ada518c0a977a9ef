package policies.dynamodb.table_encrypted_test

import data.policies.dynamodb.table_encrypted as policy

owned := {"aws_owned_key": true}

message(level, required) := sprintf("encryption at rest is %s; required is %s or stronger", [level, required])

test_violations[note] if {
	some note, row in {
		"an AWS owned key is encryption": {"encryption": owned, "required": "aws-owned", "want": set()},
		"an AWS owned key is too weak": {
			"encryption": owned,
			"required": "aws-managed",
			"want": {message("aws-owned", "aws-managed")},
		},
		"an AWS managed key": {
			"encryption": {"aws_owned_key": false, "type": "KMS", "key": {"manager": "AWS"}},
			"required": "aws-managed",
			"want": set(),
		},
		"an AWS managed key is too weak": {
			"encryption": {"aws_owned_key": false, "type": "KMS", "key": {"manager": "AWS"}},
			"required": "customer-managed",
			"want": {message("aws-managed", "customer-managed")},
		},
		"a customer managed key": {
			"encryption": {"aws_owned_key": false, "type": "KMS", "key": {"manager": "CUSTOMER", "origin": "AWS_KMS"}},
			"required": "customer-managed",
			"want": set(),
		},
		"a key that is gone encrypts still": {
			"encryption": {"aws_owned_key": false, "type": "KMS", "key": {"id": "1234", "exists": false}},
			"required": "aws-managed",
			"want": set(),
		},
		"a key that is gone proves no more": {
			"encryption": {"aws_owned_key": false, "type": "KMS", "key": {"id": "1234", "exists": false}},
			"required": "customer-managed",
			"want": {message("aws-managed", "customer-managed")},
		},
		"neither is said": {
			"encryption": {},
			"required": "aws-owned",
			"want": {message("none", "aws-owned")},
		},
	}
	row.want == policy.violations with input as {"facts": {"status": "ACTIVE", "encryption": row.encryption}}
		with data.params.required_level as row.required
}

test_status[status] if {
	some status, lost in {
		"ACTIVE": false,
		"UPDATING": false,
		"DELETING": false,
		"INACCESSIBLE_ENCRYPTION_CREDENTIALS": true,
		"ARCHIVING": true,
		"ARCHIVED": true,
	}
	want := {text | lost; text := sprintf("the table is %s; required is a table that its key opens", [status])}
	want == policy.violations with input as {"facts": {"status": status, "encryption": owned}}
		with data.params.required_level as "aws-owned"
}
