# METADATA
# title: Kinesis stores sampled records encrypted
# description: >-
#   Server-side encryption is not retroactive: records that were put before it was
#   started, or while it was stopped, stay in plaintext until their retention ends. The
#   stream's setting doesn't say so; each record does. This judges the records that were
#   read, and says nothing of others of the stream.
# related_resources:
# - https://docs.aws.amazon.com/streams/latest/dev/server-side-encryption.html
# - https://docs.aws.amazon.com/kinesis/latest/APIReference/API_Record.html
# custom:
#   control: KDS-04
#   severity: medium
#   resource: AWS::Kinesis::Record
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
#     Start server-side encryption if it is off (aws kinesis start-stream-encryption).
#     Records that are in plaintext stay so until retention drops them: shorten it when
#     their consumers are done (aws kinesis decrease-stream-retention-period), and set
#     it back after.
package policies.kinesis.records_encrypted

import data.lib.sampling

violations contains msg if {
	not input.facts.server_side.type == "KMS"
	msg := sprintf("server-side encryption is none for %s; required is KMS", [sampling.which(input.facts, "records")])
}
