package policies.cloudtrail.kms_use_succeeds_test

import data.policies.cloudtrail.kms_use_succeeds as policy

disabled := {
	"code": "DisabledException",
	"key": "1234abcd-12ab-34cd-56ef-1234567890ab",
	"count": 3,
	"first": "2026-11-20T08:00:00Z",
	"last": "2026-11-21T08:00:00Z",
}

missing := {"code": "NotFoundException", "count": 1, "first": "2026-11-22T08:00:00Z", "last": "2026-11-22T08:00:00Z"}

test_violations[note] if {
	some note, row in {
		"no refusal": {"facts": {}, "want": set()},
		"throttles and denied callers": {"facts": {"callers_denied": 7, "transient": 4}, "want": set()},
		"a disabled key": {
			"facts": {"refused": [disabled]},
			"want": {concat(", ", [
				`KMS answered kinesis.amazonaws.com with "DisabledException" 3 times`,
				"the last one at 2026-11-21T08:00:00Z",
				"for key 1234abcd-12ab-34cd-56ef-1234567890ab; required is none",
			])},
		},
		"two codes": {
			"facts": {"refused": [object.remove(disabled, ["key"]), missing]},
			"want": {
				`KMS answered kinesis.amazonaws.com with "DisabledException" 3 times, the last one at 2026-11-21T08:00:00Z; required is none`,
				`KMS answered kinesis.amazonaws.com with "NotFoundException" once, the last one at 2026-11-22T08:00:00Z; required is none`,
			},
		},
	}
	row.want == policy.violations with input as {"facts": object.union({"services": ["kinesis.amazonaws.com"]}, row.facts)}
}
