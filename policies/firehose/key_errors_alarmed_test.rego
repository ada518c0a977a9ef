package policies.firehose.key_errors_alarmed_test

import data.policies.firehose.key_errors_alarmed as policy

all := ["KMSKeyAccessDenied", "KMSKeyDisabled", "KMSKeyInvalidState", "KMSKeyNotFound"]

message(metric) := sprintf("no enabled alarm watches %s; required is one for each KMSKey metric", [metric])

test_violations[note] if {
	some note, row in {
		"all covered": {"facts": {"key_alarms": {"covered": all, "missing": []}}, "want": set()},
		"one missing": {
			"facts": {"key_alarms": {"covered": array.slice(all, 0, 3), "missing": ["KMSKeyNotFound"]}},
			"want": {message("KMSKeyNotFound")},
		},
		"none covered": {"facts": {"key_alarms": {"covered": [], "missing": all}}, "want": {message(m) | some m in all}},
		"no evidence is no alarm": {"facts": {}, "want": {message(m) | some m in all}},
	}
	row.want == policy.violations with input as {"facts": row.facts}
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
