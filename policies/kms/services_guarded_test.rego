package policies.kms.services_guarded_test

import data.policies.kms.services_guarded as policy

message(service) := sprintf("%q may use the key for anybody's resources; required is a condition on their source", [service])

all_services := "every AWS service may use the key for anybody's resources; required is a condition on their source"

test_violations[note] if {
	some note, row in {
		"none": {"services": [], "without": [], "want": set()},
		"one": {"services": ["sns.amazonaws.com"], "without": [], "want": {message("sns.amazonaws.com")}},
		"two": {
			"services": ["events.amazonaws.com", "sns.amazonaws.com"], "without": [],
			"want": {message("events.amazonaws.com"), message("sns.amazonaws.com")},
		},
		"every service": {"services": ["*", "sns.amazonaws.com"], "without": ["*", "sns.amazonaws.com"], "want": {all_services}},
		"one of them sends no source": {
			"services": ["events.amazonaws.com", "sns.amazonaws.com"],
			"without": ["events.amazonaws.com"], "want": {message("sns.amazonaws.com")},
		},
	}
	row.want == policy.violations with input as {"facts": {"policy": {"unguarded_services": row.services}}}
		with data.params.services_without_source as row.without
}

test_applies_to_customer_managed_keys if {
	policy.applies with input as {"facts": {"manager": "CUSTOMER"}}
	not policy.applies with input as {"facts": {"manager": "AWS"}}
}
