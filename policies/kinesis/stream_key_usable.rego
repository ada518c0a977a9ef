# METADATA
# title: Keys of encrypted Kinesis streams are usable
# description: >-
#   When its key is disabled, pending deletion or gone, a stream refuses every
#   put, and the records it holds can't be read before retention drops them. This
#   judges the key, not whether producers and consumers are allowed to use it.
# related_resources:
# - https://docs.aws.amazon.com/streams/latest/dev/troubleshooting-producers.html
# - https://docs.aws.amazon.com/kms/latest/developerguide/key-state.html
# custom:
#   control: KDS-03
#   severity: high
#   resource: AWS::Kinesis::Stream
#   profiles: [baseline]
#   frameworks:
#     nist-800-53-r5:
#     - {id: SC-12, source: analysis}
#     - {id: SC-12(1), source: analysis}
#     hipaa-164:
#     - {id: 164.312(a)(2)(iv), source: analysis}
#     soc2-tsc:
#     - {id: A1.2, source: analysis}
#     iso-27001-2022:
#     - {id: A.8.24, source: analysis}
#   remediation: >-
#     Cancel the key's deletion (aws kms cancel-key-deletion) and enable it (aws
#     kms enable-key). If the key is gone or of the wrong kind, start encryption
#     again with an enabled symmetric key of the stream's region; records under a
#     deleted key are lost.
package policies.kinesis.stream_key_usable

import data.lib.encryption

applies if input.facts.encryption.type == "KMS"

violations contains "KMS has no such key; required is an existing key" if {
	input.facts.encryption.key.exists == false
}

violations contains msg if {
	state := input.facts.encryption.key.state
	not encryption.usable(state)
	msg := sprintf("the key's state is %s; required is Enabled", [state])
}

violations contains msg if {
	input.facts.encryption.key.spec != "SYMMETRIC_DEFAULT"
	msg := sprintf("the key's spec is %s; required is SYMMETRIC_DEFAULT", [input.facts.encryption.key.spec])
}

violations contains msg if {
	input.facts.encryption.key.usage != "ENCRYPT_DECRYPT"
	msg := sprintf("the key's usage is %s; required is ENCRYPT_DECRYPT", [input.facts.encryption.key.usage])
}

violations contains msg if {
	input.facts.encryption.key.region != input.scope.region
	msg := sprintf("the key is in region %q; required is the stream's, %q", [input.facts.encryption.key.region, input.scope.region])
}

violations contains "the stream names no key that could be found; required is an enabled key" if not key_found

key_found if input.facts.encryption.key.exists == false

key_found if input.facts.encryption.key.state

# KMS makes an AWS managed key when it is first used.
key_found if startswith(input.facts.encryption.key.alias, "alias/aws/")
