# METADATA
# title: Client-side encrypted S3 objects open to known accounts only
# description: >-
#   Whoever may use any of the KMS keys that wrap a data key opens the object. A key of
#   an account that nobody meant is one more reader, and one that can take itself away.
#   Accounts that are meant to read go into allowed_accounts. This judges the keys that
#   the objects name by ARN; the S3 Encryption Client names none with kms+context.
# related_resources:
# - https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-modifying-external-accounts.html
# - https://docs.aws.amazon.com/encryption-sdk/latest/developer-guide/choose-keyring.html
# custom:
#   severity: medium
#   resource: AWS::S3::Object
#   profiles: [cmk]
#   params:
#     allowed_accounts:
#       default: []
#       description: accounts (twelve digits) whose KMS keys may open objects, beside the account itself
#   frameworks:
#     nist-800-53-r5:
#     - {id: AC-3, source: analysis}
#     - {id: AC-6, source: analysis}
#     pci-dss-4.0.1:
#     - {id: "7.2.1", source: analysis}
#     hipaa-164:
#     - {id: 164.312(a)(1), source: analysis}
#     soc2-tsc:
#     - {id: CC6.3, source: analysis}
#     iso-27001-2022:
#     - {id: A.5.15, source: analysis}
#     - {id: A.8.3, source: analysis}
#   remediation: >-
#     Find out who configured the key in the writers, and remove it there; the objects
#     open to it until they are encrypted again. If the account is meant to read, add it
#     to the parameter allowed_accounts.
package policies.s3.client_encryption_key_account_known

import data.lib.client
import data.lib.sampling

applies if {
	some name in input.facts.client_side.keys
	client.account_of(name)
}

violations contains msg if {
	some name in client.foreign(input.facts.client_side.keys, input.scope.account, data.params.allowed_accounts)
	msg := sprintf(
		"the KMS key %q of an account that is not known can open %s; required are keys of known accounts",
		[name, sampling.which(input.facts, "objects")],
	)
}
