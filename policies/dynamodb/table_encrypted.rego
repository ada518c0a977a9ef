# METADATA
# title: DynamoDB tables encrypt data at rest at the required level
# description: >-
#   DynamoDB encrypts every table; without a setting under a key that AWS owns.
#   So this passes unless a stronger key is required or the table is lost to its
#   key. Partition and sort key values that bound key ranges stay in plaintext in
#   the table's metadata.
# related_resources:
# - https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/EncryptionAtRest.html
# - https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/encryption.usagenotes.html
# custom:
#   control: DDB-01
#   severity: info
#   resource: AWS::DynamoDB::Table
#   profiles: [baseline]
#   params:
#     required_level:
#       default: aws-owned
#       enum: [none, aws-owned, aws-managed, customer-managed, external-hsm]
#       description: weakest key that the table may be encrypted with
#   frameworks:
#     nist-800-53-r5:
#     - {id: SC-28, source: analysis}
#     - {id: SC-28(1), source: analysis}
#     pci-dss-4.0.1:
#     - {id: "3.5.1", source: analysis}
#     hipaa-164:
#     - {id: 164.312(a)(2)(iv), source: analysis}
#     soc2-tsc:
#     - {id: CC6.1, source: analysis}
#     iso-27001-2022:
#     - {id: A.8.24, source: analysis}
#   remediation: >-
#     Set a KMS key of the required level (aws dynamodb update-table
#     --sse-specification Enabled=true,SSEType=KMS,KMSMasterKeyId=KEY); a table
#     whose key can't be reached needs that key back first.
package policies.dynamodb.table_encrypted

import data.lib.encryption

violations contains message(level) if {
	level != "aws-managed"
	encryption.rank(level) < encryption.rank(data.params.required_level)
}

# KMS is at least aws-managed: the key matters only to those who ask for more.
violations contains message(key_level) if {
	encryption.rank(data.params.required_level) > encryption.rank("aws-managed")
	level == "aws-managed"
	encryption.rank(key_level) < encryption.rank(data.params.required_level)
}

violations contains msg if {
	input.facts.status in {"INACCESSIBLE_ENCRYPTION_CREDENTIALS", "ARCHIVING", "ARCHIVED"}
	msg := sprintf("the table is %s; required is a table that its key opens", [input.facts.status])
}

message(found) := sprintf("encryption at rest is %s; required is %s or stronger", [found, data.params.required_level])

level := "aws-owned" if {
	input.facts.encryption.aws_owned_key == true
} else := "aws-managed" if {
	input.facts.encryption.aws_owned_key == false
} else := "none"

default key_level := "aws-managed"

key_level := encryption.key_level(input.facts.encryption.key)
