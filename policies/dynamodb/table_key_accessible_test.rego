package policies.dynamodb.table_key_accessible_test

import data.policies.dynamodb.table_key_accessible as policy

enabled := {"exists": true, "state": "Enabled"}

test_violations[note] if {
	some note, row in {
		"accessible": {
			"status": "ACTIVE",
			"encryption": {"aws_owned_key": false, "key": enabled},
			"want": set(),
		},
		"its primary region is being moved": {
			"status": "ACTIVE",
			"encryption": {"aws_owned_key": false, "key": {"exists": true, "state": "Updating"}},
			"want": set(),
		},
		"inaccessible, with the deadline": {
			"status": "ACTIVE",
			"encryption": {"aws_owned_key": false, "key": enabled, "inaccessible_since": "2026-11-20T08:30:00Z"},
			"want": {concat("", [
				"DynamoDB can't reach the key since 2026-11-20T08:30:00Z and archives the table ",
				"from 2026-11-27T08:30:00Z; required is access to the key",
			])},
		},
		"inaccessible by its status": {
			"status": "INACCESSIBLE_ENCRYPTION_CREDENTIALS",
			"encryption": {"aws_owned_key": false, "key": {"exists": true, "state": "Disabled"}},
			"want": {
				"the table is INACCESSIBLE_ENCRYPTION_CREDENTIALS; required is a table that its key opens",
				"the key's state is Disabled; required is Enabled",
			},
		},
		"being archived": {
			"status": "ARCHIVING",
			"encryption": {"aws_owned_key": false, "key": enabled},
			"want": {"the table is ARCHIVING; required is a table that its key opens"},
		},
		"archived, and no longer described": {
			"status": "ARCHIVED",
			"encryption": {"aws_owned_key": true},
			"want": {"the table is ARCHIVED; required is a table that its key opens"},
		},
		"pending deletion, not yet noticed by DynamoDB": {
			"status": "ACTIVE",
			"encryption": {"aws_owned_key": false, "key": {"exists": true, "state": "PendingDeletion"}},
			"want": {"the key's state is PendingDeletion; required is Enabled"},
		},
		"gone": {
			"status": "ACTIVE",
			"encryption": {"aws_owned_key": false, "key": {"exists": false}},
			"want": {"KMS has no such key; required is an existing key"},
		},
		"nothing is known of the key": {
			"status": "ACTIVE",
			"encryption": {"aws_owned_key": false},
			"want": {"the table names no key that could be found; required is an enabled key"},
		},
	}
	row.want == policy.violations with input as {"facts": {"status": row.status, "encryption": row.encryption}}
}

test_applies[note] if {
	some note, row in {
		"a KMS key": {"status": "ACTIVE", "owned": false, "want": true},
		"an AWS owned key": {"status": "ACTIVE", "owned": true, "want": false},
		"a table lost to its key": {"status": "ARCHIVED", "owned": true, "want": true},
	}
	facts := {"status": row.status, "encryption": {"aws_owned_key": row.owned}}
	got := {true | policy.applies} with input as {"facts": facts}
	got == {true | row.want}
}
