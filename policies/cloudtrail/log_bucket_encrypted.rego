# METADATA
# title: Buckets of CloudTrail logs encrypt with KMS
# description: >-
#   A trail without a key of its own leaves the choice to the bucket's default
#   encryption; under SSE-S3 whoever may read the bucket may read the logs. A trail
#   that sets a key doesn't depend on it. Log files already there are not judged.
# related_resources:
# - https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-encryption.html
# - https://docs.aws.amazon.com/awscloudtrail/latest/userguide/encrypting-cloudtrail-log-files-with-aws-kms.html
# custom:
#   control: CT-07
#   severity: medium
#   resource: AWS::CloudTrail::Trail
#   profiles: [baseline]
#   related:
#     bucket: {type: AWS::S3::Bucket, at: facts.bucket_arn}
#   frameworks:
#     nist-800-53-r5:
#     - {id: AU-9, source: analysis}
#     - {id: SC-28, source: analysis}
#     - {id: SC-28(1), source: analysis}
#     pci-dss-4.0.1:
#     - {id: "10.3.2", source: analysis}
#     hipaa-164:
#     - {id: 164.312(a)(2)(iv), source: analysis}
#     soc2-tsc:
#     - {id: CC6.1, source: analysis}
#     iso-27001-2022:
#     - {id: A.8.24, source: analysis}
#   remediation: >-
#     First allow cloudtrail.amazonaws.com kms:GenerateDataKey* and kms:DescribeKey in
#     the policy of a symmetric customer managed key of the bucket's region, or
#     delivery stops. Then set the key on the trail (aws cloudtrail update-trail
#     --kms-key-id KEY), or make aws:kms with it the bucket's default encryption (aws
#     s3api put-bucket-encryption).
package policies.cloudtrail.log_bucket_encrypted

import data.lib.encryption

# The trail's own key overrides the bucket's default.
applies if not input.facts.encrypted == true

violations contains "the log bucket's default encryption is not KMS; required is aws:kms or aws:kms:dsse" if {
	not kms_by_default
}

kms_by_default if {
	level := encryption.bucket_level(input.related.bucket.facts.encryption.algorithm)
	encryption.rank(level) >= encryption.rank("aws-managed")
}
