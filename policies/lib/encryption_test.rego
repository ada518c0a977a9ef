package lib.encryption_test

import data.lib.encryption

test_levels_rise if {
	order := ["none", "aws-owned", "aws-managed", "customer-managed", "external-hsm"]
	count(order) == count(encryption.ranks)
	every i, level in order {
		encryption.rank(level) == i
	}
}

test_other_words_have_no_rank if {
	not encryption.rank("strong")
	not encryption.rank("")
}

test_key_level[name] if {
	some name, c in {
		"aws": {"key": {"manager": "AWS", "origin": "AWS_KMS"}, "level": "aws-managed"},
		"aws without origin": {"key": {"manager": "AWS"}, "level": "aws-managed"},
		"aws by alias alone": {"key": {"alias": "alias/aws/s3"}, "level": "aws-managed"},
		"customer": {"key": {"manager": "CUSTOMER", "origin": "AWS_KMS"}, "level": "customer-managed"},
		"customer by alias": {
			"key": {"manager": "CUSTOMER", "origin": "AWS_KMS", "alias": "alias/aws-data"},
			"level": "customer-managed",
		},
		"imported": {"key": {"manager": "CUSTOMER", "origin": "EXTERNAL"}, "level": "external-hsm"},
		"cloudhsm": {"key": {"manager": "CUSTOMER", "origin": "AWS_CLOUDHSM"}, "level": "external-hsm"},
		"external store": {"key": {"manager": "CUSTOMER", "origin": "EXTERNAL_KEY_STORE"}, "level": "external-hsm"},
	}
	encryption.key_level(c.key) == c.level
}

test_unknown_keys_have_no_level[name] if {
	some name, key in {
		"empty": {},
		"no manager": {"alias": "alias/data", "origin": "AWS_KMS"},
		"no origin": {"manager": "CUSTOMER"},
		"new manager": {"manager": "PARTNER", "origin": "AWS_KMS"},
		"new origin": {"manager": "CUSTOMER", "origin": "MOON"},
	}
	not encryption.key_level(key)
}

test_bucket_level if {
	encryption.bucket_level("AES256") == "aws-owned"
	every algorithm in ["aws:kms", "aws:kms:dsse", "aws:fsx", "aws:backup"] {
		encryption.bucket_level(algorithm) == "aws-managed"
	}
	not encryption.bucket_level("aws:moon")
}

test_usable if {
	encryption.usable("Enabled")
	encryption.usable("Updating")
	every state in ["Creating", "Disabled", "PendingDeletion", "PendingImport", "PendingReplicaDeletion", "Unavailable", ""] {
		not encryption.usable(state)
	}
}
