# METADATA
# title: Client-side encrypted S3 objects have a current format
# description: >-
#   Format V1 of the S3 Encryption Client and its AES-CBC let anyone who can write an
#   object and see errors decrypt it (CVE-2020-8911), its wraps let content be
#   downgraded (CVE-2020-8912), and the oldest suites of the AWS Encryption SDK use a
#   data key as it is. Current clients write V2 or V3, under AES-GCM; that V2 doesn't
#   commit to a key is judged by client_encryption_committing. The metadata is a claim
#   that whoever writes an object can make.
# related_resources:
# - https://docs.aws.amazon.com/amazon-s3-encryption-client/latest/developerguide/encryption-algorithms.html
# - https://nvd.nist.gov/vuln/detail/CVE-2020-8911
# - https://nvd.nist.gov/vuln/detail/CVE-2020-8912
# custom:
#   control: S3-18
#   severity: medium
#   resource: AWS::S3::Object
#   profiles: [baseline]
#   frameworks:
#     nist-800-53-r5:
#     - {id: SC-13, source: analysis}
#     - {id: IA-7, source: analysis}
#     pci-dss-4.0.1:
#     - {id: "12.3.3", source: analysis}
#     hipaa-164:
#     - {id: 164.312(a)(2)(iv), source: analysis}
#     soc2-tsc:
#     - {id: CC6.1, source: analysis}
#     iso-27001-2022:
#     - {id: A.8.24, source: analysis}
#   remediation: >-
#     Read the objects with a current client in its legacy mode, once, and write them
#     again with the current S3 Encryption Client (its commitment policy
#     REQUIRE_ENCRYPT_REQUIRE_DECRYPT) or AWS Encryption SDK; then turn the legacy mode
#     off in every reader.
package policies.s3.client_encryption_current

import data.lib.sampling

# The algorithm is told where the header of what a client encrypted is legible.
applies if input.facts.client_side.algorithm

violations contains msg if {
	some old in outdated
	msg := sprintf("%s, for %s; required is a current format", [old, sampling.which(input.facts, "objects")])
}

outdated contains "the format is V1 of the S3 Encryption Client" if input.facts.client_side.format == "s3ec-v1"

outdated contains "the content is under AES-CBC, which nothing authenticates" if {
	"unauthenticated-cbc" in input.facts.weaknesses
}

outdated contains "the data key is used without derivation, as the oldest suites of the AWS Encryption SDK do" if {
	"no-key-derivation" in input.facts.weaknesses
}

outdated contains text if {
	some wrap in input.facts.client_side.wrap
	wrap in {"AES", "AESWrap", "RSA", "RSA/ECB/OAEPWithSHA-256AndMGF1Padding", "kms"}
	text := sprintf("the data key is wrapped with %q, as old clients do", [wrap])
}
