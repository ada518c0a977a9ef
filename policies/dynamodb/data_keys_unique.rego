# METADATA
# title: Client-side encrypted DynamoDB items have data keys of their own
# description: >-
#   Two AES-GCM ciphertexts under one key and one initialisation vector reveal both
#   plaintexts and let anyone forge more. This finds items of the region's sample that
#   share a wrapped data key, or an initialisation vector under it; a copy doesn't
#   count. Formats that derive a key for each ciphertext from the data key may share
#   that, as caches do: then only the vector or message id counts. A repeat outside of
#   the sample is not seen.
# related_resources:
# - https://docs.aws.amazon.com/database-encryption-sdk/latest/devguide/concepts.html
# - https://csrc.nist.gov/pubs/sp/800/38/d/final
# custom:
#   severity: critical
#   resource: AWS::DynamoDB::Item
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
#     Find the writer that keeps a data key, or whose random numbers repeat (a cloned
#     machine or a broken generator), and stop it. Take what it encrypted as revealed;
#     encrypt it again with the AWS Database Encryption SDK for DynamoDB.
package policies.dynamodb.data_keys_unique

import data.lib.client
import data.lib.sampling

applies if input.facts.duplicates

violations contains msg if {
	some repeat in client.repeats(input.facts.duplicates, derived)
	msg := sprintf("%s, among %s; required is a data key for each", [repeat, sampling.which(input.facts, "items")])
}

default derived := false

derived if {
	input.facts.client_side.format in {"dbesdk"}
	not underived
}

underived if "no-key-derivation" in input.facts.weaknesses
