package policies.firehose.key_errors_absent_test

import data.policies.firehose.key_errors_absent as policy

quiet := {"window_days": 14, "access_denied": 0, "disabled": 0, "invalid_state": 0, "not_found": 0, "incoming_records": 12}

test_violations[note] if {
	some note, row in {
		"no error": {"key_errors": quiet, "want": set()},
		"access denied": {
			"key_errors": object.union(quiet, {"access_denied": 3}),
			"want": {"KMSKeyAccessDenied counts 3 in 14 days; required is 0"},
		},
		"disabled and invalid": {
			"key_errors": object.union(quiet, {"disabled": 1, "invalid_state": 2}),
			"want": {
				"KMSKeyDisabled counts 1 in 14 days; required is 0",
				"KMSKeyInvalidState counts 2 in 14 days; required is 0",
			},
		},
		"not found": {
			"key_errors": object.union(quiet, {"not_found": 7}),
			"want": {"KMSKeyNotFound counts 7 in 14 days; required is 0"},
		},
	}
	row.want == policy.violations with input as {"facts": {"key_errors": row.key_errors}}
}

test_missing_metrics_fail if {
	policy.violations == {"the key's error metrics are missing; required is their sum"} with input as {"facts": {}}
}

test_applies[note] if {
	some note, row in {
		"a customer managed key": {"encryption": {"status": "ENABLED", "key_type": "CUSTOMER_MANAGED_CMK"}, "want": true},
		"an AWS owned key": {"encryption": {"status": "ENABLED", "key_type": "AWS_OWNED_CMK"}, "want": false},
		"a key no longer used": {"encryption": {"status": "DISABLED", "key_type": "CUSTOMER_MANAGED_CMK"}, "want": false},
		"no encryption": {"encryption": {"status": "DISABLED"}, "want": false},
	}
	got := [true | policy.applies] with input as {"facts": {"encryption": row.encryption}}
	got == [true | row.want]
}
