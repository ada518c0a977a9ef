package policies.s3.objects_key_usable_test

import data.policies.s3.objects_key_usable as policy

test_violations[note] if {
	some note, row in {
		"usable": {"key": {"arn": "k", "state": "Enabled"}, "want": set()},
		"disabled": {
			"key": {"arn": "k", "state": "Disabled"},
			"want": {
				`the state of key "k" is Disabled, for 3 of 5 objects that were listed, such as "a"; required is an enabled key`,
			},
		},
		"gone": {
			"key": {"arn": "k", "exists": false},
			"want": {
				`KMS has no key "k", for 3 of 5 objects that were listed, such as "a"; required is an enabled key`,
			},
		},
		"nothing is known of the key": {
			"key": {"arn": "k"},
			"want": {"the objects name no key that could be found; required is an enabled key"},
		},
	}
	row.want == policy.violations with input as {"facts": object.union(sample, {"server_side": {"key": row.key}})}
}

test_applies_to_kms if {
	policy.applies with input as {"facts": {"server_side": {"algorithm": "aws:kms:dsse"}}}
	not policy.applies with input as {"facts": {"server_side": {"algorithm": "AES256"}}}
}

sample := {"count": 3, "examples": ["a"], "sampling": {"sampled": 5, "share_low": 0.6, "share_high": 0.6}}
