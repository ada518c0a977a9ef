# METADATA
# title: S3 buckets encrypt with a customer managed key by default
# description: >-
#   Only a customer managed key has a key policy, a rotation and a deletion that its
#   owner decides, and lets other accounts read the objects. The AWS managed key
#   aws/s3 encrypts just as well: this is a choice about control, not a statement
#   that objects are readable. aws:kms without a key means aws/s3. Uploads that name
#   another key are not judged.
# related_resources:
# - https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html
# - https://docs.aws.amazon.com/kms/latest/developerguide/concepts.html
# custom:
#   control: S3-03
#   severity: medium
#   resource: AWS::S3::Bucket
#   profiles: [cmk]
#   frameworks:
#     nist-800-53-r5:
#     - {id: SC-12, source: analysis}
#     - {id: SC-12(2), source: analysis}
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
#     Create a customer managed key of type SYMMETRIC_DEFAULT in the bucket's region,
#     allow writers kms:GenerateDataKey and readers kms:Decrypt in its policy, and name
#     it by its full ARN (aws s3api put-bucket-encryption --bucket BUCKET
#     --server-side-encryption-configuration '{"Rules":
#     [{"ApplyServerSideEncryptionByDefault":{"SSEAlgorithm":"aws:kms","KMSMasterKeyID":"KEY-ARN"},
#     "BucketKeyEnabled":true}]}'). The call replaces the whole rule: keep the SSEAlgorithm
#     aws:kms:dsse (without BucketKeyEnabled, which it doesn't have) and the
#     BlockedEncryptionTypes that the bucket has.
package policies.s3.default_key_customer_managed

applies if input.facts.encryption.algorithm in {"aws:kms", "aws:kms:dsse"}

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
