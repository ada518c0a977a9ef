# METADATA
# title: Kinesis streams name their key by ARN or id
# description: >-
#   A stream that names its key by an alias follows the alias: whoever may move it
#   (kms:UpdateAlias) changes what new records are encrypted with, and reads that need
#   the old key go on needing it. The alias aws/kinesis can't be moved and is as clear
#   as an id. This is about clarity, not about how well records are encrypted.
# related_resources:
# - https://docs.aws.amazon.com/streams/latest/dev/getting-started-with-sse.html
# - https://docs.aws.amazon.com/kms/latest/developerguide/alias-authorization.html
# custom:
#   control: KDS-11
#   severity: info
#   resource: AWS::Kinesis::Stream
#   profiles: [cmk]
#   frameworks:
#     nist-800-53-r5:
#     - {id: SC-12, source: analysis}
#     soc2-tsc:
#     - {id: CC6.1, source: analysis}
#     iso-27001-2022:
#     - {id: A.8.24, source: analysis}
#   remediation: >-
#     Start encryption again with the ARN of the key that the alias means (aws kinesis
#     start-stream-encryption --encryption-type KMS --key-id KEY-ARN); nothing is
#     encrypted anew, and records under it stay readable.
package policies.kinesis.stream_key_by_id

applies if input.facts.encryption.type == "KMS"

violations contains msg if {
	alias := input.facts.encryption.key.alias
	not startswith(alias, "alias/aws/")
	msg := sprintf("the stream names its key by the alias %q; required is its ARN or id", [alias])
}
