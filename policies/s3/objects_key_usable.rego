# METADATA
# title: Keys of sampled S3 objects are usable
# description: >-
#   An object stays under the key that it was written with, whatever the bucket's
#   default is now. When that key is disabled, pending deletion or gone, nobody reads
#   the object, and once it is deleted the object is lost. This judges the key of
#   sampled objects, not whether readers are allowed to use it.
# related_resources:
# - https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html
# - https://docs.aws.amazon.com/kms/latest/developerguide/key-state.html
# custom:
#   severity: high
#   resource: AWS::S3::Object
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
#     enable-key), then move the objects to another key if this one shall go (aws s3api
#     update-object-encryption). Objects under a key that is gone are lost; restore them
#     from a copy that is under another.
package policies.s3.objects_key_usable

import data.lib.client
import data.lib.sampling

applies if input.facts.server_side.algorithm in {"aws:kms", "aws:kms:dsse"}

violations contains msg if {
	some fault in client.key_faults([input.facts.server_side.key])
	msg := sprintf("%s, for %s; required is an enabled key", [fault, sampling.which(input.facts, "objects")])
}

violations contains "the objects name no key that could be found; required is an enabled key" if not key_found

key_found if input.facts.server_side.key.exists == false

key_found if input.facts.server_side.key.state
