# METADATA
# title: Imported key material has not expired and will not soon
# description: >-
#   When imported material expires, KMS deletes it and everything under the key is
#   unreadable until exactly the same material is imported again. AWS keeps no
#   copy. A key that waits for material can't be used either. This says nothing of
#   whether the owner still has the material.
# related_resources:
# - https://docs.aws.amazon.com/kms/latest/developerguide/importing-keys.html
# - https://docs.aws.amazon.com/kms/latest/APIReference/API_KeyMetadata.html
# custom:
#   control: KMS-03
#   severity: high
#   resource: AWS::KMS::Key
#   profiles: [baseline]
#   params:
#     days:
#       default: 30
#       description: days before imported key material expires from which on the key fails
#   frameworks:
#     nist-800-53-r5:
#     - {id: SC-12, source: analysis}
#     - {id: SC-12(1), source: analysis}
#     pci-dss-4.0.1:
#     - {id: "3.7.4", source: analysis}
#     hipaa-164:
#     - {id: 164.312(a)(2)(iv), source: analysis}
#     soc2-tsc:
#     - {id: A1.2, source: analysis}
#     iso-27001-2022:
#     - {id: A.8.24, source: analysis}
#   remediation: >-
#     Import the same material again with a later --valid-to or with
#     --expiration-model KEY_MATERIAL_DOES_NOT_EXPIRE (aws kms
#     get-parameters-for-import, then import-key-material). If the material is lost,
#     what it encrypted is lost: re-encrypt under another key before it expires.
package policies.kms.imported_material_valid

applies if {
	input.facts.manager == "CUSTOMER"
	input.facts.origin == "EXTERNAL"
}

violations contains "the key waits for its key material; required is imported material" if {
	input.facts.state == "PendingImport"
}

violations contains msg if {
	left <= 0
	msg := sprintf("the key material expired at %s; required is material that has not", [input.facts.valid_to])
}

violations contains msg if {
	left > 0
	left <= (((data.params.days * 24) * 60) * 60) * 1000000000
	msg := sprintf(
		"the key material expires at %s; required is that it stays for %v days",
		[input.facts.valid_to, data.params.days],
	)
}

# left is how long the material stays, in nanoseconds.
left := time.parse_rfc3339_ns(input.facts.valid_to) - time.now_ns()
