# METADATA
# title: DynamoDB tables are encrypted with a KMS key of the account
# description: >-
#   Use of an AWS managed or customer managed key is logged in CloudTrail and can
#   be watched; use of a key that AWS owns is not. Severity is low because a table
#   under an AWS owned key is encrypted. A table without encryption doesn't exist.
# related_resources:
# - https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/encryption.howitworks.html
# - https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_SSEDescription.html
# custom:
#   control: DDB-02
#   severity: low
#   resource: AWS::DynamoDB::Table
#   profiles: [baseline]
#   frameworks:
#     nist-800-53-r5:
#     - {id: SC-13, source: prowler}
#     - {id: SC-28(1), source: prowler}
#     pci-dss-4.0.1:
#     - {id: "3.5.1", source: prowler}
#     hipaa-164:
#     - {id: 164.312(a)(2)(iv), source: prowler}
#     soc2-tsc:
#     - {id: CC6.1, source: analysis}
#     iso-27001-2022:
#     - {id: A.8.24, source: prowler}
#   remediation: >-
#     Choose a KMS key for the table (aws dynamodb update-table
#     --sse-specification Enabled=true,SSEType=KMS, with KMSMasterKeyId for a
#     customer managed key). Existing items are encrypted again without downtime.
package policies.dynamodb.table_key_kms

violations contains "the key is owned by AWS (the table is encrypted); required is a KMS key" if {
	input.facts.encryption.aws_owned_key == true
}

violations contains "KMS encryption is not in force; required is status ENABLED" if {
	not input.facts.encryption.aws_owned_key == true
	not in_force
}

in_force if {
	input.facts.encryption.type == "KMS"
	input.facts.encryption.status == "ENABLED"
}
