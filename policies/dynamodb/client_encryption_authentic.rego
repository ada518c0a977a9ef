# METADATA
# title: Client-side encrypted DynamoDB items are authentic
# description: >-
#   Sampled items that the AWS Database Encryption SDK and the DynamoDB Encryption
#   Client encrypted were opened, and every tag, commitment and signature checked. A
#   step that does not hold means that the ciphertext, its metadata or its encryption
#   context was changed, that it was written under another key, or that it is no such
#   ciphertext. What could not be opened is unknown, and so is what nothing
#   authenticates.
# related_resources:
# - https://docs.aws.amazon.com/database-encryption-sdk/latest/devguide/supported-algorithms.html
# - https://docs.aws.amazon.com/database-encryption-sdk/latest/devguide/legacy-dynamodb-encryption-client.html
# custom:
#   severity: critical
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
#     Open an example with sealaudit envelope verify --from dynamodb://TABLE?pk=VALUE to
#     see every step. Find out who wrote it last (DynamoDB data events in CloudTrail) and
#     restore it from a backup (point-in-time recovery). A table that was restored under
#     another name is read with the name it was written under.
package policies.dynamodb.client_encryption_authentic

import data.lib.client
import data.lib.sampling

applies if {
	client.sealed(input.facts.client_side.format)
	input.facts.proof
}

violations contains msg if {
	input.facts.proof.refuted > 0
	msg := sprintf(
		"%s, for %s; required is a proof that holds",
		[client.refuted(input.facts.proof), sampling.which(input.facts, "items")],
	)
}
