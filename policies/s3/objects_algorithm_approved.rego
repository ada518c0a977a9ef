# METADATA
# title: S3 encrypts sampled objects with an approved algorithm
# description: >-
#   Under KMS every use of the key is authorised by its policy and logged; under SSE-S3
#   whoever may read an object reads it decrypted. A bucket's default encryption says
#   nothing of objects that are older or named another one. aws:fsx and aws:backup are
#   KMS under a key that those services choose. Plaintext and SSE-C are judged by
#   policies of their own.
# related_resources:
# - https://docs.aws.amazon.com/AmazonS3/latest/userguide/serv-side-encryption.html
# - https://docs.aws.amazon.com/AmazonS3/latest/userguide/update-sse-encryption.html
# custom:
#   control: S3-14
#   severity: medium
#   resource: AWS::S3::Object
#   profiles: [cmk]
#   params:
#     approved_algorithms:
#       default:
#       - aws:backup
#       - aws:fsx
#       - aws:kms
#       - aws:kms:dsse
#       description: algorithms, in S3's words, that objects may be encrypted with; AES256 is SSE-S3
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
#     Give writers kms:GenerateDataKey and readers kms:Decrypt on the key, then change
#     the objects' encryption (aws s3api update-object-encryption, or S3 Batch
#     Operations for many), or allow the algorithm in the parameter approved_algorithms.
package policies.s3.objects_algorithm_approved

import data.lib.sampling

applies if not algorithm in {"none", "SSE-C"}

violations contains msg if {
	not algorithm in data.params.approved_algorithms
	msg := sprintf(
		"server-side encryption is %s for %s; required is one of the parameter approved_algorithms",
		[algorithm, sampling.which(input.facts, "objects")],
	)
}

algorithm := input.facts.server_side.algorithm
