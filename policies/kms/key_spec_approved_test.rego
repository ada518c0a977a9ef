package policies.kms.key_spec_approved_test

import data.policies.kms.key_spec_approved as policy

approved := ["SYMMETRIC_DEFAULT", "RSA_2048", "RSA_4096"]

test_violations[note] if {
	some note, row in {
		"symmetric": {"spec": "SYMMETRIC_DEFAULT", "partition": "aws", "now": "2026-11-24T12:00:00Z", "want": set()},
		"symmetric in China": {
			"spec": "SYMMETRIC_DEFAULT", "partition": "aws-cn", "now": "2026-11-24T12:00:00Z",
			"want": {"the key's spec is SYMMETRIC_DEFAULT, which is SM4 in China; required is an approved algorithm"},
		},
		"strong RSA": {"spec": "RSA_4096", "partition": "aws", "now": "2040-01-01T00:00:00Z", "want": set()},
		"RSA_2048 in time": {"spec": "RSA_2048", "partition": "aws", "now": "2030-12-31T23:59:59Z", "want": set()},
		"RSA_2048 too late": {
			"spec": "RSA_2048", "partition": "aws", "now": "2031-01-01T00:00:00Z",
			"want": {"the key's spec is RSA_2048, which is approved until 2031-01-01T00:00:00Z only; required is a stronger one"},
		},
		"SM2": {
			"spec": "SM2", "partition": "aws-cn", "now": "2026-11-24T12:00:00Z",
			"want": {"the key's spec is SM2; required is one of the parameter approved_specs"},
		},
	}
	row.want == policy.violations with input as {"scope": {"partition": row.partition}, "facts": {"spec": row.spec}}
		with data.params as {"approved_specs": approved, "rsa_2048_until": "2031-01-01T00:00:00Z"}
		with time.now_ns as time.parse_rfc3339_ns(row.now)
}

test_no_spec if {
	policy.violations == {"the key's spec is not told; required is one of the parameter approved_specs"} with input as {"facts": {}}
}

test_applies_to_customer_managed_keys if {
	policy.applies with input as {"facts": {"manager": "CUSTOMER"}}
	not policy.applies with input as {"facts": {"manager": "AWS"}}
}
