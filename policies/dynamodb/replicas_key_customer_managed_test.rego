package policies.dynamodb.replicas_key_customer_managed_test

import data.policies.dynamodb.replicas_key_customer_managed as policy

good := {"region": "eu-central-1", "key": {"exists": true, "manager": "CUSTOMER", "state": "Enabled"}}

replica(changes) := object.union({"region": "us-east-1"}, changes)

test_violations[note] if {
	some note, row in {
		"customer managed and enabled": {"replicas": [good], "want": set()},
		"no key named": {
			"replicas": [good, replica({})],
			"want": {`the replica in "us-east-1" names no key, so AWS chooses; required is a customer managed key`},
		},
		"AWS managed": {
			"replicas": [good, replica({"key": {"manager": "AWS", "state": "Enabled"}})],
			"want": {`the replica in "us-east-1" has an AWS managed key; required is a customer managed key`},
		},
		"disabled": {
			"replicas": [replica({"key": {"manager": "CUSTOMER", "state": "Disabled"}})],
			"want": {`the key of the replica in "us-east-1" is Disabled; required is Enabled`},
		},
		"gone": {
			"replicas": [replica({"key": {"id": "1234", "exists": false}})],
			"want": {`the replica in "us-east-1" names a key that KMS does not have; required is an existing key`},
		},
		"inaccessible, with the deadline": {
			"replicas": [object.union(good, {"inaccessible_since": "2026-11-20T08:30:00Z"})],
			"want": {concat("", [
				`DynamoDB can't reach the key of the replica in "eu-central-1" since 2026-11-20T08:30:00Z `,
				"and drops it at 2026-11-21T04:30:00Z; required is access to the key",
			])},
		},
		"its primary region is being moved": {
			"replicas": [replica({"key": {"manager": "CUSTOMER", "state": "Updating"}})],
			"want": set(),
		},
		"inaccessible by its status": {
			"replicas": [object.union(good, {"status": "INACCESSIBLE_ENCRYPTION_CREDENTIALS"})],
			"want": {`the replica in "eu-central-1" is INACCESSIBLE_ENCRYPTION_CREDENTIALS; required is a replica that its key opens`},
		},
		"archived": {
			"replicas": [object.union(good, {"status": "ARCHIVED"})],
			"want": {`the replica in "eu-central-1" is ARCHIVED; required is a replica that its key opens`},
		},
		"its region is disabled": {
			"replicas": [object.union(good, {"status": "REGION_DISABLED"})],
			"want": {`the region of the replica in "eu-central-1" is disabled; required is an enabled region`},
		},
		"its region is disabled, with the deadline": {
			"replicas": [object.union(good, {"status": "REGION_DISABLED", "inaccessible_since": "2026-11-20T08:30:00Z"})],
			"want": {concat("", [
				`the region of the replica in "eu-central-1" is disabled since 2026-11-20T08:30:00Z, `,
				"so that DynamoDB drops it at 2026-11-21T04:30:00Z; required is an enabled region",
			])},
		},
		"each replica is judged": {
			"replicas": [replica({}), {"region": "sa-east-1", "key": {"manager": "AWS", "state": "Enabled"}}],
			"want": {
				`the replica in "us-east-1" names no key, so AWS chooses; required is a customer managed key`,
				`the replica in "sa-east-1" has an AWS managed key; required is a customer managed key`,
			},
		},
	}
	row.want == policy.violations with input as {"facts": {"replicas": row.replicas}}
}

test_applies_to_tables_with_replicas if {
	policy.applies with input as {"facts": {"replicas": [good]}}
	not policy.applies with input as {"facts": {"replicas": []}}
	not policy.applies with input as {"facts": {}}
}
