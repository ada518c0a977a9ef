# METADATA
# title: Keys of CloudTrail trails are usable
# description: >-
#   CloudTrail stops delivering when it can't use the trail's key, and once the key
#   is deleted no log file under it can be read again. The key must exist, be enabled
#   and be a symmetric encryption key. What its policy allows is
#   cloudtrail/key_policy_scoped; that it is in the log bucket's region isn't judged.
# related_resources:
# - https://docs.aws.amazon.com/awscloudtrail/latest/userguide/encrypting-cloudtrail-log-files-with-aws-kms.html
# - https://docs.aws.amazon.com/kms/latest/developerguide/key-state.html
# custom:
#   control: CT-04
#   severity: high
#   resource: AWS::CloudTrail::Trail
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
#     Cancel the key's deletion (aws kms cancel-key-deletion) and enable it (aws
#     kms enable-key), or set another symmetric key with aws cloudtrail
#     update-trail; keep the old key for as long as its log files must be readable.
package policies.cloudtrail.key_usable

import data.lib.encryption

applies if input.facts.encrypted == true

violations contains "KMS has no such key; required is an existing key" if {
	input.facts.key.exists == false
}

violations contains msg if {
	state := input.facts.key.state
	not encryption.usable(state)
	msg := sprintf("the key's state is %s; required is Enabled", [state])
}

violations contains msg if {
	input.facts.key.spec != "SYMMETRIC_DEFAULT"
	msg := sprintf("the key's spec is %s; required is SYMMETRIC_DEFAULT", [input.facts.key.spec])
}

violations contains msg if {
	input.facts.key.usage != "ENCRYPT_DECRYPT"
	msg := sprintf("the key's usage is %s; required is ENCRYPT_DECRYPT", [input.facts.key.usage])
}

violations contains "the trail names no key that could be found; required is an enabled key" if not key_found

key_found if input.facts.key.exists == false

key_found if input.facts.key.state
