# METADATA
# title: Keys that resources use are enabled
# description: >-
#   What is encrypted under a key that is disabled, scheduled for deletion, without
#   material or out of reach can't be read or written. Judged are keys in such a
#   state, by the resources of the evidence that name them; enabled keys are not
#   applicable. Data that no resource of the evidence stands for, such as single
#   objects under the key, is not seen.
# related_resources:
# - https://docs.aws.amazon.com/kms/latest/developerguide/key-state.html
# - https://docs.aws.amazon.com/kms/latest/developerguide/enabling-keys.html
# custom:
#   control: KMS-05
#   severity: high
#   resource: AWS::KMS::Key
#   profiles: [baseline]
#   frameworks:
#     nist-800-53-r5:
#     - {id: SC-12, source: analysis}
#     - {id: SC-12(1), source: analysis}
#     soc2-tsc:
#     - {id: A1.2, source: analysis}
#     iso-27001-2022:
#     - {id: A.8.24, source: analysis}
#   remediation: >-
#     Enable the key (aws kms enable-key; before that cancel-key-deletion,
#     import-key-material or connect-custom-key-store, by its state), or give the
#     resources another key and re-encrypt their data while the old key still works.
package policies.kms.used_keys_enabled

import data.lib.encryption

applies if {
	input.facts.manager == "CUSTOMER"
	state := input.facts.state
	not encryption.usable(state)
}

violations contains msg if {
	count(users) == 1
	msg := sprintf("the key's state is %s and %s uses it; required is Enabled", [input.facts.state, users[0]])
}

violations contains msg if {
	count(users) > 1
	msg := sprintf(
		"the key's state is %s and %d resources use it, such as %s; required is Enabled",
		[input.facts.state, count(users), users[0]],
	)
}

users := sort({user.arn | some user in input.referenced_by})
