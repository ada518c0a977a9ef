# METADATA
# title: KMS keys of client-side encrypted Kinesis records are usable
# description: >-
#   Data that a client encrypted is lost when the KMS key that wraps its data key is
#   deleted, and can't be read while that is disabled; the service that stores it
#   doesn't know. This judges the KMS keys that the records name by ARN, and those that
#   opened them. One of several is enough to open a message, so that one in a bad state
#   may be a spare.
# related_resources:
# - https://docs.aws.amazon.com/kms/latest/developerguide/key-state.html
# - https://docs.aws.amazon.com/kms/latest/developerguide/deleting-keys.html
# custom:
#   severity: high
#   resource: AWS::Kinesis::Record
#   profiles: [baseline]
#   frameworks:
#     nist-800-53-r5:
#     - {id: SC-12, source: analysis}
#     - {id: SC-12(1), source: analysis}
#     - {id: SC-12(2), source: analysis}
#     hipaa-164:
#     - {id: 164.312(a)(2)(iv), source: analysis}
#     soc2-tsc:
#     - {id: A1.2, source: analysis}
#     iso-27001-2022:
#     - {id: A.8.24, source: analysis}
#   remediation: >-
#     Cancel the key's deletion (aws kms cancel-key-deletion) and enable it (aws kms
#     enable-key), then encrypt the records again under another key if this one shall
#     go. What was wrapped by a key that is gone alone is lost.
package policies.kinesis.client_encryption_key_usable

import data.lib.client
import data.lib.sampling

applies if count(input.facts.client_side.kms_keys) > 0

violations contains msg if {
	some fault in client.key_faults(input.facts.client_side.kms_keys)
	msg := sprintf("%s, for %s; required is an enabled key", [fault, sampling.which(input.facts, "records")])
}
