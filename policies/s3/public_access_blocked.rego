# METADATA
# title: S3 buckets block public access
# description: >-
#   S3 decrypts an object under its own key for everyone who may read it, so that
#   encryption at rest does not help a public bucket. All four settings of the public
#   access block must hold, set on the bucket or on its account. Says nothing of
#   access granted to named accounts.
# related_resources:
# - https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html
# - https://docs.aws.amazon.com/AmazonS3/latest/API/API_PublicAccessBlockConfiguration.html
# custom:
#   control: S3-22
#   severity: high
#   resource: AWS::S3::Bucket
#   profiles: [baseline]
#   frameworks:
#     nist-800-53-r5:
#     - {id: AC-3, source: security-hub}
#     - {id: AC-4, source: security-hub}
#     - {id: AC-6, source: security-hub}
#     - {id: SC-7, source: security-hub}
#     - {id: SC-7(3), source: security-hub}
#     - {id: SC-7(4), source: security-hub}
#     - {id: SC-7(9), source: security-hub}
#     - {id: SC-7(11), source: security-hub}
#     - {id: SC-7(16), source: security-hub}
#     - {id: SC-7(20), source: security-hub}
#     - {id: SC-7(21), source: security-hub}
#     security-hub:
#     - {id: S3.1, source: security-hub}
#     - {id: S3.8, source: security-hub}
#     cis-aws-3.0.0:
#     - {id: "2.1.4", source: cis}
#     cis-aws-5.0.0:
#     - {id: "2.1.4", source: cis}
#     cis-aws-7.0.0:
#     - {id: "3.1.4", source: cis}
#     pci-dss-4.0.1:
#     - {id: "1.4.4", source: security-hub}
#     hipaa-164:
#     - {id: 164.312(a)(1), source: prowler}
#     soc2-tsc:
#     - {id: CC6.1, source: prowler}
#     - {id: CC6.6, source: analysis}
#     iso-27001-2022:
#     - {id: A.8.3, source: analysis}
#   remediation: >-
#     Turn on all four settings for the bucket (aws s3api put-public-access-block
#     --bucket BUCKET --public-access-block-configuration
#     BlockPublicAcls=true,IgnorePublicAcls=true,BlockPublicPolicy=true,RestrictPublicBuckets=true)
#     or for the account (aws s3control put-public-access-block --account-id ACCOUNT with
#     the same). What must be public belongs behind CloudFront with origin access
#     control.
package policies.s3.public_access_blocked

violations contains "BlockPublicAcls is off for the bucket and its account; required is on" if {
	not input.facts.public_access.block_public_acls == true
}

violations contains "IgnorePublicAcls is off for the bucket and its account; required is on" if {
	not input.facts.public_access.ignore_public_acls == true
}

violations contains "BlockPublicPolicy is off for the bucket and its account; required is on" if {
	not input.facts.public_access.block_public_policy == true
}

violations contains "RestrictPublicBuckets is off for the bucket and its account; required is on" if {
	not input.facts.public_access.restrict_public_buckets == true
}
