# METADATA
# title: Client-side encrypted DynamoDB items commit to their key
# description: >-
#   A ciphertext without key commitment can be made to open to two plaintexts, under two
#   keys. Items of the AWS Database Encryption SDK have a commitment to the one key;
#   those of the older DynamoDB Encryption Client have none.
# related_resources:
# - https://docs.aws.amazon.com/database-encryption-sdk/latest/devguide/supported-algorithms.html
# - https://docs.aws.amazon.com/database-encryption-sdk/latest/devguide/legacy-dynamodb-encryption-client.html
# custom:
#   severity: medium
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
#     Let every reader understand the new format first, then write with the AWS Database
#     Encryption SDK for DynamoDB, and write the items again.
package policies.dynamodb.client_encryption_committing

import data.lib.client
import data.lib.sampling

applies if {
	client.sealed(input.facts.client_side.format)
	is_boolean(input.facts.client_side.committing)
}

violations contains msg if {
	not input.facts.client_side.committing
	msg := sprintf(
		"the ciphertext does not commit to its data key for %s; required is a committing algorithm suite",
		[sampling.which(input.facts, "items")],
	)
}
