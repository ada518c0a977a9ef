# METADATA
# title: Client-side encrypted S3 objects have no flaw inside
# description: >-
#   A ciphertext can authenticate and be flawed all the same: frames that share an
#   initialisation vector, vectors that no real writer chooses, metadata that claims
#   another length, a writer with a known defect. Such things come from home-made
#   writers, broken random numbers or tampering, and show only when it is opened.
#   Weaknesses with a policy of their own are not judged here.
# related_resources:
# - https://docs.aws.amazon.com/amazon-s3-encryption-client/latest/developerguide/encryption-algorithms.html
# - https://docs.aws.amazon.com/encryption-sdk/latest/developer-guide/supported-algorithms.html
# custom:
#   severity: high
#   resource: AWS::S3::Object
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
#     writer, and let it encrypt with the current S3 Encryption Client (its commitment
#     policy REQUIRE_ENCRYPT_REQUIRE_DECRYPT) or AWS Encryption SDK; take frames that
#     share an initialisation vector as revealed.
package policies.s3.client_encryption_sound

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
		[client.weakness(weakness), sampling.which(input.facts, "objects")],
	)
}
