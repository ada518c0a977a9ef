# METADATA
# title: Data keys of client-side encrypted DynamoDB items have an approved wrap
# description: >-
#   RSA PKCS #1 v1.5 has padding oracles and is no longer approved for wrapping keys (SP
#   800-131A), and AES-ECB neither authenticates a data key nor is one of SP 800-38F's
#   ways. OAEP over SHA-1 has no practical break; who may not use SHA-1 at all takes it
#   out of accepted.
# related_resources:
# - https://csrc.nist.gov/pubs/sp/800/131/a/r2/final
# - https://docs.aws.amazon.com/database-encryption-sdk/latest/devguide/supported-algorithms.html
# custom:
#   severity: high
#   resource: AWS::DynamoDB::Item
#   profiles: [baseline, fips]
#   params:
#     accepted:
#       default:
#       - sha1-wrap
#       description: weaknesses of a wrap that are accepted, of pkcs1-wrap, sha1-wrap and unauthenticated-ecb-wrap
#   frameworks:
#     nist-800-53-r5:
#     - {id: SC-13, source: analysis}
#     - {id: IA-7, source: analysis}
#     pci-dss-4.0.1:
#     - {id: "12.3.3", source: analysis}
#     hipaa-164:
#     - {id: 164.312(a)(2)(iv), source: analysis}
#     soc2-tsc:
#     - {id: CC6.1, source: analysis}
#     iso-27001-2022:
#     - {id: A.8.24, source: analysis}
#   remediation: >-
#     Wrap data keys with KMS, or with RSA-OAEP of SHA-256 or better or AES-GCM where
#     KMS can't be used, and encrypt the items again.
package policies.dynamodb.client_encryption_wrap_approved

import data.lib.client
import data.lib.sampling

# The algorithm is told where the header of what a client encrypted is legible.
applies if input.facts.client_side.algorithm

violations contains msg if {
	some weakness in input.facts.weaknesses
	not weakness in data.params.accepted
	msg := sprintf(
		"%s, for %s; required is an approved wrap",
		[client.wraps[weakness], sampling.which(input.facts, "items")],
	)
}
