# METADATA
# title: Firehose streams that take direct puts encrypt records at rest
# description: >-
#   Firehose buffers records before it delivers them, and keeps them for a day
#   when delivery fails. Server-side encryption exists for direct puts only; other
#   sources encrypt for themselves. A failed change of key leaves the old key in
#   place, and a failed disabling leaves encryption on: both count as encrypted.
#   While ENABLING, AWS says that records are not encrypted.
# related_resources:
# - https://docs.aws.amazon.com/firehose/latest/dev/encryption.html
# - https://docs.aws.amazon.com/firehose/latest/APIReference/API_StartDeliveryStreamEncryption.html
# custom:
#   control: FH-01
#   severity: high
#   resource: AWS::KinesisFirehose::DeliveryStream
#   profiles: [baseline]
#   params:
#     required_level:
#       default: aws-owned
#       enum: [none, aws-owned, aws-managed, customer-managed, external-hsm]
#       description: weakest key that the delivery stream may be encrypted with
#   frameworks:
#     nist-800-53-r5:
#     - {id: AC-3, source: security-hub}
#     - {id: AU-3, source: security-hub}
#     - {id: SC-12, source: security-hub}
#     - {id: SC-13, source: security-hub}
#     - {id: SC-28, source: security-hub}
#     security-hub:
#     - {id: DataFirehose.1, source: security-hub}
#     pci-dss-4.0.1:
#     - {id: "3.5.1", source: analysis}
#     hipaa-164:
#     - {id: 164.312(a)(2)(iv), source: analysis}
#     soc2-tsc:
#     - {id: CC6.1, source: analysis}
#     iso-27001-2022:
#     - {id: A.8.24, source: prowler}
#   remediation: >-
#     Call aws firehose start-delivery-stream-encryption with KeyType
#     CUSTOMER_MANAGED_CMK and an enabled symmetric key (or AWS_OWNED_CMK), with
#     credentials younger than 6 hours. Afterwards describe the stream: ENABLED
#     is encrypted, ENABLING_FAILED names what stood in the way.
package policies.firehose.stream_encrypted

import data.lib.encryption

applies if input.facts.source.type == "DirectPut"

violations contains message(level) if {
	level != "customer-managed"
	encryption.rank(level) < encryption.rank(data.params.required_level)
}

# Where the key is kept matters only to those who ask for more.
violations contains message(key_level) if {
	encryption.rank(data.params.required_level) > encryption.rank("customer-managed")
	level == "customer-managed"
	encryption.rank(key_level) < encryption.rank(data.params.required_level)
}

violations contains "the encryption status is missing; required is server-side encryption" if {
	not input.facts.encryption.status
}

message(found) := sprintf(
	"server-side encryption is %s, level %s; required is %s or stronger",
	[input.facts.encryption.status, found, data.params.required_level],
)

level := "customer-managed" if {
	encrypted
	input.facts.encryption.key_type == "CUSTOMER_MANAGED_CMK"
} else := "aws-owned" if {
	encrypted
} else := "none"

default key_level := "customer-managed"

key_level := encryption.key_level(input.facts.encryption.key)

encrypted if input.facts.encryption.status in {"ENABLED", "DISABLING", "DISABLING_FAILED"}

# The change to another key failed, the old one stays. With no key type it was
# the first attempt, and nothing is encrypted.
encrypted if {
	input.facts.encryption.status == "ENABLING_FAILED"
	input.facts.encryption.key_type
}
