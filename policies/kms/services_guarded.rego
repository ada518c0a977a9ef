# METADATA
# title: AWS services may use the key for known resources only
# description: >-
#   A statement for a service principal without a source condition lets anybody who
#   can make that service work for him use the key through it: the confused deputy.
#   So does one for everybody that aws:PrincipalIsAWSService or
#   aws:PrincipalServiceName limits to services. What only reads about the key, such
#   as kms:DescribeKey, is not judged. Services that send no source go into
#   services_without_source. A key policy that names no service passes.
# related_resources:
# - https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html
# - https://docs.aws.amazon.com/kms/latest/developerguide/least-privilege.html
# custom:
#   control: KMS-08
#   severity: medium
#   resource: AWS::KMS::Key
#   profiles: [baseline]
#   params:
#     services_without_source:
#       default: []
#       description: service principals that send KMS no source (aws:SourceArn, aws:SourceAccount), so that no condition can ask for it
#   frameworks:
#     nist-800-53-r5:
#     - {id: AC-3, source: analysis}
#     - {id: AC-6, source: analysis}
#     pci-dss-4.0.1:
#     - {id: "7.2.1", source: analysis}
#     soc2-tsc:
#     - {id: CC6.3, source: analysis}
#     iso-27001-2022:
#     - {id: A.8.3, source: analysis}
#     - {id: A.8.24, source: analysis}
#   remediation: >-
#     Add a condition to the service's statement: ArnLike aws:SourceArn = the
#     resources that it works for, or StringEquals aws:SourceAccount = the account
#     (aws kms put-key-policy).
package policies.kms.services_guarded

applies if input.facts.manager == "CUSTOMER"

violations contains msg if {
	some service in input.facts.policy.unguarded_services
	service != "*"
	not service in data.params.services_without_source
	msg := sprintf("%q may use the key for anybody's resources; required is a condition on their source", [service])
}

violations contains "every AWS service may use the key for anybody's resources; required is a condition on their source" if {
	"*" in input.facts.policy.unguarded_services
}
