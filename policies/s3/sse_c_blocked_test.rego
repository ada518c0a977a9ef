package policies.s3.sse_c_blocked_test

import data.policies.s3.sse_c_blocked as policy

failure := {"uploads with SSE-C are neither blocked nor denied; required is one of both"}

test_violations[note] if {
	some note, row in {
		"blocked": {"facts": {"encryption": {"blocked_types": ["SSE-C"]}}, "want": set()},
		"denied by the policy": {"facts": {"policy": {"uploads": {"sse_c": {"denied": true}}}}, "want": set()},
		"both": {
			"facts": {"encryption": {"blocked_types": ["SSE-C"]}, "policy": {"uploads": {"sse_c": {"denied": true}}}},
			"want": set(),
		},
		"unblocked by its owner": {
			"facts": {"encryption": {"blocked_types": ["NONE"]}, "policy": {"uploads": {"sse_c": {"denied": false}}}},
			"want": failure,
		},
		"nothing said": {
			"facts": {"encryption": {"rules": 1}, "policy": {"uploads": {"sse_c": {"denied": false}}}},
			"want": failure,
		},
		"no policy": {"facts": {"encryption": {"rules": 1}, "policy": {"exists": false}}, "want": failure},
	}
	row.want == policy.violations with input as {"scope": {"region": "eu-west-1"}, "facts": row.facts}
}

test_a_region_without_the_default_is_named[region] if {
	some region in ["me-central-1", "me-south-1"]
	want := {sprintf(
		"uploads with SSE-C are neither blocked nor denied (S3 does not block them by default in %s); required is one of both",
		[region],
	)}
	want == policy.violations with input as {"scope": {"region": region}, "facts": {"encryption": {"rules": 1}}}
}
