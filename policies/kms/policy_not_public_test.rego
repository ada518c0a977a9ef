package policies.kms.policy_not_public_test

import data.policies.kms.policy_not_public as policy

test_violations[note] if {
	some note, row in {
		"private": {"policy": {"public": false, "public_detail": "no statement allows principals"}, "want": set()},
		"public": {
			"policy": {"public": true, "public_detail": "statement 1 allows principals of any account: it has no condition"},
			"want": {concat("", [
				"statement 1 allows principals of any account: it has no condition",
				"; required is that the policy names who may use the key",
			])},
		},
		"nothing said": {
			"policy": {},
			"want": {"the key policy may let everybody use the key; required is that the policy names who may use the key"},
		},
	}
	row.want == policy.violations with input as {"facts": {"policy": row.policy}}
}

test_applies_to_customer_managed_keys if {
	policy.applies with input as {"facts": {"manager": "CUSTOMER"}}
	not policy.applies with input as {"facts": {"manager": "AWS"}}
}
