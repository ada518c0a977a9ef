# METADATA
# title: Signatures of DynamoDB items cover every attribute
# description: >-
#   An attribute outside of an item's signature can be changed by whoever may write the
#   table, and the item stays authentic. Some are left out on purpose (DO_NOTHING), such
#   as counters and what DynamoDB itself changes, like a time to live: waive those
#   tables. It shows only when an item is opened.
# related_resources:
# - https://docs.aws.amazon.com/database-encryption-sdk/latest/devguide/concepts.html
# - https://docs.aws.amazon.com/database-encryption-sdk/latest/devguide/configure.html
# custom:
#   severity: low
#   resource: AWS::DynamoDB::Item
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
#     Set the attributes to SIGN_ONLY or ENCRYPT_AND_SIGN: let readers have the new
#     configuration first, and write every item again.
package policies.dynamodb.client_encryption_attributes_signed

import data.lib.client
import data.lib.sampling

applies if {
	client.sealed(input.facts.client_side.format)
	input.facts.proof.verified > 0
}

violations contains msg if {
	"unsigned-attributes" in input.facts.weaknesses
	msg := sprintf(
		"attributes are outside of the signature for %s; required is a signature over every attribute",
		[sampling.which(input.facts, "items")],
	)
}
