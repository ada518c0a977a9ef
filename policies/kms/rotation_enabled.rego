# METADATA
# title: Customer managed keys rotate automatically
# description: >-
#   A key that never rotates protects all that was ever encrypted under it, so one
#   disclosure of its material exposes everything. Judged are keys that can rotate
#   by themselves: not asymmetric, HMAC and imported ones, nor those in custom key
#   stores, nor those that wait for their deletion; a replica rotates with its
#   primary. That rotation is on doesn't prove
#   that it has happened.
# related_resources:
# - https://docs.aws.amazon.com/kms/latest/developerguide/rotate-keys.html
# - https://docs.aws.amazon.com/kms/latest/APIReference/API_GetKeyRotationStatus.html
# custom:
#   control: KMS-01
#   severity: medium
#   resource: AWS::KMS::Key
#   profiles: [baseline, fips]
#   frameworks:
#     nist-800-53-r5:
#     - {id: SC-12, source: security-hub}
#     - {id: SC-12(2), source: security-hub}
#     - {id: SC-28(3), source: security-hub}
#     security-hub:
#     - {id: KMS.4, source: security-hub}
#     cis-aws-3.0.0:
#     - {id: "3.6", source: cis}
#     cis-aws-5.0.0:
#     - {id: "3.6", source: cis}
#     cis-aws-7.0.0:
#     - {id: "4.6", source: cis}
#     pci-dss-4.0.1:
#     - {id: "3.7.4", source: security-hub}
#     hipaa-164:
#     - {id: 164.312(a)(2)(iv), source: prowler}
#     soc2-tsc:
#     - {id: CC6.1, source: analysis}
#     iso-27001-2022:
#     - {id: A.8.24, source: prowler}
#   remediation: >-
#     Turn rotation on (aws kms enable-key-rotation --key-id KEY
#     --rotation-period-in-days 365), for a multi-Region key on the primary. Callers
#     notice nothing: KMS keeps the old material for what it encrypted.
package policies.kms.rotation_enabled

applies if {
	input.facts.manager == "CUSTOMER"
	input.facts.rotation.supported == true
	input.facts.origin == "AWS_KMS"
	not input.facts.multi_region == "REPLICA"
	not deleting
}

# KMS says that a key that waits for its deletion does not rotate, so it is not asked.
deleting if input.facts.state in {"PendingDeletion", "PendingReplicaDeletion"}

violations contains "automatic rotation is off; required is on" if not input.facts.rotation.enabled == true
