# METADATA
# title: Client-side encrypted S3 objects commit to their key
# description: >-
#   AES-GCM alone lets whoever can write the wrapped data key make one ciphertext that
#   opens to two plaintexts, under two keys. Format V3 of the S3 Encryption Client and
#   version 2 of the AWS Encryption SDK's messages have a commitment to the one key;
#   earlier formats have none, and instruction files make the attack easy
#   (CVE-2025-14763 and its siblings).
# related_resources:
# - https://aws.amazon.com/security/security-bulletins/AWS-2025-032/
# - https://docs.aws.amazon.com/amazon-s3-encryption-client/latest/developerguide/java-v4-migration.html
# - https://docs.aws.amazon.com/encryption-sdk/latest/developer-guide/concepts.html
# custom:
#   severity: medium
#   resource: AWS::S3::Object
#   profiles: [baseline]
#   frameworks:
#     nist-800-53-r5:
#     - {id: SI-7, source: analysis}
#     - {id: SI-7(6), source: analysis}
#     - {id: SC-28(1), source: analysis}
#     hipaa-164:
#     - {id: 164.312(c)(1), source: analysis}
#     - {id: 164.312(c)(2), source: analysis}
#     soc2-tsc:
#     - {id: CC6.1, source: analysis}
#     iso-27001-2022:
#     - {id: A.8.24, source: analysis}
#   remediation: >-
#     Let every reader understand the new format first, then write with the current S3
#     Encryption Client (its commitment policy REQUIRE_ENCRYPT_REQUIRE_DECRYPT) or AWS
#     Encryption SDK, and write the objects again.
package policies.s3.client_encryption_committing

import data.lib.client
import data.lib.sampling

applies if {
	client.sealed(input.facts.client_side.format)
	is_boolean(input.facts.client_side.committing)
}

violations contains msg if {
	not input.facts.client_side.committing
	msg := sprintf(
		"the ciphertext does not commit to its data key for %s; required is a committing algorithm suite",
		[sampling.which(input.facts, "objects")],
	)
}
