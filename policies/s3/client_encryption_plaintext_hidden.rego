# METADATA
# title: Metadata of client-side encrypted S3 objects hides the plaintext
# description: >-
#   Old S3 Encryption Clients for Go put the MD5 of the plaintext into an object's
#   metadata: whoever reads that can confirm a guess of a short or known content without
#   any key (CVE-2022-2582). It stays there until the object is written again.
# related_resources:
# - https://nvd.nist.gov/vuln/detail/CVE-2022-2582
# - https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingMetadata.html
# custom:
#   severity: medium
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
#     Write with the current S3 Encryption Client (its commitment policy
#     REQUIRE_ENCRYPT_REQUIRE_DECRYPT) or AWS Encryption SDK, and write the objects
#     again; where that must wait, copy them with the metadata but for
#     x-amz-unencrypted-content-md5 (aws s3api copy-object --metadata-directive
#     REPLACE).
package policies.s3.client_encryption_plaintext_hidden

import data.lib.sampling

# The algorithm is told where the header of what a client encrypted is legible.
applies if input.facts.client_side.algorithm

violations contains msg if {
	"plaintext-md5" in input.facts.weaknesses
	msg := sprintf(
		"the MD5 of the plaintext stands in the metadata of %s; required is metadata that says nothing of it",
		[sampling.which(input.facts, "objects")],
	)
}
