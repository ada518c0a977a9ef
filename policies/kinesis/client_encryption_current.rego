# METADATA
# title: Client-side encrypted Kinesis records have a current format
# description: >-
#   The oldest suites of the AWS Encryption SDK use a data key as it is; every later one
#   derives a key for each message from it, so that a data key that is used twice does
#   no harm. Whether the format commits to its key is judged by
#   client_encryption_committing.
# related_resources:
# - https://docs.aws.amazon.com/encryption-sdk/latest/developer-guide/supported-algorithms.html
# - https://docs.aws.amazon.com/encryption-sdk/latest/developer-guide/message-format.html
# custom:
#   severity: medium
#   resource: AWS::Kinesis::Record
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
#     Let producers encrypt with a current AWS Encryption SDK (its commitment policy
#     RequireEncryptRequireDecrypt). Records that are there stay as they are until
#     retention drops them.
package policies.kinesis.client_encryption_current

import data.lib.sampling

# The algorithm is told where the header of what a client encrypted is legible.
applies if input.facts.client_side.algorithm

violations contains msg if {
	some old in outdated
	msg := sprintf("%s, for %s; required is a current format", [old, sampling.which(input.facts, "records")])
}

outdated contains "the data key is used without derivation, as the oldest suites of the AWS Encryption SDK do" if {
	"no-key-derivation" in input.facts.weaknesses
}
