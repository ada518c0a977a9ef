package policies.kms.grants_scoped_test

import data.policies.kms.grants_scoped as policy

role := {
	"id": "g", "grantee": "arn:aws:iam::111122223333:role/ci", "grantee_account": "111122223333",
	"operations": ["Decrypt"], "constrained": false,
}

message(operations) := concat("", [
	`grant "g" lets "arn:aws:iam::111122223333:role/ci" `,
	operations,
	" without a constraint; required is an encryption context or a source",
])

test_violations[note] if {
	some note, row in {
		"decrypt": {"grant": role, "want": {message("Decrypt")}},
		"decrypt, constrained": {"grant": object.union(role, {"constrained": true}), "want": set()},
		"grant on, and more": {
			"grant": object.union(role, {"operations": ["CreateGrant", "Decrypt", "DescribeKey", "ReEncryptFrom"]}),
			"want": {message("CreateGrant, Decrypt, ReEncryptFrom")},
		},
		"encrypt only": {"grant": object.union(role, {"operations": ["Encrypt", "GenerateDataKey"]}), "want": set()},
		"a deleted role": {
			"grant": {"id": "g", "grantee": "AROAEXAMPLE", "operations": ["Decrypt"], "constrained": false},
			"want": {`grant "g" is for "AROAEXAMPLE", who was deleted; required is that it is revoked`},
		},
		"a service-linked role": {
			"grant": object.union(role, {"grantee": "arn:aws:iam::111122223333:role/aws-service-role/autoscaling.amazonaws.com/A"}),
			"want": set(),
		},
		"a service": {
			"grant": {"id": "g", "grantee_service": "dynamodb.amazonaws.com", "operations": ["Decrypt"], "constrained": false},
			"want": set(),
		},
	}
	row.want == policy.violations with input as {"facts": {"spec": "SYMMETRIC_DEFAULT", "grants": [row.grant]}}
}

test_asymmetric_keys_take_no_constraints if {
	policy.violations == set() with input as {"facts": {"spec": "RSA_4096", "grants": [role]}}
}

test_no_grants if {
	policy.violations == set() with input as {"facts": {"spec": "SYMMETRIC_DEFAULT"}}
}

test_applies_to_customer_managed_keys if {
	policy.applies with input as {"facts": {"manager": "CUSTOMER"}}
	not policy.applies with input as {"facts": {"manager": "AWS"}}
}
