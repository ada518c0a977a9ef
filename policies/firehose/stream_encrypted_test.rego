package policies.firehose.stream_encrypted_test

import data.policies.firehose.stream_encrypted as policy

message(status, level, required) := sprintf(
	"server-side encryption is %s, level %s; required is %s or stronger",
	[status, level, required],
)

customer_key := {"manager": "CUSTOMER", "origin": "AWS_KMS"}

# Status by status: encrypted is what AWS says of records accepted in it.
test_status_with_a_key_type[status] if {
	some status, encrypted in {
		"ENABLED": true,
		"ENABLING": false,
		"ENABLING_FAILED": true,
		"DISABLED": false,
		"DISABLING": true,
		"DISABLING_FAILED": true,
	}
	some key_type in ["AWS_OWNED_CMK", "CUSTOMER_MANAGED_CMK"]
	facts := {"encryption": {"status": status, "key_type": key_type, "key": customer_key}}
	want := {text | not encrypted; text := message(status, "none", "aws-owned")}
	want == policy.violations with input as {"facts": facts} with data.params.required_level as "aws-owned"
}

test_violations[note] if {
	some note, row in {
		"never enabled": {
			"encryption": {"status": "DISABLED"},
			"required": "aws-owned",
			"want": {message("DISABLED", "none", "aws-owned")},
		},
		"the first attempt to enable failed": {
			"encryption": {"status": "ENABLING_FAILED", "failure": "KMS_ACCESS_DENIED"},
			"required": "aws-owned",
			"want": {message("ENABLING_FAILED", "none", "aws-owned")},
		},
		"an AWS owned key is too weak": {
			"encryption": {"status": "ENABLED", "key_type": "AWS_OWNED_CMK"},
			"required": "customer-managed",
			"want": {message("ENABLED", "aws-owned", "customer-managed")},
		},
		"a customer managed key is enough": {
			"encryption": {"status": "ENABLED", "key_type": "CUSTOMER_MANAGED_CMK", "key": customer_key},
			"required": "customer-managed",
			"want": set(),
		},
		"an external key store is enough": {
			"encryption": {
				"status": "ENABLED",
				"key_type": "CUSTOMER_MANAGED_CMK",
				"key": {"manager": "CUSTOMER", "origin": "EXTERNAL_KEY_STORE"},
			},
			"required": "external-hsm",
			"want": set(),
		},
		"a key inside of KMS is too weak": {
			"encryption": {"status": "ENABLED", "key_type": "CUSTOMER_MANAGED_CMK", "key": customer_key},
			"required": "external-hsm",
			"want": {message("ENABLED", "customer-managed", "external-hsm")},
		},
		"a key that is gone can't say where it was kept": {
			"encryption": {"status": "ENABLED", "key_type": "CUSTOMER_MANAGED_CMK", "key": {"exists": false}},
			"required": "external-hsm",
			"want": {message("ENABLED", "customer-managed", "external-hsm")},
		},
		"a key that is gone encrypts still": {
			"encryption": {"status": "ENABLED", "key_type": "CUSTOMER_MANAGED_CMK", "key": {"exists": false}},
			"required": "customer-managed",
			"want": set(),
		},
		"without a key type it is AWS's own key": {"encryption": {"status": "ENABLED"}, "required": "aws-owned", "want": set()},
		"nothing is required": {"encryption": {"status": "DISABLED"}, "required": "none", "want": set()},
		"no status": {
			"encryption": {},
			"required": "aws-owned",
			"want": {"the encryption status is missing; required is server-side encryption"},
		},
	}
	row.want == policy.violations with input as {"facts": {"encryption": row.encryption}}
		with data.params.required_level as row.required
}

test_applies_to_direct_puts[type] if {
	some type, want in {
		"DirectPut": true,
		"KinesisStreamAsSource": false,
		"MSKAsSource": false,
		"DatabaseAsSource": false,
	}
	got := [true | policy.applies] with input as {"facts": {"source": {"type": type}}}
	got == [true | want]
}
