package policies.cloudtrail.kms_events_logged_test

import data.policies.cloudtrail.kms_events_logged as policy

failure := {"KMS management events are left out; required is that the trail logs them"}

test_violations[note] if {
	some note, row in {
		"logged": {"selectors": {"kms_excluded": false}, "want": set()},
		"writes only, and nothing is left out": {"selectors": {"kms_excluded": true}, "want": set()},
		"another source is left out": {
			"selectors": {"kms_excluded": false, "excluded_sources": ["rdsdata.amazonaws.com"]},
			"want": set(),
		},
		"left out": {
			"selectors": {"kms_excluded": true, "excluded_sources": ["kms.amazonaws.com", "rdsdata.amazonaws.com"]},
			"want": failure,
		},
	}
	row.want == policy.violations with input as {"facts": {"selectors": row.selectors}}
}

test_applies[note] if {
	some note, row in {
		"reads and writes": {"selectors": {"management_read": true, "management_write": true}, "want": true},
		"reads only": {"selectors": {"management_read": true, "management_write": false}, "want": true},
		"writes only": {"selectors": {"management_read": false, "management_write": true}, "want": true},
		"data events only": {"selectors": {"management_read": false, "management_write": false}, "want": false},
	}
	got := {true | policy.applies} with input as {"facts": {"selectors": row.selectors}}
	got == {true | row.want}
}
