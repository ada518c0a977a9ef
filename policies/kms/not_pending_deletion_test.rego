package policies.kms.not_pending_deletion_test

import data.policies.kms.not_pending_deletion as policy

test_violations[note] if {
	some note, row in {
		"enabled": {"facts": {"state": "Enabled"}, "want": set()},
		"disabled": {"facts": {"state": "Disabled"}, "want": set()},
		"pending deletion": {
			"facts": {"state": "PendingDeletion", "delete_at": "2026-12-01T00:00:00Z"},
			"want": {"the key is deleted at 2026-12-01T00:00:00Z; required is that no deletion is scheduled"},
		},
		"a primary, pending deletion": {
			"facts": {"state": "PendingDeletion", "multi_region": "PRIMARY", "delete_at": "2026-12-01T00:00:00Z"},
			"want": {"the key is deleted at 2026-12-01T00:00:00Z; required is that no deletion is scheduled"},
		},
		"a replica, pending deletion": {
			"facts": {"state": "PendingDeletion", "multi_region": "REPLICA", "delete_at": "2026-12-01T00:00:00Z"},
			"want": {concat("", [
				"the replica is deleted at 2026-12-01T00:00:00Z and only its primary can make it again",
				"; required is that no deletion is scheduled",
			])},
		},
		"pending deletion at no time": {
			"facts": {"state": "PendingDeletion"},
			"want": {"the key is deleted at a time that is not known; required is that no deletion is scheduled"},
		},
		"pending deletion of its replicas": {
			"facts": {"state": "PendingReplicaDeletion"},
			"want": {"the key is deleted once its replicas are; required is that no deletion is scheduled"},
		},
	}
	row.want == policy.violations with input as {"facts": row.facts}
}

test_applies_to_customer_managed_keys if {
	policy.applies with input as {"facts": {"manager": "CUSTOMER"}}
	not policy.applies with input as {"facts": {"manager": "AWS"}}
}
