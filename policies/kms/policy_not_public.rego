# METADATA
# title: Key policies do not let everybody use or read about the key
# description: >-
#   A statement for every principal, whose conditions do not limit who, lets any
#   AWS account use or govern the key, or at least read about it, its policy and
#   grants included; the message says which. The policy is evaluated with its
#   denials; a condition counts if it limits the account, the organization, the
#   principal or the VPC, and not if it limits the service, the encryption context
#   or the address. Grants and identity policies are not part of it.
# related_resources:
# - https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-overview.html
# - https://docs.aws.amazon.com/securityhub/latest/userguide/kms-controls.html
# custom:
#   control: KMS-06
#   severity: critical
#   resource: AWS::KMS::Key
#   profiles: [baseline]
#   frameworks:
#     nist-800-53-r5:
#     - {id: AC-3, source: analysis}
#     - {id: AC-6, source: analysis}
#     security-hub:
#     - {id: KMS.5, source: security-hub}
#     cis-aws-7.0.0:
#     - {id: "2.21", source: cis}
#     pci-dss-4.0.1:
#     - {id: "7.2.1", source: analysis}
#     hipaa-164:
#     - {id: 164.312(a)(1), source: analysis}
#     soc2-tsc:
#     - {id: CC6.1, source: analysis}
#     iso-27001-2022:
#     - {id: A.8.3, source: analysis}
#     - {id: A.8.24, source: analysis}
#   remediation: >-
#     Name the principals in the statement instead of "*", or add a condition that
#     limits them, such as StringEquals kms:CallerAccount = the account or
#     aws:PrincipalOrgID = the organization (aws kms put-key-policy). Then look for
#     uses by strangers in the trail.
package policies.kms.policy_not_public

applies if input.facts.manager == "CUSTOMER"

violations contains msg if {
	not input.facts.policy.public == false
	msg := sprintf("%s; required is that the policy names who may use the key", [why])
}

default why := "the key policy may let everybody use the key"

why := input.facts.policy.public_detail
