package policies.firehose.stream_key_customer_managed_test

import data.policies.firehose.stream_key_customer_managed as policy

test_violations[key_type] if {
	some key_type, want in {
		"CUSTOMER_MANAGED_CMK": set(),
		"AWS_OWNED_CMK": {"the key is owned by AWS; required is a customer managed key"},
	}
	want == policy.violations with input as {"facts": {"encryption": {"status": "ENABLED", "key_type": key_type}}}
}

test_applies[note] if {
	some note, row in {
		"encrypted": {
			"source": "DirectPut",
			"encryption": {"status": "ENABLED", "key_type": "AWS_OWNED_CMK"},
			"want": true,
		},
		"a change of key failed": {
			"source": "DirectPut",
			"encryption": {"status": "ENABLING_FAILED", "key_type": "AWS_OWNED_CMK"},
			"want": true,
		},
		"never encrypted": {"source": "DirectPut", "encryption": {"status": "DISABLED"}, "want": false},
		"no longer encrypted": {
			"source": "DirectPut",
			"encryption": {"status": "DISABLED", "key_type": "CUSTOMER_MANAGED_CMK"},
			"want": false,
		},
		"the first attempt failed": {"source": "DirectPut", "encryption": {"status": "ENABLING_FAILED"}, "want": false},
		"another source": {"source": "KinesisStreamAsSource", "encryption": {"status": "DISABLED"}, "want": false},
	}
	got := [true | policy.applies] with input as {"facts": {"source": {"type": row.source}, "encryption": row.encryption}}
	got == [true | row.want]
}
