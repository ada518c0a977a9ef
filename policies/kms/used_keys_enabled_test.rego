package policies.kms.used_keys_enabled_test

import data.policies.kms.used_keys_enabled as policy

stream := {"arn": "arn:aws:kinesis:eu-west-1:111122223333:stream/orders", "type": "AWS::Kinesis::Stream"}

table := {"arn": "arn:aws:dynamodb:eu-west-1:111122223333:table/orders", "type": "AWS::DynamoDB::Table"}

test_violations[note] if {
	some note, row in {
		"used by nobody": {"by": [], "want": set()},
		"used by a stream": {
			"by": [stream],
			"want": {sprintf("the key's state is Disabled and %s uses it; required is Enabled", [stream.arn])},
		},
		"used by two": {
			"by": [stream, table],
			"want": {sprintf("the key's state is Disabled and 2 resources use it, such as %s; required is Enabled", [table.arn])},
		},
	}
	row.want == policy.violations with input as {"facts": {"state": "Disabled"}, "referenced_by": row.by}
}

test_applies[note] if {
	some note, row in {
		"enabled": {"manager": "CUSTOMER", "state": "Enabled", "want": false},
		"updating": {"manager": "CUSTOMER", "state": "Updating", "want": false},
		"disabled": {"manager": "CUSTOMER", "state": "Disabled", "want": true},
		"pending deletion": {"manager": "CUSTOMER", "state": "PendingDeletion", "want": true},
		"waiting for material": {"manager": "CUSTOMER", "state": "PendingImport", "want": true},
		"out of reach": {"manager": "CUSTOMER", "state": "Unavailable", "want": true},
		"AWS managed": {"manager": "AWS", "state": "Disabled", "want": false},
	}
	got := {true | policy.applies} with input as {"facts": {"manager": row.manager, "state": row.state}}
	got == {true | row.want}
}
