# METADATA
# title: Buckets of CloudTrail logs block public access
# description: >-
#   Logs tell an attacker the account's principals, resources and defences. All
#   four settings of the public access block must hold, set on the bucket or on
#   its account. Says nothing of access granted to named accounts. A bucket of an
#   account that was not read is unknown.
# related_resources:
# - https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html
# - https://docs.aws.amazon.com/awscloudtrail/latest/userguide/best-practices-security.html
# custom:
#   control: CT-07
#   severity: high
#   resource: AWS::CloudTrail::Trail
#   profiles: [baseline]
#   related:
#     bucket: {type: AWS::S3::Bucket, at: facts.bucket_arn}
#   frameworks:
#     nist-800-53-r5:
#     - {id: AC-3, source: analysis}
#     - {id: AC-6, source: analysis}
#     - {id: AU-9, source: analysis}
#     security-hub:
#     - {id: CloudTrail.6, source: security-hub}
#     pci-dss-4.0.1:
#     - {id: "1.4.4", source: security-hub}
#     - {id: "10.3.2", source: prowler}
#     hipaa-164:
#     - {id: 164.312(a)(1), source: analysis}
#     soc2-tsc:
#     - {id: CC6.1, source: analysis}
#     iso-27001-2022:
#     - {id: A.8.15, source: prowler}
#   remediation: >-
#     Turn on all four settings (aws s3api put-public-access-block), and remove
#     statements of the bucket policy that allow every principal.
package policies.cloudtrail.log_bucket_private

violations contains "BlockPublicAcls is off for the log bucket; required is on" if {
	not input.related.bucket.facts.public_access.block_public_acls == true
}

violations contains "IgnorePublicAcls is off for the log bucket; required is on" if {
	not input.related.bucket.facts.public_access.ignore_public_acls == true
}

violations contains "BlockPublicPolicy is off for the log bucket; required is on" if {
	not input.related.bucket.facts.public_access.block_public_policy == true
}

violations contains "RestrictPublicBuckets is off for the log bucket; required is on" if {
	not input.related.bucket.facts.public_access.restrict_public_buckets == true
}
