package lib.client_test

import data.lib.client

test_sealed if {
	every format in ["s3ec-v1", "s3ec", "esdk-v2", "ddbec", "ddbec-metastore", "dbesdk", "das", "kms", "moon"] {
		client.sealed(format)
	}
	every format in ["none", "s3ec-instruction", "key-store"] {
		not client.sealed(format)
	}
}

test_refuted[note] if {
	some note, row in {
		"the first step that does not hold": {
			"steps": [
				{"name": "header", "verdict": "verified"},
				{"name": "body", "verdict": "refuted", "why": "the tag is another"},
				{"name": "after", "verdict": "refuted", "why": "never"},
			],
			"want": `the step "body" does not hold (the tag is another)`,
		},
		"without a reason": {
			"steps": [{"name": "body", "verdict": "refuted"}],
			"want": `the step "body" does not hold`,
		},
		"no step": {"steps": [{"name": "body", "verdict": "unknown"}], "want": "a step does not hold"},
	}
	row.want == client.refuted({"steps": [{"example": "a", "verdict": "refuted", "steps": row.steps}]})
}

test_key_faults[note] if {
	some note, row in {
		"enabled": {"keys": [{"arn": "k1", "state": "Enabled"}, {"arn": "k2", "state": "Updating"}], "want": set()},
		"disabled": {"keys": [{"arn": "k1", "state": "Disabled"}], "want": {`the state of key "k1" is Disabled`}},
		"gone": {"keys": [{"arn": "k1", "exists": false}], "want": {`KMS has no key "k1"`}},
		"named by id": {"keys": [{"id": "alias/x", "exists": false}], "want": {`KMS has no key "alias/x"`}},
		"one of them": {
			"keys": [{"arn": "k1", "state": "Enabled"}, {"arn": "k2", "state": "PendingDeletion"}],
			"want": {`the state of key "k2" is PendingDeletion`},
		},
		"none": {"keys": [], "want": set()},
	}
	row.want == client.key_faults(row.keys)
}

test_foreign[note] if {
	own := "arn:aws:kms:eu-west-1:111122223333:key/1"
	other := "arn:aws-cn:kms:cn-north-1:999999999999:key/1"
	some note, row in {
		"own": {"keys": [own], "allowed": [], "want": set()},
		"another's": {"keys": [own, other], "allowed": [], "want": {other}},
		"another's that is allowed": {"keys": [other], "allowed": ["999999999999"], "want": set()},
		"no ARNs": {
			"keys": ["mrk-1", "", "a:b:kms:d:e:f", "arn:aws:iam::999999999999:role/r", "arn:aws:kms:e:9"],
			"allowed": [],
			"want": set(),
		},
	}
	row.want == client.foreign(row.keys, "111122223333", row.allowed)
}

test_weaknesses_have_words if {
	client.weakness("repeated-iv") == client.texts["repeated-iv"]
	client.weakness("new-one") == "it has the weakness new-one"
	every id, _ in client.texts {
		not id in client.judged
	}
	every id, _ in client.wraps {
		id in client.judged
	}
}

test_repeats[note] if {
	some note, row in {
		"none": {"duplicates": {"data_keys": 0, "ivs": 0}, "derived": false, "want": set()},
		"a data key": {
			"duplicates": {"data_keys": 2, "ivs": 0},
			"derived": false,
			"want": {"2 share a data key with another ciphertext"},
		},
		"a data key that keys are derived from": {"duplicates": {"data_keys": 2, "ivs": 0}, "derived": true, "want": set()},
		"both": {
			"duplicates": {"data_keys": 3, "ivs": 2},
			"derived": false,
			"want": {
				"3 share a data key with another ciphertext",
				"2 share an initialisation vector under one data key with another ciphertext",
			},
		},
		"both, derived": {
			"duplicates": {"data_keys": 3, "ivs": 2},
			"derived": true,
			"want": {"2 share an initialisation vector under one data key with another ciphertext"},
		},
	}
	row.want == client.repeats(row.duplicates, row.derived)
}
