package policies.s3.objects_bucket_key_consistent_test

import data.policies.s3.objects_bucket_key_consistent as policy

test_violations[note] if {
	some note, row in {
		"used": {"server_side": {"bucket_key": true}, "want": set()},
		"not used": {
			"server_side": {"bucket_key": false},
			"want": {
				`the Bucket Key is not used for 3 of 5 objects that were listed, such as "a"; required is the bucket's setting, which is to use it`,
			},
		},
	}
	row.want == policy.violations with input as {"facts": object.union(sample, {"server_side": row.server_side})}
}

test_applies[note] if {
	some note, row in {
		"the bucket has one": {"algorithm": "aws:kms", "enabled": true, "want": true},
		"the bucket has none": {"algorithm": "aws:kms", "enabled": false, "want": false},
		"two layers have none": {"algorithm": "aws:kms:dsse", "enabled": true, "want": false},
	}
	found := applies with input as {
		"facts": {"server_side": {"algorithm": row.algorithm}},
		"related": {"bucket": {"facts": {"encryption": {"bucket_key_enabled": row.enabled}}}},
	}
	found == row.want
}

default applies := false

applies if policy.applies

sample := {"count": 3, "examples": ["a"], "sampling": {"sampled": 5, "share_low": 0.6, "share_high": 0.6}}
