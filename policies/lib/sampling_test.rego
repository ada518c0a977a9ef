package lib.sampling_test

import data.lib.sampling

test_which[note] if {
	some note, row in {
		"a random sample": {
			"facts": {
				"count": 3,
				"examples": ["a.csv", "b.csv"],
				"sampling": {"sampled": 50, "share_low": 0.012548, "share_high": 0.165482},
			},
			"want": `3 of 50 sampled objects (1.2 % to 16.6 % of those listed, at 95 %), such as "a.csv"`,
		},
		"all of a random sample": {
			"facts": {"count": 50, "examples": ["a"], "sampling": {"sampled": 50, "share_low": 0.928863, "share_high": 1}},
			"want": `50 of 50 sampled objects (92.8 % to 100.0 % of those listed, at 95 %), such as "a"`,
		},
		"a rare one": {
			"facts": {"count": 1, "examples": ["a"], "sampling": {"sampled": 1000, "share_low": 0.000025, "share_high": 0.005559}},
			"want": `1 of 1000 sampled objects (0.0 % to 0.6 % of those listed, at 95 %), such as "a"`,
		},
		"everything was sampled": {
			"facts": {"count": 3, "examples": ["a"], "sampling": {"sampled": 5, "share_low": 0.6, "share_high": 0.6}},
			"want": `3 of 5 objects that were listed, such as "a"`,
		},
		"nothing bounds the share": {
			"facts": {"count": 3, "examples": ["a"], "sampling": {"sampled": 5, "share_low": 0, "share_high": 1}},
			"want": `3 of 5 objects that were read, a sample that is not random, such as "a"`,
		},
		"no example": {
			"facts": {"count": 5, "sampling": {"sampled": 5, "share_low": 1, "share_high": 1}},
			"want": "5 of 5 objects that were listed",
		},
		"a hostile name": {
			"facts": {"count": 1, "examples": ["a\"\n\u001b[31m%s"], "sampling": {"sampled": 1, "share_low": 1, "share_high": 1}},
			"want": `1 of 1 objects that were listed, such as "a\"\n\x1b[31m%s"`,
		},
	}
	row.want == sampling.which(row.facts, "objects")
}

test_items_are_read_and_not_listed if {
	facts := {"count": 3, "examples": ["id sha256:1"], "sampling": {"sampled": 5, "share_low": 0.6, "share_high": 0.6}}
	sampling.which(facts, "items") == `3 of 5 items that were read, such as "id sha256:1"`
}
