# METADATA
# title: Replicas of DynamoDB global tables have usable customer managed keys
# description: >-
#   Each replica has a key of its own region: one under another kind of key leaves
#   the same items outside the owner's control, and one whose key or region can't be
#   reached for 20 hours is taken out of the global table. The table's own key is
#   judged by other policies.
# related_resources:
# - https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_ReplicaDescription.html
# - https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/encryption.usagenotes.html
# custom:
#   control: DDB-05
#   severity: medium
#   resource: AWS::DynamoDB::Table
#   profiles: [cmk]
#   frameworks:
#     nist-800-53-r5:
#     - {id: SC-12, source: analysis}
#     - {id: SC-28(1), source: analysis}
#     pci-dss-4.0.1:
#     - {id: "3.6.1", source: analysis}
#     hipaa-164:
#     - {id: 164.312(a)(2)(iv), source: analysis}
#     soc2-tsc:
#     - {id: CC6.1, source: analysis}
#     iso-27001-2022:
#     - {id: A.8.24, source: analysis}
#   remediation: >-
#     Create a customer managed key in each replica's region and set it there (aws
#     dynamodb update-table --replica-updates with KMSMasterKeyId); enable a key
#     that is disabled, cancel its deletion or enable the region again within 20
#     hours.
package policies.dynamodb.replicas_key_customer_managed

import data.lib.encryption

applies if count(input.facts.replicas) > 0

violations contains msg if {
	some replica in input.facts.replicas
	not replica.key
	msg := sprintf("the replica in %q names no key, so AWS chooses; required is a customer managed key", [replica.region])
}

violations contains msg if {
	some replica in input.facts.replicas
	replica.key.manager != "CUSTOMER"
	msg := sprintf("the replica in %q has an AWS managed key; required is a customer managed key", [replica.region])
}

violations contains msg if {
	some replica in input.facts.replicas
	state := replica.key.state
	not encryption.usable(state)
	msg := sprintf("the key of the replica in %q is %s; required is Enabled", [replica.region, state])
}

violations contains msg if {
	some replica in input.facts.replicas
	replica.key
	not found(replica.key)
	msg := sprintf("the replica in %q names a key that KMS does not have; required is an existing key", [replica.region])
}

violations contains msg if {
	some replica in input.facts.replicas
	replica.status in {"INACCESSIBLE_ENCRYPTION_CREDENTIALS", "ARCHIVING", "ARCHIVED"}
	msg := sprintf("the replica in %q is %s; required is a replica that its key opens", [replica.region, replica.status])
}

violations contains msg if {
	some replica in input.facts.replicas
	not replica.status == "REGION_DISABLED"
	since := replica.inaccessible_since
	msg := sprintf(
		"DynamoDB can't reach the key of the replica in %q since %s and drops it at %s; required is access to the key",
		[replica.region, since, deadline(since)],
	)
}

# The date is that of the region then, and says nothing of the key.
violations contains msg if {
	some replica in input.facts.replicas
	replica.status == "REGION_DISABLED"
	msg := sprintf("the region of the replica in %q is disabled%s; required is an enabled region", [replica.region, drop(replica)])
}

drop(replica) := sprintf(" since %s, so that DynamoDB drops it at %s", [since, deadline(since)]) if {
	since := replica.inaccessible_since
} else := ""

deadline(since) := time.format([time.parse_rfc3339_ns(since) + ((20 * 3600) * 1000000000), "UTC", "RFC3339"])

found(key) if {
	key.manager
	key.state
	not key.exists == false
}
