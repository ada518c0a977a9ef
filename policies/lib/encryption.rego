# How strong an encryption is, by who controls its key. Functions of values:
# they never look at the input themselves.
package lib.encryption

# ranks orders the levels, weakest first.
ranks := {
	"none": 0,
	"aws-owned": 1, # AWS's own key, invisible to the account
	"aws-managed": 2, # alias/aws/SERVICE, in the account and audited there
	"customer-managed": 3, # policy, rotation and deletion are the customer's
	"external-hsm": 4, # key material is imported, or lies outside of KMS
}

# rank is a level's place in the order, from 0. It is undefined for a word that
# is no level.
rank(level) := ranks[level]

# key_level is the level that a KMS key gives, from a fact called "key". It is
# undefined when it does not say who manages the key.
key_level(key) := "aws-managed" if key.manager == "AWS"

else := "aws-managed" if startswith(key.alias, "alias/aws/")

else := "external-hsm" if {
	key.manager == "CUSTOMER"
	key.origin in {"EXTERNAL", "AWS_CLOUDHSM", "EXTERNAL_KEY_STORE"}
}

else := "customer-managed" if {
	key.manager == "CUSTOMER"
	key.origin == "AWS_KMS"
}

# bucket_levels are what S3's algorithms give whatever their key is. FSx and AWS
# Backup choose a KMS key of their own.
bucket_levels := {
	"AES256": "aws-owned",
	"aws:backup": "aws-managed",
	"aws:fsx": "aws-managed",
	"aws:kms": "aws-managed",
	"aws:kms:dsse": "aws-managed",
}

# bucket_level is the level that a bucket's default encryption gives at least. It
# is undefined for an algorithm that nobody here knows.
bucket_level(algorithm) := bucket_levels[algorithm]

# usable says whether a KMS key in the state encrypts and decrypts. A key is
# Updating for seconds while the primary region of a multi-region key changes,
# and does both (KMS Developer Guide, Key states).
usable(state) if state in {"Enabled", "Updating"}
