# METADATA
# title: Kinesis streams are judged when their encryption is settled
# description: >-
#   While a stream is created or updated, AWS may report the old encryption
#   setting or the new one. The reading is then a gap, this policy answers
#   unknown, and so does every other that reads it. It passes for a settled
#   stream and says nothing of whether that stream is encrypted.
# related_resources:
# - https://docs.aws.amazon.com/kinesis/latest/APIReference/API_StartStreamEncryption.html
# - https://docs.aws.amazon.com/kinesis/latest/APIReference/API_StreamDescriptionSummary.html
# custom:
#   control: KDS-10
#   severity: info
#   resource: AWS::Kinesis::Stream
#   profiles: [baseline]
#   frameworks: {}
#   remediation: >-
#     Scan again when the stream is ACTIVE (aws kinesis wait stream-exists). If it
#     stays in transition for more than a few minutes, ask AWS Support.
package policies.kinesis.stream_settled

violations contains "the encryption setting is neither NONE nor KMS; required is a settled one" if not settled

settled if input.facts.encryption.type in {"NONE", "KMS"}
