# METADATA
# title: Sampled S3 objects use the Bucket Key where their bucket has one
# description: >-
#   Objects that were written before a bucket had a Bucket Key, or that named another
#   setting, ask KMS for each read and write. That costs calls; it also leaves an entry
#   in CloudTrail for each object, which some want. It says nothing about how well the
#   objects are encrypted.
# related_resources:
# - https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-key.html
# - https://docs.aws.amazon.com/AmazonS3/latest/userguide/viewing-bucket-key-settings.html
# custom:
#   control: S3-17
#   severity: info
#   resource: AWS::S3::Object
#   profiles: [cmk]
#   related:
#     bucket: {type: AWS::S3::Bucket, at: facts.bucket}
#   frameworks:
#     nist-800-53-r5:
#     - {id: SC-12, source: analysis}
#     soc2-tsc:
#     - {id: CC6.1, source: analysis}
#     iso-27001-2022:
#     - {id: A.8.24, source: analysis}
#   remediation: >-
#     Let the objects use it (aws s3api update-object-encryption with BucketKeyEnabled),
#     or turn it off for the bucket where an entry for each object is wanted (aws s3api
#     put-bucket-encryption, BucketKeyEnabled).
package policies.s3.objects_bucket_key_consistent

import data.lib.sampling

applies if {
	input.facts.server_side.algorithm == "aws:kms"
	input.related.bucket.facts.encryption.bucket_key_enabled == true
}

violations contains msg if {
	not input.facts.server_side.bucket_key == true
	msg := sprintf(
		"the Bucket Key is not used for %s; required is the bucket's setting, which is to use it",
		[sampling.which(input.facts, "objects")],
	)
}
