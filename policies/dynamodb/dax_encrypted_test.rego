package policies.dynamodb.dax_encrypted_test

import data.policies.dynamodb.dax_encrypted as policy

failure := {"encryption at rest is not in force; required is status ENABLED"}

test_violations[note] if {
	some note, row in {
		"enabled": {"facts": {"encryption_status": "ENABLED"}, "want": set()},
		"being enabled": {"facts": {"encryption_status": "ENABLING"}, "want": failure},
		"disabled": {"facts": {"encryption_status": "DISABLED"}, "want": failure},
		"not said": {"facts": {}, "want": failure},
	}
	row.want == policy.violations with input as {"facts": row.facts}
}
