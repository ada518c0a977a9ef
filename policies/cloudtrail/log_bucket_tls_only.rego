# METADATA
# title: Buckets of CloudTrail logs deny requests without TLS
# description: >-
#   S3 answers plain HTTP unless the bucket policy denies it, so that logs could be
#   read on the way. The policy must deny for every principal and action, on the
#   bucket and on its objects; AWS services may be excepted. This doesn't judge TLS
#   versions.
# related_resources:
# - https://docs.aws.amazon.com/AmazonS3/latest/userguide/security-best-practices.html
# - https://docs.aws.amazon.com/awscloudtrail/latest/userguide/create-s3-bucket-policy-for-cloudtrail.html
# custom:
#   control: CT-07
#   severity: high
#   resource: AWS::CloudTrail::Trail
#   profiles: [baseline]
#   related:
#     bucket: {type: AWS::S3::Bucket, at: facts.bucket_arn}
#   frameworks:
#     nist-800-53-r5:
#     - {id: AU-9, source: analysis}
#     - {id: SC-8, source: analysis}
#     - {id: SC-8(1), source: analysis}
#     hipaa-164:
#     - {id: 164.312(e)(1), source: analysis}
#     soc2-tsc:
#     - {id: CC6.7, source: analysis}
#     iso-27001-2022:
#     - {id: A.8.24, source: analysis}
#   remediation: >-
#     Add to the bucket policy a Deny of s3:* for Principal * on the bucket and on
#     its objects with the condition Bool aws:SecureTransport = false.
package policies.cloudtrail.log_bucket_tls_only

violations contains "the log bucket's policy does not deny requests without TLS on the bucket; required is a deny" if {
	not input.related.bucket.facts.policy.insecure_transport.bucket_denied == true
}

violations contains "the log bucket's policy does not deny requests without TLS on its objects; required is a deny" if {
	not input.related.bucket.facts.policy.insecure_transport.objects_denied == true
}
