# METADATA
# title: Grants on keys are constrained and have a living grantee
# description: >-
#   Grants give access beside the key policy and don't show in it. One that lets a
#   user or role decrypt, or grant on, should be bound to an encryption context or a
#   source; only grants on symmetric keys can be. A grant whose grantee was deleted
#   is left over. Grants to AWS services are made by the services themselves and are
#   not judged, nor are those to service-linked roles, which only their service can
#   assume and which AWS tells to make without a constraint (EC2 Auto Scaling).
# related_resources:
# - https://docs.aws.amazon.com/kms/latest/developerguide/grants.html
# - https://docs.aws.amazon.com/kms/latest/APIReference/API_GrantConstraints.html
# - https://docs.aws.amazon.com/autoscaling/ec2/userguide/key-policy-requirements-EBS-encryption.html
# custom:
#   control: KMS-10
#   severity: medium
#   resource: AWS::KMS::Key
#   profiles: [baseline]
#   frameworks:
#     nist-800-53-r5:
#     - {id: AC-3, source: analysis}
#     - {id: AC-6, source: analysis}
#     pci-dss-4.0.1:
#     - {id: "7.2.5", source: analysis}
#     soc2-tsc:
#     - {id: CC6.3, source: analysis}
#     iso-27001-2022:
#     - {id: A.8.3, source: analysis}
#     - {id: A.8.24, source: analysis}
#   remediation: >-
#     Revoke the grant (aws kms revoke-grant --key-id KEY --grant-id GRANT); where it
#     is needed make it again with aws kms create-grant --constraints
#     EncryptionContextSubset={…} and with no more operations than are used.
package policies.kms.grants_scoped

applies if input.facts.manager == "CUSTOMER"

violations contains msg if {
	some grant in input.facts.grants
	deleted(grant)
	msg := sprintf("grant %q is for %q, who was deleted; required is that it is revoked", [grant.id, grant.grantee])
}

violations contains msg if {
	input.facts.spec == "SYMMETRIC_DEFAULT"
	some grant in input.facts.grants
	grant.grantee
	not deleted(grant)
	not service_linked(grant)
	not grant.constrained == true
	strong := {"CreateGrant", "Decrypt", "ReEncryptFrom"} & {operation | some operation in grant.operations}
	count(strong) > 0
	msg := sprintf(
		"grant %q lets %q %s without a constraint; required is an encryption context or a source",
		[grant.id, grant.grantee, concat(", ", sort(strong))],
	)
}

# KMS shows the unique id of a user or role that is gone, in place of its ARN.
deleted(grant) if not contains(grant.grantee, ":")

# Only AWS makes roles of this path.
service_linked(grant) if contains(grant.grantee, ":role/aws-service-role/")
