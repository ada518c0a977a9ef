# METADATA
# title: Only known accounts may use the key
# description: >-
#   A key policy or a grant that names another account gives that account's
#   administrators the key. Accounts and organizations that are meant to have it go
#   into allowed_accounts. Statements are read by whom they name, also where a
#   condition narrows what they allow; the account's own identity policies and
#   roles that others may assume are not seen.
# related_resources:
# - https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-modifying-external-accounts.html
# - https://docs.aws.amazon.com/kms/latest/developerguide/grants.html
# custom:
#   control: KMS-07
#   severity: high
#   resource: AWS::KMS::Key
#   profiles: [baseline]
#   params:
#     allowed_accounts:
#       default: []
#       description: accounts (twelve digits) and organizations (o-…) that may use keys of the account
#   frameworks:
#     nist-800-53-r5:
#     - {id: AC-3, source: analysis}
#     - {id: AC-6, source: analysis}
#     pci-dss-4.0.1:
#     - {id: "7.2.1", source: analysis}
#     hipaa-164:
#     - {id: 164.312(a)(1), source: analysis}
#     soc2-tsc:
#     - {id: CC6.3, source: analysis}
#     iso-27001-2022:
#     - {id: A.5.15, source: analysis}
#     - {id: A.8.3, source: analysis}
#   remediation: >-
#     Remove the account from the key policy (aws kms put-key-policy) and revoke its
#     grants (aws kms revoke-grant), or add it to the policy's parameter
#     allowed_accounts if it is meant to use the key.
package policies.kms.known_accounts_only

applies if input.facts.manager == "CUSTOMER"

violations contains msg if {
	some account in input.facts.policy.external_accounts
	account != "*"
	not account in data.params.allowed_accounts
	msg := sprintf("the key policy names %q; required are accounts in allowed_accounts only", [account])
}

violations contains "the key policy names every account; required are accounts in allowed_accounts only" if {
	"*" in input.facts.policy.external_accounts
}

violations contains msg if {
	some grant in input.facts.grants
	grant.grantee_account != input.scope.account
	not grant.grantee_account in data.params.allowed_accounts
	msg := sprintf("a grant names %q; required are accounts in allowed_accounts only", [grant.grantee_account])
}
