# METADATA
# title: Firehose delivers to S3 with the required encryption
# description: >-
#   Objects are encrypted with the key that the delivery stream sets, otherwise
#   as the bucket's default encryption says: a delivery stream without a key does
#   not write plaintext. A key that KMS doesn't have fails. This judges objects
#   delivered from now on, and says nothing of those already there, of the key's
#   state, or of the warehouse bucket of Iceberg tables.
# related_resources:
# - https://docs.aws.amazon.com/firehose/latest/APIReference/API_EncryptionConfiguration.html
# - https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-encryption.html
# custom:
#   control: FH-07
#   severity: medium
#   resource: AWS::KinesisFirehose::DeliveryStream
#   profiles: [baseline]
#   params:
#     required_level:
#       default: aws-managed
#       enum: [none, aws-owned, aws-managed, customer-managed, external-hsm]
#       description: weakest key that delivered objects may be encrypted with; S3's own key (SSE-S3) counts as aws-owned
#   related:
#     bucket: {type: AWS::S3::Bucket, at: facts.destination.s3.inherits}
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
#     Set a KMS key for the destination (aws firehose update-destination with
#     EncryptionConfiguration.KMSEncryptionConfig.AWSKMSKeyARN) and give the
#     stream's role kms:GenerateDataKey and kms:Decrypt on it, or make aws:kms
#     with that key the bucket's default encryption.
package policies.firehose.destination_encrypted

import data.lib.encryption

applies if input.facts.destination.s3.bucket_arn

violations contains message(level) if {
	level != "aws-managed"
	encryption.rank(level) < encryption.rank(data.params.required_level)
}

# KMS is at least aws-managed: the key matters only to those who ask for more.
violations contains message(key_level) if {
	not gone
	encryption.rank(data.params.required_level) > encryption.rank("aws-managed")
	level == "aws-managed"
	encryption.rank(key_level) < encryption.rank(data.params.required_level)
}

violations contains "KMS has no such key as the delivery stream names; required is an existing key" if gone

message(found) := sprintf(
	"%s gives encryption at level %s; required is %s or stronger",
	[decider, found, data.params.required_level],
)

default decider := "the bucket's default encryption"

decider := "the delivery stream's key" if own_key

own_key if input.facts.destination.s3.key

gone if input.facts.destination.s3.key.exists == false

level := "aws-managed" if {
	own_key
} else := by_default if {
	by_default := encryption.bucket_level(input.related.bucket.facts.encryption.algorithm)
} else := "none"

key_level := encryption.key_level(input.facts.destination.s3.key) if {
	own_key
} else := encryption.key_level(input.related.bucket.facts.encryption.key) if {
	not own_key
} else := "aws-managed"
