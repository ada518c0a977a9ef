# METADATA
# title: DynamoDB can reach the keys of its tables
# description: >-
#   When DynamoDB loses access to a table's key it rejects every read and write,
#   and after 7 days archives the table to a backup and deletes it. This judges the
#   key's state and what DynamoDB says of it; an AWS owned key can't be lost.
# related_resources:
# - https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/encryption.usagenotes.html
# - https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_SSEDescription.html
# custom:
#   control: DDB-04
#   severity: critical
#   resource: AWS::DynamoDB::Table
#   profiles: [baseline]
#   frameworks:
#     nist-800-53-r5:
#     - {id: SC-12, source: analysis}
#     - {id: SC-12(1), source: analysis}
#     hipaa-164:
#     - {id: 164.312(a)(2)(iv), source: analysis}
#     soc2-tsc:
#     - {id: A1.2, source: analysis}
#     iso-27001-2022:
#     - {id: A.8.24, source: analysis}
#   remediation: >-
#     Before the deadline cancel the key's deletion (aws kms cancel-key-deletion),
#     enable it (aws kms enable-key) and restore what its key policy and grants
#     allow DynamoDB. An archived table comes back only by restoring its archive
#     backup, with the same key.
package policies.dynamodb.table_key_accessible

import data.lib.encryption

applies if input.facts.encryption.aws_owned_key == false

applies if input.facts.status in lost

violations contains msg if {
	since := input.facts.encryption.inaccessible_since
	deadline := time.add_date(time.parse_rfc3339_ns(since), 0, 0, 7)
	msg := sprintf(
		"DynamoDB can't reach the key since %s and archives the table from %s; required is access to the key",
		[since, time.format([deadline, "UTC", "RFC3339"])],
	)
}

violations contains msg if {
	input.facts.status in lost
	msg := sprintf("the table is %s; required is a table that its key opens", [input.facts.status])
}

violations contains "KMS has no such key; required is an existing key" if {
	input.facts.encryption.key.exists == false
}

violations contains msg if {
	state := input.facts.encryption.key.state
	not encryption.usable(state)
	msg := sprintf("the key's state is %s; required is Enabled", [state])
}

violations contains "the table names no key that could be found; required is an enabled key" if not key_found

key_found if input.facts.encryption.aws_owned_key == true

key_found if input.facts.encryption.key.exists == false

key_found if input.facts.encryption.key.state

lost := {"INACCESSIBLE_ENCRYPTION_CREDENTIALS", "ARCHIVING", "ARCHIVED"}
