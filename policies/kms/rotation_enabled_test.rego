package policies.kms.rotation_enabled_test

import data.policies.kms.rotation_enabled as policy

test_violations[note] if {
	some note, row in {
		"on": {"rotation": {"supported": true, "enabled": true, "period_days": 365}, "want": set()},
		"off": {"rotation": {"supported": true, "enabled": false}, "want": {"automatic rotation is off; required is on"}},
		"nothing said": {"rotation": {"supported": true}, "want": {"automatic rotation is off; required is on"}},
	}
	row.want == policy.violations with input as {"facts": {"rotation": row.rotation}}
}

eligible := {"manager": "CUSTOMER", "state": "Enabled", "origin": "AWS_KMS", "rotation": {"supported": true, "enabled": true}}

test_applies[note] if {
	some note, row in {
		"a customer managed key": {"change": {}, "want": true},
		"a disabled key": {"change": {"state": "Disabled"}, "want": true},
		"a primary": {"change": {"multi_region": "PRIMARY"}, "want": true},
		"a replica": {"change": {"multi_region": "REPLICA"}, "want": false},
		"an AWS managed key": {"change": {"manager": "AWS"}, "want": false},
		"a key that can't rotate": {"change": {"rotation": {"supported": false}}, "want": false},
		"imported material": {"change": {"origin": "EXTERNAL"}, "want": false},
		"pending deletion": {"change": {"state": "PendingDeletion"}, "want": false},
		"pending deletion after its replicas": {"change": {"state": "PendingReplicaDeletion"}, "want": false},
	}
	got := {true | policy.applies} with input as {"facts": object.union(eligible, row.change)}
	got == {true | row.want}
}
