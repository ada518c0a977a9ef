# METADATA
# title: S3 buckets refuse uploads with customer-provided keys
# description: >-
#   With SSE-C the uploader brings a key that AWS doesn't keep: whoever has stolen
#   credentials can encrypt objects so that nobody else reads them again, and no key
#   policy or log shows it. The bucket must block the type, or its policy deny such
#   uploads. S3 blocks it by default on new buckets since 2026-04, not in me-south-1
#   and me-central-1, and left accounts alone that had such objects. Objects already
#   there stay readable with their key and are not judged.
# related_resources:
# - https://docs.aws.amazon.com/AmazonS3/latest/userguide/blocking-unblocking-s3-c-encryption-gpb.html
# - https://docs.aws.amazon.com/AmazonS3/latest/userguide/ServerSideEncryptionCustomerKeys.html
# custom:
#   control: S3-07
#   severity: medium
#   resource: AWS::S3::Bucket
#   profiles: [baseline]
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
#     Find who uploads with SSE-C, then block it. Read the bucket's rule (aws s3api
#     get-bucket-encryption --bucket BUCKET), add
#     "BlockedEncryptionTypes":{"EncryptionType":["SSE-C"]} to it and put it back
#     otherwise unchanged (aws s3api put-bucket-encryption): the call replaces the rule,
#     so that one with another SSEAlgorithm would change the encryption. Where that can't be done, deny it in the bucket policy:
#     {"Effect":"Deny","Principal":"*","Action":"s3:PutObject","Resource":"arn:aws:s3:::BUCKET/*",
#     "Condition":{"Null":{"s3:x-amz-server-side-encryption-customer-algorithm":"false"}}}.
package policies.s3.sse_c_blocked

violations contains msg if {
	not blocked
	not denied
	msg := sprintf("uploads with SSE-C are neither blocked nor denied%s; required is one of both", [note])
}

blocked if "SSE-C" in input.facts.encryption.blocked_types

denied if input.facts.policy.uploads.sse_c.denied == true

default note := ""

note := sprintf(" (S3 does not block them by default in %s)", [input.scope.region]) if {
	input.scope.region in {"me-central-1", "me-south-1"}
}
