package policies.kms.imported_material_valid_test

import data.policies.kms.imported_material_valid as policy

now := time.parse_rfc3339_ns("2026-11-24T12:00:00Z")

test_violations[note] if {
	some note, row in {
		"does not expire": {
			"facts": {"state": "Enabled", "expiration_model": "KEY_MATERIAL_DOES_NOT_EXPIRE"},
			"days": 30, "want": set(),
		},
		"expires in a year": {"facts": {"state": "Enabled", "valid_to": "2027-11-24T12:00:00Z"}, "days": 30, "want": set()},
		"expires in 30 days and a second": {
			"facts": {"state": "Enabled", "valid_to": "2026-12-24T12:00:01Z"},
			"days": 30, "want": set(),
		},
		"expires in 30 days": {
			"facts": {"state": "Enabled", "valid_to": "2026-12-24T12:00:00Z"}, "days": 30,
			"want": {"the key material expires at 2026-12-24T12:00:00Z; required is that it stays for 30 days"},
		},
		"expires in 30 days, 7 are enough": {
			"facts": {"state": "Enabled", "valid_to": "2026-12-24T12:00:00Z"},
			"days": 7, "want": set(),
		},
		"expires this second": {
			"facts": {"state": "Enabled", "valid_to": "2026-11-24T12:00:00Z"}, "days": 0,
			"want": {"the key material expired at 2026-11-24T12:00:00Z; required is material that has not"},
		},
		"expired": {
			"facts": {"state": "PendingImport", "valid_to": "2026-11-01T00:00:00Z"}, "days": 30,
			"want": {
				"the key waits for its key material; required is imported material",
				"the key material expired at 2026-11-01T00:00:00Z; required is material that has not",
			},
		},
		"never imported": {
			"facts": {"state": "PendingImport"}, "days": 30,
			"want": {"the key waits for its key material; required is imported material"},
		},
	}
	row.want == policy.violations with input as {"facts": row.facts}
		with data.params.days as row.days
		with time.now_ns as now
}

test_applies[note] if {
	some note, row in {
		"imported": {"facts": {"manager": "CUSTOMER", "origin": "EXTERNAL"}, "want": true},
		"of KMS": {"facts": {"manager": "CUSTOMER", "origin": "AWS_KMS"}, "want": false},
		"in an external key store": {"facts": {"manager": "CUSTOMER", "origin": "EXTERNAL_KEY_STORE"}, "want": false},
		"AWS managed": {"facts": {"manager": "AWS", "origin": "AWS_KMS"}, "want": false},
	}
	got := {true | policy.applies} with input as {"facts": row.facts}
	got == {true | row.want}
}
