package policies.kms.key_store_connected_test

import data.policies.kms.key_store_connected as policy

test_violations[note] if {
	some note, row in {
		"connected": {"facts": {"connection_state": "CONNECTED"}, "want": set()},
		"failed": {
			"facts": {"connection_state": "FAILED", "connection_error": "USER_LOCKED_OUT"},
			"want": {"the key store is FAILED; required is CONNECTED"},
		},
		"disconnected": {
			"facts": {"connection_state": "DISCONNECTED"},
			"want": {"the key store is DISCONNECTED; required is CONNECTED"},
		},
		"connecting": {
			"facts": {"connection_state": "CONNECTING"},
			"want": {"the key store is CONNECTING; required is CONNECTED"},
		},
		"nothing said": {"facts": {}, "want": {"the key store is in no state that was told; required is CONNECTED"}},
	}
	row.want == policy.violations with input as {"facts": row.facts}
}
