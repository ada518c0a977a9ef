# METADATA
# title: Firehose streams are encrypted with a customer managed key
# description: >-
#   A customer managed key has a policy, a rotation and an audit trail that its
#   owner decides and can read; an AWS owned key has none of these in the
#   customer's account. This is a choice about control: records under an AWS owned
#   key are encrypted. It judges the kind of key, not whether the key is usable.
# related_resources:
# - https://docs.aws.amazon.com/firehose/latest/dev/encryption.html
# - https://docs.aws.amazon.com/firehose/latest/APIReference/API_DeliveryStreamEncryptionConfiguration.html
# custom:
#   control: FH-02
#   severity: medium
#   resource: AWS::KinesisFirehose::DeliveryStream
#   profiles: [cmk]
#   frameworks:
#     nist-800-53-r5:
#     - {id: SC-12, source: analysis}
#     - {id: SC-28(1), source: analysis}
#     pci-dss-4.0.1:
#     - {id: "3.6.1", source: analysis}
#     hipaa-164:
#     - {id: 164.312(a)(2)(iv), source: analysis}
#     soc2-tsc:
#     - {id: CC6.1, source: analysis}
#     iso-27001-2022:
#     - {id: A.8.24, source: analysis}
#   remediation: >-
#     Call aws firehose start-delivery-stream-encryption with KeyType
#     CUSTOMER_MANAGED_CMK and the ARN of an enabled symmetric key whose policy
#     lets the caller create grants for Firehose (kms:CreateGrant).
package policies.firehose.stream_key_customer_managed

# A stream without encryption fails firehose/stream_encrypted.
applies if {
	input.facts.source.type == "DirectPut"
	input.facts.encryption.status != "DISABLED"
	input.facts.encryption.key_type
}

violations contains "the key is owned by AWS; required is a customer managed key" if {
	input.facts.encryption.key_type != "CUSTOMER_MANAGED_CMK"
}
