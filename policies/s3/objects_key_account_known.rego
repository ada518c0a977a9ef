# METADATA
# title: Keys of sampled S3 objects are of known accounts
# description: >-
#   Who owns the key of an object decides who reads it, and can lock everybody out, the
#   bucket's owner too. Uploads may name a key of any account. Accounts that are meant
#   to hold keys go into allowed_accounts. This judges sampled objects, and not the keys
#   that the bucket's policy lets uploads name.
# related_resources:
# - https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html
# - https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-modifying-external-accounts.html
# custom:
#   control: S3-15
#   severity: medium
#   resource: AWS::S3::Object
#   profiles: [cmk]
#   params:
#     allowed_accounts:
#       default: []
#       description: accounts (twelve digits) that may hold keys of objects, beside the account itself
#   frameworks:
#     nist-800-53-r5:
#     - {id: SC-12, source: analysis}
#     - {id: SC-12(2), source: analysis}
#     - {id: SC-28(1), source: analysis}
#     pci-dss-4.0.1:
#     - {id: "3.6.1", source: analysis}
#     hipaa-164:
#     - {id: 164.312(a)(2)(iv), source: analysis}
#     soc2-tsc:
#     - {id: CC6.1, source: analysis}
#     iso-27001-2022:
#     - {id: A.8.24, source: analysis}
#   remediation: >-
#     While the key's owner lets you, change the objects to a key of your own (aws s3api
#     update-object-encryption), and deny uploads that name another in the bucket policy
#     (condition key s3:x-amz-server-side-encryption-aws-kms-key-id); or add the account
#     to the parameter allowed_accounts.
package policies.s3.objects_key_account_known

import data.lib.sampling

applies if input.facts.server_side.algorithm in {"aws:kms", "aws:kms:dsse"}

violations contains msg if {
	account := input.facts.server_side.key.account
	account != input.scope.account
	not account in data.params.allowed_accounts
	msg := sprintf(
		"the key is of account %q for %s; required is a key of a known account",
		[account, sampling.which(input.facts, "objects")],
	)
}

violations contains "the objects name no key whose account is known; required is a key of a known account" if {
	not input.facts.server_side.key.account
}
