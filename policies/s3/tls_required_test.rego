package policies.s3.tls_required_test

import data.policies.s3.tls_required as policy

failure(where) := {sprintf("the bucket policy does not deny requests without TLS %s; required is a deny", [where])}

test_violations[note] if {
	some note, row in {
		"denied on both": {
			"policy": {"insecure_transport": {"bucket_denied": true, "objects_denied": true, "detail": "denied by statement 0"}},
			"want": set(),
		},
		"denied on the objects only": {
			"policy": {"insecure_transport": {"bucket_denied": false, "objects_denied": true}},
			"want": failure("on the bucket"),
		},
		"denied on the bucket only": {
			"policy": {"insecure_transport": {"bucket_denied": true, "objects_denied": false}},
			"want": failure("on its objects"),
		},
		"no bucket policy": {
			"policy": {"exists": false, "insecure_transport": {"bucket_denied": false, "objects_denied": false}},
			"want": failure("on its objects or on the bucket"),
		},
		"nothing said": {"policy": {"exists": false}, "want": failure("on its objects or on the bucket")},
	}
	row.want == policy.violations with input as {"facts": {"policy": row.policy}}
}

test_the_deciding_statement_is_named if {
	transport := {"bucket_denied": false, "objects_denied": true, "detail": "statement 0 covers the objects only"}
	want := {concat(" ", [
		"the bucket policy does not deny requests without TLS on the bucket; required is a deny",
		"(statement 0 covers the objects only)",
	])}
	want == policy.violations with input as {"facts": {"policy": {"insecure_transport": transport}}}
}
