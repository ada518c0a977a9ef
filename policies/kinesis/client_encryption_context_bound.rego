# METADATA
# title: Client-side encrypted Kinesis records are bound to their context
# description: >-
#   The encryption context is what a wrapped data key is bound to. Without one a
#   ciphertext can be moved to another place unnoticed, and KMS's policy and log can't
#   tell what is opened. This judges messages of the AWS Encryption SDK; whether a
#   context's values are the right ones only the consumer knows.
# related_resources:
# - https://docs.aws.amazon.com/encryption-sdk/latest/developer-guide/concepts.html
# - https://docs.aws.amazon.com/kms/latest/developerguide/encrypt_context.html
# custom:
#   severity: medium
#   resource: AWS::Kinesis::Record
#   profiles: [cmk]
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
#     Give every encryption a context that says what the record is and where it belongs
#     (no secret: it is not encrypted), and let readers check it. Records that are there
#     stay as they are until retention drops them.
package policies.kinesis.client_encryption_context_bound

import data.lib.sampling

# The algorithm is told where the header of what a client encrypted is legible.
applies if {
	startswith(input.facts.client_side.format, "esdk")
	input.facts.client_side.algorithm
}

violations contains msg if {
	some fault in unbound
	msg := sprintf(
		"%s, for %s; required is an encryption context that binds it",
		[fault, sampling.which(input.facts, "records")],
	)
}

unbound contains "there is no encryption context" if not own_context

# The public key of a signature stands in the context too, and says nothing.
own_context if {
	some name in input.facts.client_side.context_keys
	name != "aws-crypto-public-key"
}
