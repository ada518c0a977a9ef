# METADATA
# title: Customer managed keys are not scheduled for deletion
# description: >-
#   A deleted key can't be brought back, and everything that was encrypted under it
#   is lost. Until then its deletion can be cancelled. The replica of a multi-Region
#   key can be made again from its primary, but until then nothing in its region can
#   be decrypted with it. Which resources still use
#   the key is told by kms/used_keys_enabled; data outside of the services that
#   were read may use it too.
# related_resources:
# - https://docs.aws.amazon.com/kms/latest/developerguide/deleting-keys.html
# - https://docs.aws.amazon.com/kms/latest/developerguide/key-state.html
# custom:
#   control: KMS-04
#   severity: critical
#   resource: AWS::KMS::Key
#   profiles: [baseline]
#   frameworks:
#     nist-800-53-r5:
#     - {id: SC-12, source: security-hub}
#     - {id: SC-12(2), source: security-hub}
#     security-hub:
#     - {id: KMS.3, source: security-hub}
#     soc2-tsc:
#     - {id: A1.2, source: analysis}
#     iso-27001-2022:
#     - {id: A.8.24, source: analysis}
#   remediation: >-
#     Cancel the deletion (aws kms cancel-key-deletion, then enable-key). To retire
#     a key, disable it first (disable-key), watch the trail for its use (aws kms
#     get-key-last-usage), re-encrypt what needs it, and accept this finding with a
#     waiver when the deletion is meant.
package policies.kms.not_pending_deletion

applies if input.facts.manager == "CUSTOMER"

violations contains msg if {
	input.facts.state == "PendingDeletion"
	not input.facts.multi_region == "REPLICA"
	msg := sprintf("the key is deleted at %s; required is that no deletion is scheduled", [delete_at])
}

violations contains msg if {
	input.facts.state == "PendingDeletion"
	input.facts.multi_region == "REPLICA"
	msg := sprintf(
		"the replica is deleted at %s and only its primary can make it again; required is that no deletion is scheduled",
		[delete_at],
	)
}

# The waiting period of a multi-Region primary starts when its last replica is gone.
violations contains "the key is deleted once its replicas are; required is that no deletion is scheduled" if {
	input.facts.state == "PendingReplicaDeletion"
}

default delete_at := "a time that is not known"

delete_at := input.facts.delete_at
