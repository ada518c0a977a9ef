# METADATA
# title: DAX clusters encrypt traffic of their endpoint with TLS
# description: >-
#   Without TLS, items and credentials' signatures cross the VPC in plaintext
#   between clients and the cluster. The setting is fixed at creation. This says
#   nothing of which TLS versions clients use.
# related_resources:
# - https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/DAXEncryptionInTransit.html
# - https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_dax_Cluster.html
# custom:
#   control: DDB-09
#   severity: high
#   resource: AWS::DAX::Cluster
#   profiles: [baseline]
#   frameworks:
#     nist-800-53-r5:
#     - {id: AC-17, source: security-hub}
#     - {id: SC-8, source: security-hub}
#     - {id: SC-13, source: security-hub}
#     - {id: SC-23, source: security-hub}
#     security-hub:
#     - {id: DynamoDB.7, source: security-hub}
#     pci-dss-4.0.1:
#     - {id: "4.2.1", source: security-hub}
#     hipaa-164:
#     - {id: 164.312(e)(1), source: analysis}
#     soc2-tsc:
#     - {id: CC6.7, source: prowler}
#     iso-27001-2022:
#     - {id: A.8.24, source: prowler}
#   remediation: >-
#     Endpoint encryption is fixed at creation: create a new cluster (aws dax
#     create-cluster --cluster-endpoint-encryption-type TLS), move clients to its
#     daxs:// endpoint and delete the old one.
package policies.dynamodb.dax_endpoint_tls

violations contains "the endpoint does not use TLS; required is encryption type TLS" if {
	not input.facts.endpoint_encryption == "TLS"
}
