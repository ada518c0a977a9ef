package policies.cloudtrail.key_policy_scoped_test

import data.policies.cloudtrail.key_policy_scoped as policy

none := {"the key policy does not let CloudTrail use the key; required is kms:GenerateDataKey* for this trail"}

trail := "arn:aws:cloudtrail:eu-west-1:111122223333:trail/main.1"

others := {concat("", [
	"the key policy lets CloudTrail use the key for other trails only",
	"; required is kms:GenerateDataKey* for arn:aws:cloudtrail:eu-west-1:111122223333:trail/main.1",
])}

test_violations[note] if {
	some note, row in {
		"scoped": {"policy": {"cloudtrail": "scoped", "cloudtrail_trails": [trail]}, "want": set()},
		"another and this": {"policy": {"cloudtrail": "scoped", "cloudtrail_trails": ["x", trail]}, "want": set()},
		"others": {"policy": {"cloudtrail": "scoped", "cloudtrail_trails": ["x"]}, "want": others},
		"of nothing that is said": {"policy": {"cloudtrail": "scoped"}, "want": others},
		"unscoped": {
			"policy": {"cloudtrail": "unscoped"},
			"want": {"the key policy lets CloudTrail use the key for any trail; required is a condition on the trail"},
		},
		"not allowed": {"policy": {"cloudtrail": "none"}, "want": none},
		"nothing said": {"policy": {}, "want": none},
	}
	row.want == policy.violations with input as {"arn": trail, "related": {"key": {"facts": {"policy": row.policy}}}}
}

test_applies[note] if {
	some note, row in {
		"a key": {"facts": {"encrypted": true, "key": {"exists": true}}, "want": true},
		"a key of another account": {"facts": {"encrypted": true, "key": {}}, "want": true},
		"a key that is gone": {"facts": {"encrypted": true, "key": {"exists": false}}, "want": false},
		"no key": {"facts": {"encrypted": false}, "want": false},
	}
	got := [true | policy.applies] with input as {"facts": row.facts}
	got == [true | row.want]
}

test_patterns[note] if {
	some note, row in {
		"the trail": {"pattern": trail, "want": true},
		"any trail of the account": {"pattern": "arn:aws:cloudtrail:*:111122223333:trail/*", "want": true},
		"across colons and slashes": {"pattern": "arn:*/main.1", "want": true},
		"letters": {"pattern": "arn:aws:cloudtrail:eu-west-?:111122223333:trail/ma??.1", "want": true},
		"everything": {"pattern": "*", "want": true},
		"another account": {"pattern": "arn:aws:cloudtrail:*:999999999999:trail/*", "want": false},
		"another region": {"pattern": "arn:aws:cloudtrail:us-*:111122223333:trail/*", "want": false},
		"another trail": {"pattern": "arn:aws:cloudtrail:*:111122223333:trail/other", "want": false},
		"a letter more": {"pattern": "arn:aws:cloudtrail:eu-west-1:111122223333:trail/main.1?", "want": false},
		"its beginning": {"pattern": "arn:aws:cloudtrail:eu-west-1:111122223333:trail/main", "want": false},
		"its end": {"pattern": "trail/main.1", "want": false},
		"a dot is a dot": {"pattern": "arn:aws:cloudtrail:eu-west-1:111122223333:trail.main.1", "want": false},
		"no regular expression": {"pattern": "arn:aws:cloudtrail:eu-west-1:111122223333:trail/(main|x)[.]1+^$\\|{}", "want": false},
		"nor an alternative": {"pattern": "x|.*", "want": false},
		"nothing": {"pattern": "", "want": false},
	}
	got := {true | policy.this_trail} with input as {
		"arn": trail,
		"related": {"key": {"facts": {"policy": {"cloudtrail_trails": [row.pattern]}}}},
	}
	got == {true | row.want}
}
