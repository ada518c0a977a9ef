# METADATA
# title: DAX clusters encrypt data at rest
# description: >-
#   A DAX cluster keeps items of its tables on the disks of its nodes, in plaintext
#   unless encryption was chosen at creation. The key is always AWS managed, so no
#   policy asks for a customer managed one. Says nothing of the tables themselves.
# related_resources:
# - https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/DAXEncryptionAtRest.html
# - https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_dax_SSEDescription.html
# custom:
#   control: DDB-08
#   severity: high
#   resource: AWS::DAX::Cluster
#   profiles: [baseline]
#   frameworks:
#     nist-800-53-r5:
#     - {id: CA-9(1), source: security-hub}
#     - {id: CM-3(6), source: security-hub}
#     - {id: SC-13, source: security-hub}
#     - {id: SC-28, source: security-hub}
#     - {id: SC-28(1), source: security-hub}
#     - {id: SC-7(10), source: security-hub}
#     - {id: SI-7(6), source: security-hub}
#     security-hub:
#     - {id: DynamoDB.3, source: security-hub}
#     pci-dss-4.0.1:
#     - {id: "3.5.1", source: prowler}
#     hipaa-164:
#     - {id: 164.312(a)(2)(iv), source: prowler}
#     soc2-tsc:
#     - {id: CC6.1, source: analysis}
#     iso-27001-2022:
#     - {id: A.8.24, source: prowler}
#   remediation: >-
#     Encryption at rest is fixed at creation: create a new cluster (aws dax
#     create-cluster --sse-specification Enabled=true), move clients to its
#     endpoint and delete the old one.
package policies.dynamodb.dax_encrypted

violations contains "encryption at rest is not in force; required is status ENABLED" if {
	not input.facts.encryption_status == "ENABLED"
}
