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
