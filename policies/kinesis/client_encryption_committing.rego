# METADATA
# title: Client-side encrypted Kinesis records commit to their key
# description: >-
#   AES-GCM alone lets whoever writes a message make one that opens to two plaintexts,
#   under two keys. Version 2 of the AWS Encryption SDK's messages has a commitment to
#   the one key; version 1 has none. Ciphertexts of KMS itself are not judged: KMS finds
#   their one key.
# related_resources:
# - https://docs.aws.amazon.com/encryption-sdk/latest/developer-guide/concepts.html
# - https://docs.aws.amazon.com/encryption-sdk/latest/developer-guide/supported-algorithms.html
# custom:
#   severity: medium
#   resource: AWS::Kinesis::Record
#   profiles: [baseline]
#   frameworks:
#     nist-800-53-r5:
#     - {id: SI-7, source: analysis}
#     - {id: SI-7(6), source: analysis}
#     - {id: SC-28(1), source: analysis}
#     hipaa-164:
#     - {id: 164.312(c)(1), source: analysis}
#     - {id: 164.312(c)(2), source: analysis}
#     soc2-tsc:
#     - {id: CC6.1, source: analysis}
#     iso-27001-2022:
#     - {id: A.8.24, source: analysis}
#   remediation: >-
#     Let every reader understand the new format first, then write with a current AWS
#     Encryption SDK (its commitment policy RequireEncryptRequireDecrypt). Records that
#     are there stay as they are until retention drops them.
package policies.kinesis.client_encryption_committing

import data.lib.client
import data.lib.sampling

applies if {
	client.sealed(input.facts.client_side.format)
	input.facts.client_side.format != "kms"
	is_boolean(input.facts.client_side.committing)
}

violations contains msg if {
	not input.facts.client_side.committing
	msg := sprintf(
		"the ciphertext does not commit to its data key for %s; required is a committing algorithm suite",
		[sampling.which(input.facts, "records")],
	)
}
