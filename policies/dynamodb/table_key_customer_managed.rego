# METADATA
# title: DynamoDB tables are encrypted with a customer managed key
# description: >-
#   Only a customer managed key has a policy, a rotation and a deletion that its
#   owner decides. The API says KMS for AWS managed and customer managed keys
#   alike, so this asks KMS who manages the key. Tables under an AWS owned key are
#   left to dynamodb/table_key_kms.
# related_resources:
# - https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/encryption.howitworks.html
# - https://docs.aws.amazon.com/kms/latest/developerguide/concepts.html
# custom:
#   control: DDB-03
#   severity: medium
#   resource: AWS::DynamoDB::Table
#   profiles: [cmk]
#   frameworks:
#     nist-800-53-r5:
#     - {id: SC-12, source: analysis}
#     - {id: SC-13, source: prowler}
#     - {id: SC-28(1), source: prowler}
#     pci-dss-4.0.1:
#     - {id: "3.5.1", source: prowler}
#     - {id: "3.6.1", source: analysis}
#     hipaa-164:
#     - {id: 164.312(a)(2)(iv), source: prowler}
#     soc2-tsc:
#     - {id: CC6.1, source: analysis}
#     iso-27001-2022:
#     - {id: A.8.24, source: prowler}
#   remediation: >-
#     Create a symmetric customer managed key in the table's region and set it with
#     aws dynamodb update-table --sse-specification
#     Enabled=true,SSEType=KMS,KMSMasterKeyId=KEY. Keep the old key: backups need
#     it.
package policies.dynamodb.table_key_customer_managed

applies if input.facts.encryption.aws_owned_key == false

violations contains "the key is AWS managed; required is a customer managed key" if {
	not input.facts.encryption.key.manager == "CUSTOMER"
	not gone
}

violations contains "KMS has no such key; required is a customer managed key" if gone

gone if input.facts.encryption.key.exists == false
