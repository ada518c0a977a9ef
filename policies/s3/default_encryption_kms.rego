# METADATA
# title: S3 buckets encrypt with KMS by default
# description: >-
#   Under KMS every use of the key is authorised by its policy and logged; under
#   SSE-S3 whoever may read an object reads it decrypted. SSE-S3 is encryption all
#   the same. aws:fsx and aws:backup count as KMS, under a key that those services
#   choose. Objects already there and uploads that name another encryption are not
#   judged. Buckets that receive S3 access logs or load balancer logs can only have
#   SSE-S3: waive them.
# related_resources:
# - https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-encryption.html
# - https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html
# custom:
#   control: S3-02
#   severity: medium
#   resource: AWS::S3::Bucket
#   profiles: [baseline]
#   params:
#     required_level:
#       default: aws-managed
#       enum: [none, aws-owned, aws-managed, customer-managed, external-hsm]
#       description: weakest key that objects may be encrypted with by default; S3's own key (SSE-S3) counts as aws-owned
#   frameworks:
#     nist-800-53-r5:
#     - {id: SC-28, source: security-hub}
#     - {id: SC-28(1), source: security-hub}
#     - {id: SC-13, source: security-hub}
#     - {id: SC-12(2), source: security-hub}
#     - {id: SC-7(10), source: security-hub}
#     - {id: CA-9(1), source: security-hub}
#     - {id: CM-3(6), source: security-hub}
#     - {id: SI-7(6), source: security-hub}
#     - {id: AU-9, source: security-hub}
#     security-hub:
#     - {id: S3.17, source: security-hub}
#     pci-dss-4.0.1:
#     - {id: "3.5.1", source: security-hub}
#     hipaa-164:
#     - {id: 164.312(a)(2)(iv), source: analysis}
#     soc2-tsc:
#     - {id: CC6.1, source: analysis}
#     iso-27001-2022:
#     - {id: A.8.24, source: prowler}
#   remediation: >-
#     Give writers kms:GenerateDataKey and readers kms:Decrypt on the key, then make
#     it the default (aws s3api put-bucket-encryption --bucket BUCKET
#     --server-side-encryption-configuration '{"Rules":
#     [{"ApplyServerSideEncryptionByDefault":{"SSEAlgorithm":"aws:kms","KMSMasterKeyID":"KEY-ARN"},
#     "BucketKeyEnabled":true}]}'). Objects already there keep their encryption until
#     they are copied or changed (aws s3api update-object-encryption).
package policies.s3.default_encryption_kms

import data.lib.encryption

# FSx and AWS Backup choose their key, so the bucket can't meet more than KMS.
applies if not chosen_elsewhere

violations contains message(level) if {
	level != "aws-managed"
	encryption.rank(level) < encryption.rank(data.params.required_level)
}

# KMS is at least aws-managed: the key matters only to those who ask for more.
violations contains message(key_level) if {
	encryption.rank(data.params.required_level) > encryption.rank("aws-managed")
	level == "aws-managed"
	encryption.rank(key_level) < encryption.rank(data.params.required_level)
}

message(found) := sprintf(
	"the bucket's default encryption gives encryption at level %s; required is %s or stronger",
	[found, data.params.required_level],
)

chosen_elsewhere if {
	input.facts.encryption.algorithm in {"aws:backup", "aws:fsx"}
	encryption.rank(data.params.required_level) > encryption.rank("aws-managed")
}

default level := "none"

level := encryption.bucket_level(input.facts.encryption.algorithm)

default key_level := "aws-managed"

key_level := encryption.key_level(input.facts.encryption.key)
