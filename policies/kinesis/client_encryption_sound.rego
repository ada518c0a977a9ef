# METADATA
# title: Client-side encrypted Kinesis records have no flaw inside
# description: >-
#   A ciphertext can authenticate and be flawed all the same: frames that share an
#   initialisation vector, vectors that no real writer chooses, a writer with a known
#   defect. Such things come from home-made writers, broken random numbers or tampering,
#   and show only when it is opened. Weaknesses with a policy of their own are not
#   judged here.
# related_resources:
# - https://docs.aws.amazon.com/encryption-sdk/latest/developer-guide/supported-algorithms.html
# - https://docs.aws.amazon.com/encryption-sdk/latest/developer-guide/message-format.html
# custom:
#   severity: high
#   resource: AWS::Kinesis::Record
#   profiles: [baseline]
#   params:
#     accepted:
#       default:
#       - many-data-keys
#       description: weaknesses that are accepted, by their ids (sealaudit envelope inspect names them)
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
#     Open an example with sealaudit envelope verify to see what it has, find the
#     writer, and let it encrypt with a current AWS Encryption SDK (its commitment
#     policy RequireEncryptRequireDecrypt); take frames that share an initialisation
#     vector as revealed. Records that are there stay as they are until retention drops
#     them.
package policies.kinesis.client_encryption_sound

import data.lib.client
import data.lib.sampling

applies if {
	client.sealed(input.facts.client_side.format)
	input.facts.proof.verified > 0
}

violations contains msg if {
	some weakness in input.facts.weaknesses
	not weakness in client.judged
	not weakness in data.params.accepted
	msg := sprintf(
		"%s, for %s; required is a sound ciphertext",
		[client.weakness(weakness), sampling.which(input.facts, "records")],
	)
}
