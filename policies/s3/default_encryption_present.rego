# METADATA
# title: S3 buckets have default encryption
# description: >-
#   S3 has encrypted every new object at least under its own key since 2023-01-05,
#   so a bucket without a default is a sign of an old partition or of an endpoint
#   that isn't S3's. This says nothing of objects uploaded before that day, which
#   stay as they were, or of which key is used.
# related_resources:
# - https://docs.aws.amazon.com/AmazonS3/latest/userguide/default-encryption-faq.html
# - https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketEncryption.html
# custom:
#   control: S3-01
#   severity: low
#   resource: AWS::S3::Bucket
#   profiles: [baseline]
#   frameworks:
#     nist-800-53-r5:
#     - {id: SC-28, source: analysis}
#     - {id: SC-28(1), source: analysis}
#     - {id: SC-13, source: analysis}
#     pci-dss-4.0.1:
#     - {id: "3.5.1", source: analysis}
#     hipaa-164:
#     - {id: 164.312(a)(2)(iv), source: prowler}
#     soc2-tsc:
#     - {id: CC6.1, source: analysis}
#     iso-27001-2022:
#     - {id: A.8.24, source: analysis}
#   remediation: >-
#     Set default encryption (aws s3api put-bucket-encryption --bucket BUCKET
#     --server-side-encryption-configuration '{"Rules":
#     [{"ApplyServerSideEncryptionByDefault":{"SSEAlgorithm":"aws:kms","KMSMasterKeyID":"KEY-ARN"},
#     "BucketKeyEnabled":true}]}'), then encrypt objects from before by copying them
#     over themselves.
package policies.s3.default_encryption_present

violations contains "there is no default encryption; required is a rule with an algorithm" if not present

present if {
	input.facts.encryption.rules > 0
	input.facts.encryption.algorithm
}
