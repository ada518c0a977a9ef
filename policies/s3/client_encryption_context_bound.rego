# METADATA
# title: Client-side encrypted S3 objects are bound to their context
# description: >-
#   The encryption context is what a wrapped data key is bound to. Without one a
#   ciphertext can be moved to another place unnoticed, and KMS's policy and log can't
#   tell what is opened; with a wrap of old clients of the S3 Encryption Client, content
#   can be downgraded too (CVE-2020-8912). Of the S3 Encryption Client only that is
#   judged; of messages of the AWS Encryption SDK, whether they have a context.
# related_resources:
# - https://nvd.nist.gov/vuln/detail/CVE-2020-8912
# - https://docs.aws.amazon.com/encryption-sdk/latest/developer-guide/concepts.html
# custom:
#   severity: medium
#   resource: AWS::S3::Object
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
#     Give every encryption a context that says what the object is and where it belongs
#     (no secret: it is not encrypted), and let readers check it; write objects of old
#     wraps again with a current S3 Encryption Client, which wraps with kms+context,
#     AES/GCM or RSA-OAEP-SHA1.
package policies.s3.client_encryption_context_bound

import data.lib.sampling

# The algorithm is told where the header of what a client encrypted is legible.
applies if input.facts.client_side.algorithm

violations contains msg if {
	some fault in unbound
	msg := sprintf(
		"%s, for %s; required is an encryption context that binds it",
		[fault, sampling.which(input.facts, "objects")],
	)
}

unbound contains "the wrap is not bound to the content's algorithm" if "context-unbound" in input.facts.weaknesses

unbound contains "there is no encryption context" if {
	startswith(input.facts.client_side.format, "esdk")
	not own_context
}

# The public key of a signature stands in the context too, and says nothing.
own_context if {
	some name in input.facts.client_side.context_keys
	name != "aws-crypto-public-key"
}
