# METADATA
# title: Kinesis sources of Firehose streams encrypt records at rest
# description: >-
#   A delivery stream that reads a Kinesis data stream can't have server-side
#   encryption of its own: its records rest in the source, and the source's
#   setting decides. A source in an account or region that was not read leaves
#   this unknown.
# related_resources:
# - https://docs.aws.amazon.com/firehose/latest/dev/encryption.html
# - https://docs.aws.amazon.com/streams/latest/dev/server-side-encryption.html
# custom:
#   control: FH-04
#   severity: high
#   resource: AWS::KinesisFirehose::DeliveryStream
#   profiles: [baseline]
#   related:
#     source: {type: AWS::Kinesis::Stream, at: facts.source.stream_arn}
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
#     Start server-side encryption on the source stream (aws kinesis
#     start-stream-encryption) and give the delivery stream's role kms:Decrypt on
#     that key.
package policies.firehose.source_encrypted

applies if input.facts.source.type == "KinesisStreamAsSource"

violations contains "the source Kinesis stream is not encrypted at rest; required is KMS encryption" if not encrypted

encrypted if input.related.source.facts.encryption.type == "KMS"
