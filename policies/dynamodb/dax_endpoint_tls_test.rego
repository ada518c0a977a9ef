package policies.dynamodb.dax_endpoint_tls_test

import data.policies.dynamodb.dax_endpoint_tls as policy

failure := {"the endpoint does not use TLS; required is encryption type TLS"}

test_violations[note] if {
	some note, row in {
		"TLS": {"facts": {"endpoint_encryption": "TLS"}, "want": set()},
		"plaintext": {"facts": {"endpoint_encryption": "NONE"}, "want": failure},
		"not said": {"facts": {}, "want": failure},
	}
	row.want == policy.violations with input as {"facts": row.facts}
}
