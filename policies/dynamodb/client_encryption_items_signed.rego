# METADATA
# title: DynamoDB items carry the signature that their siblings carry
# description: >-
#   Where items of a table are signed by a client-side library, an item without a
#   signature is one that somebody took it away from, or that was written in plaintext
#   by something that doesn't use the library. Readers that take such an item as it is
#   take whatever anyone wrote. Tables none of whose items are signed are not judged.
# related_resources:
# - https://docs.aws.amazon.com/database-encryption-sdk/latest/devguide/concepts.html
# - https://docs.aws.amazon.com/database-encryption-sdk/latest/devguide/legacy-dynamodb-encryption-client.html
# custom:
#   severity: high
#   resource: AWS::DynamoDB::Item
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
#     Find out who wrote the items (DynamoDB data events in CloudTrail). Encrypt what
#     belongs there with the AWS Database Encryption SDK for DynamoDB, remove what
#     doesn't, and let readers refuse plaintext (the plaintext override
#     FORBID_PLAINTEXT_WRITE_FORBID_PLAINTEXT_READ).
package policies.dynamodb.client_encryption_items_signed

import data.lib.sampling

applies if input.facts.siblings_signed > 0

applies if {
	input.facts.client_side.format in {"ddbec", "dbesdk"}
}

violations contains msg if {
	input.facts.siblings_signed > 0
	msg := sprintf(
		"%s carry no signature, and %d of the items that were read do; required is a signature on every item",
		[sampling.which(input.facts, "items"), input.facts.siblings_signed],
	)
}
