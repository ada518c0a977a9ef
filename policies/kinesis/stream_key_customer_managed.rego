# METADATA
# title: Kinesis streams are encrypted with a customer managed key
# description: >-
#   Only a customer managed key has a key policy, a rotation and a deletion that
#   its owner decides, and lets other accounts read the stream. The AWS managed
#   key aws/kinesis encrypts just as well: this is a choice about control, not a
#   statement that records are readable. alias/aws/kinesis is AWS managed in
#   whatever account its ARN names.
# related_resources:
# - https://docs.aws.amazon.com/streams/latest/dev/creating-using-sse-master-keys.html
# - https://docs.aws.amazon.com/kms/latest/developerguide/concepts.html
# custom:
#   control: KDS-02
#   severity: medium
#   resource: AWS::Kinesis::Stream
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
#     Create a customer managed key of type SYMMETRIC_DEFAULT in the stream's
#     region, allow producers kms:GenerateDataKey and consumers kms:Decrypt in its
#     policy, then call aws kinesis start-stream-encryption with that key's ARN.
package policies.kinesis.stream_key_customer_managed

applies if input.facts.encryption.type == "KMS"

violations contains "the key is AWS managed; required is a customer managed key" if {
	not customer_managed
	not gone
}

violations contains "KMS has no such key; required is a customer managed key" if gone

gone if input.facts.encryption.key.exists == false

customer_managed if {
	input.facts.encryption.key.manager == "CUSTOMER"
	not aws_alias
}

aws_alias if startswith(input.facts.encryption.key.alias, "alias/aws/")
