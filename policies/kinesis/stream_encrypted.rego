# METADATA
# title: Kinesis streams encrypt records at rest
# description: >-
#   Records put while server-side encryption is off are stored in plaintext
#   until their retention ends. This judges the stream's setting now: encryption
#   is not retroactive, so it says nothing of records put before it was started.
# related_resources:
# - https://docs.aws.amazon.com/streams/latest/dev/server-side-encryption.html
# - https://docs.aws.amazon.com/kinesis/latest/APIReference/API_DescribeStreamSummary.html
# custom:
#   control: KDS-01
#   severity: high
#   resource: AWS::Kinesis::Stream
#   profiles: [baseline]
#   params:
#     required_level:
#       default: aws-managed
#       enum: [none, aws-owned, aws-managed, customer-managed, external-hsm]
#       description: weakest key that the stream may be encrypted with
#   frameworks:
#     nist-800-53-r5:
#     - {id: SC-28, source: security-hub}
#     - {id: SC-28(1), source: security-hub}
#     - {id: SC-13, source: security-hub}
#     - {id: SC-7(10), source: security-hub}
#     - {id: CA-9(1), source: security-hub}
#     - {id: CM-3(6), source: security-hub}
#     - {id: SI-7(6), source: security-hub}
#     security-hub:
#     - {id: Kinesis.1, source: security-hub}
#     pci-dss-4.0.1:
#     - {id: "3.5.1", source: prowler}
#     hipaa-164:
#     - {id: 164.312(a)(2)(iv), source: analysis}
#     soc2-tsc:
#     - {id: CC6.1, source: analysis}
#     iso-27001-2022:
#     - {id: A.8.24, source: prowler}
#   remediation: >-
#     Start server-side encryption with a KMS key (aws kinesis
#     start-stream-encryption --encryption-type KMS --key-id KEY), after giving
#     producers kms:GenerateDataKey and consumers kms:Decrypt on it. Records put
#     earlier stay in plaintext until retention ends.
package policies.kinesis.stream_encrypted

import data.lib.encryption

violations contains message("none") if {
	encryption.rank(data.params.required_level) > encryption.rank("none")
	not kms
}

# KMS is at least aws-managed: the key matters only to those who ask for more.
violations contains message(key_level) if {
	encryption.rank(data.params.required_level) > encryption.rank("aws-managed")
	kms
	encryption.rank(key_level) < encryption.rank(data.params.required_level)
}

message(level) := sprintf("encryption at rest is %s; required is %s or stronger", [level, data.params.required_level])

kms if input.facts.encryption.type == "KMS"

default key_level := "aws-managed"

key_level := encryption.key_level(input.facts.encryption.key)
