# METADATA
# title: Client-side encrypted DynamoDB items have a current format
# description: >-
#   Items of the older DynamoDB Encryption Client are under AES-CBC, their material
#   description is outside of the signature, and nothing commits them to one key; AWS
#   supports it no longer. Its metastore counts too: it holds the keys of such items. A
#   table is migrated item by item, so that one may hold both.
# related_resources:
# - https://docs.aws.amazon.com/database-encryption-sdk/latest/devguide/legacy-dynamodb-encryption-client.html
# - https://docs.aws.amazon.com/database-encryption-sdk/latest/devguide/ddb-java-migrate.html
# custom:
#   control: DDB-11
#   severity: medium
#   resource: AWS::DynamoDB::Item
#   profiles: [baseline]
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
#     Let readers understand both formats, then write with the AWS Database Encryption
#     SDK for DynamoDB (its legacy override with
#     FORBID_LEGACY_ENCRYPT_ALLOW_LEGACY_DECRYPT), write every item once again, and
#     forbid the old format.
package policies.dynamodb.client_encryption_current

import data.lib.sampling

# The algorithm is told where the header of what a client encrypted is legible.
applies if input.facts.client_side.algorithm

violations contains msg if {
	some old in outdated
	msg := sprintf("%s, for %s; required is a current format", [old, sampling.which(input.facts, "items")])
}

outdated contains "the item is of the older DynamoDB Encryption Client" if {
	input.facts.client_side.format in {"ddbec", "ddbec-metastore"}
}
