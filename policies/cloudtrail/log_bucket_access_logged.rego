# METADATA
# title: Buckets of CloudTrail logs have access logging
# description: >-
#   Server access logs show who read or deleted log files, which the trail itself
#   doesn't show unless it logs data events of that bucket. This judges that
#   logging is configured, not that the target bucket is safe.
# related_resources:
# - https://docs.aws.amazon.com/AmazonS3/latest/userguide/ServerLogs.html
# - https://docs.aws.amazon.com/awscloudtrail/latest/userguide/best-practices-security.html
# custom:
#   control: CT-07
#   severity: low
#   resource: AWS::CloudTrail::Trail
#   profiles: [baseline]
#   related:
#     bucket: {type: AWS::S3::Bucket, at: facts.bucket_arn}
#   frameworks:
#     nist-800-53-r5:
#     - {id: AU-9, source: analysis}
#     security-hub:
#     - {id: CloudTrail.7, source: security-hub}
#     cis-aws-3.0.0:
#     - {id: "3.4", source: cis}
#     cis-aws-5.0.0:
#     - {id: "3.4", source: cis}
#     cis-aws-7.0.0:
#     - {id: "4.4", source: cis}
#     pci-dss-4.0.1:
#     - {id: "10.2.1", source: security-hub}
#     hipaa-164:
#     - {id: 164.312(b), source: analysis}
#     iso-27001-2022:
#     - {id: A.8.15, source: prowler}
#   remediation: >-
#     Turn on server access logging into another bucket of the same region and
#     account (aws s3api put-bucket-logging) whose policy lets
#     logging.s3.amazonaws.com write.
package policies.cloudtrail.log_bucket_access_logged

violations contains "access logging of the log bucket is off; required is on" if {
	not input.related.bucket.facts.logging.enabled == true
}
