# METADATA
# title: No sampled S3 object is under a customer-provided key
# description: >-
#   With SSE-C the writer brings a key that AWS doesn't keep: without it the object is
#   lost, no key policy or log shows who reads it, and whoever has stolen credentials
#   can take a bucket hostage with it. S3 says that an object is under such a key even
#   to those who don't have it. This judges sampled current versions.
# related_resources:
# - https://docs.aws.amazon.com/AmazonS3/latest/userguide/ServerSideEncryptionCustomerKeys.html
# - https://docs.aws.amazon.com/AmazonS3/latest/userguide/blocking-unblocking-s3-c-encryption-gpb.html
# custom:
#   control: S3-16
#   severity: high
#   resource: AWS::S3::Object
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
#     Find who wrote the objects (CloudTrail data events have the algorithm of a
#     customer-provided key). If it is meant, copy them with their key to SSE-KMS (aws
#     s3 cp with --sse-c-copy-source and --sse aws:kms); if nobody knows the key,
#     restore older versions or backups. Then block SSE-C on the bucket (aws s3api
#     put-bucket-encryption, BlockedEncryptionTypes).
package policies.s3.objects_sse_c_absent

import data.lib.sampling

violations contains msg if {
	input.facts.server_side.algorithm == "SSE-C"
	msg := sprintf(
		"the key is the customer's own (SSE-C) for %s; required is a key that AWS keeps",
		[sampling.which(input.facts, "objects")],
	)
}
