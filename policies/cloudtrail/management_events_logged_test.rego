package policies.cloudtrail.management_events_logged_test

import data.policies.cloudtrail.management_events_logged as policy

failure := {"no running trail logs read and write management events of all regions; required is at least one"}

test_violations[note] if {
	some note, row in {
		"one complete trail": {"facts": {"trails": 2, "complete_trails": ["arn:aws:cloudtrail:eu-west-1:1:trail/all"]}, "want": set()},
		"trails, none complete": {"facts": {"trails": 2, "complete_trails": []}, "want": failure},
		"no trail": {"facts": {"trails": 0, "complete_trails": []}, "want": failure},
		"nothing said": {"facts": {}, "want": failure},
	}
	row.want == policy.violations with input as {"facts": row.facts}
}
