# METADATA
# title: S3 stores sampled objects encrypted
# description: >-
#   S3 encrypts whatever is written since 2023-01-05, and is not retroactive: objects
#   that were written before without encryption stay in plaintext until they are written
#   again. This judges S3's own encryption of sampled current versions; what a client
#   encrypted before is judged by other policies.
# related_resources:
# - https://docs.aws.amazon.com/AmazonS3/latest/userguide/default-encryption-faq.html
# - https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html
# custom:
#   control: S3-13
#   severity: high
#   resource: AWS::S3::Object
#   profiles: [baseline]
#   frameworks:
#     nist-800-53-r5:
#     - {id: SC-28, source: analysis}
#     - {id: SC-28(1), source: analysis}
#     - {id: SC-13, source: analysis}
#     pci-dss-4.0.1:
#     - {id: "3.5.1", source: analysis}
#     hipaa-164:
#     - {id: 164.312(a)(2)(iv), source: analysis}
#     soc2-tsc:
#     - {id: CC6.1, source: analysis}
#     iso-27001-2022:
#     - {id: A.8.24, source: analysis}
#   remediation: >-
#     Copy the objects onto themselves (aws s3 cp s3://BUCKET/KEY s3://BUCKET/KEY --sse
#     aws:kms --sse-kms-key-id KEY, or S3 Batch Operations for many);
#     update-object-encryption refuses unencrypted objects. In a bucket with versions
#     the plaintext stays behind as an older one: delete it. S3 Inventory (field
#     EncryptionStatus, NOT-SSE) lists what else is in plaintext.
package policies.s3.objects_encrypted

import data.lib.sampling

violations contains msg if {
	algorithm == "none"
	msg := sprintf(
		"server-side encryption is none for %s; required is encryption at rest",
		[sampling.which(input.facts, "objects")],
	)
}

default algorithm := "none"

algorithm := input.facts.server_side.algorithm
