package policies.cloudtrail.log_validation_enabled_test

import data.policies.cloudtrail.log_validation_enabled as policy

test_violations[note] if {
	some note, row in {
		"on": {"facts": {"validation": true}, "want": set()},
		"off": {"facts": {"validation": false}, "want": {"log file validation is off; required is on"}},
		"nothing said": {"facts": {}, "want": {"log file validation is off; required is on"}},
	}
	row.want == policy.violations with input as {"facts": row.facts}
}
