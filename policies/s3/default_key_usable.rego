# METADATA
# title: Default keys of S3 buckets are usable
# description: >-
#   S3 doesn't check the key that it is given. When it is disabled, pending deletion,
#   gone, of the wrong kind or in another region, uploads that name no key fail; and
#   once a key is deleted, what it encrypted is lost. This judges the key, not
#   whether writers and readers are allowed to use it.
# related_resources:
# - https://docs.aws.amazon.com/AmazonS3/latest/userguide/default-bucket-encryption.html
# - https://docs.aws.amazon.com/kms/latest/developerguide/key-state.html
# custom:
#   control: S3-04
#   severity: high
#   resource: AWS::S3::Bucket
#   profiles: [baseline]
#   frameworks:
#     nist-800-53-r5:
#     - {id: SC-12, source: analysis}
#     - {id: SC-12(1), source: analysis}
#     - {id: SC-12(2), source: analysis}
#     hipaa-164:
#     - {id: 164.312(a)(2)(iv), source: analysis}
#     soc2-tsc:
#     - {id: A1.2, source: analysis}
#     iso-27001-2022:
#     - {id: A.8.24, source: analysis}
#   remediation: >-
#     Cancel the key's deletion (aws kms cancel-key-deletion) and enable it (aws kms
#     enable-key). If it is gone or of the wrong kind, name an enabled symmetric key of
#     the bucket's region by its full ARN (aws s3api put-bucket-encryption); objects
#     under a deleted key are lost.
package policies.s3.default_key_usable

import data.lib.encryption

applies if input.facts.encryption.algorithm in {"aws:kms", "aws:kms:dsse"}

violations contains "KMS has no such key; required is an existing key" if {
	input.facts.encryption.key.exists == false
}

violations contains msg if {
	state := input.facts.encryption.key.state
	not encryption.usable(state)
	msg := sprintf("the key's state is %s; required is Enabled", [state])
}

violations contains msg if {
	input.facts.encryption.key.spec != "SYMMETRIC_DEFAULT"
	msg := sprintf("the key's spec is %s; required is SYMMETRIC_DEFAULT", [input.facts.encryption.key.spec])
}

violations contains msg if {
	input.facts.encryption.key.usage != "ENCRYPT_DECRYPT"
	msg := sprintf("the key's usage is %s; required is ENCRYPT_DECRYPT", [input.facts.encryption.key.usage])
}

violations contains msg if {
	input.facts.encryption.key.region != input.scope.region
	msg := sprintf("the key is in region %q; required is the bucket's, %q", [input.facts.encryption.key.region, input.scope.region])
}

violations contains "the bucket names no key that could be found; required is an enabled key" if not key_found

key_found if input.facts.encryption.key.exists == false

key_found if input.facts.encryption.key.state

# KMS makes an AWS managed key when it is first used.
key_found if startswith(input.facts.encryption.key.alias, "alias/aws/")
