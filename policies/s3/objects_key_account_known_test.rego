package policies.s3.objects_key_account_known_test

import data.policies.s3.objects_key_account_known as policy

test_violations[note] if {
	some note, row in {
		"own": {"key": {"account": "111122223333"}, "want": set()},
		"allowed": {"key": {"account": "444455556666"}, "want": set()},
		"another's": {
			"key": {"account": "999999999999"},
			"want": {
				`the key is of account "999999999999" for 3 of 5 objects that were listed, such as "a"; required is a key of a known account`,
			},
		},
		"not known": {
			"key": {"id": "k"},
			"want": {"the objects name no key whose account is known; required is a key of a known account"},
		},
	}
	row.want == policy.violations with input as {
		"scope": {"account": "111122223333"},
		"facts": object.union(sample, {"server_side": {"algorithm": "aws:kms", "key": row.key}}),
	}
		with data.params.allowed_accounts as ["444455556666"]
}

test_applies_to_kms if {
	policy.applies with input as {"facts": {"server_side": {"algorithm": "aws:kms"}}}
	not policy.applies with input as {"facts": {"server_side": {"algorithm": "SSE-C"}}}
}

sample := {"count": 3, "examples": ["a"], "sampling": {"sampled": 5, "share_low": 0.6, "share_high": 0.6}}
