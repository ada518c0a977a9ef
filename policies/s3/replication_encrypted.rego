# METADATA
# title: S3 replication keeps objects encrypted with KMS
# description: >-
#   A replication rule skips objects under KMS without a word unless it selects them
#   and names a customer managed key of the destination's region for the replicas, so
#   the copy that a recovery counts on has holes. Judged where the bucket's default is
#   KMS and a rule is enabled. Aliases of AWS are refused; who manages a key that is
#   named by its ARN, the destination's own encryption and permissions aren't judged.
# related_resources:
# - https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-config-for-kms-objects.html
# - https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketReplication.html
# custom:
#   control: S3-20
#   severity: medium
#   resource: AWS::S3::Bucket
#   profiles: [baseline]
#   frameworks:
#     nist-800-53-r5:
#     - {id: SC-28, source: analysis}
#     - {id: SC-28(1), source: analysis}
#     - {id: CP-9, source: analysis}
#     pci-dss-4.0.1:
#     - {id: "3.5.1", source: analysis}
#     hipaa-164:
#     - {id: 164.312(a)(2)(iv), source: analysis}
#     - {id: 164.308(a)(7)(ii)(A), source: analysis}
#     soc2-tsc:
#     - {id: A1.2, source: analysis}
#     iso-27001-2022:
#     - {id: A.8.13, source: analysis}
#     - {id: A.8.24, source: analysis}
#   remediation: >-
#     Set in every enabled rule (aws s3api put-bucket-replication)
#     "SourceSelectionCriteria":{"SseKmsEncryptedObjects":{"Status":"Enabled"}} and
#     "Destination":{"EncryptionConfiguration":{"ReplicaKmsKeyID":"KEY-ARN"}} with a
#     customer managed key of the destination's region, and give the replication role
#     kms:Decrypt on the source's key and kms:Encrypt on that one, with Bucket Keys at
#     the destination also kms:Decrypt in that key's policy. Copy what was skipped with S3 Batch
#     Replication.
package policies.s3.replication_encrypted

applies if {
	input.facts.encryption.algorithm in {"aws:kms", "aws:kms:dsse"}
	some rule in input.facts.replication.rules
	rule.status == "Enabled"
}

violations contains msg if {
	some rule in input.facts.replication.rules
	rule.status == "Enabled"
	not rule.kms_objects == "Enabled"
	msg := sprintf("%s skips objects encrypted with KMS; required is SseKmsEncryptedObjects Enabled", [label(rule)])
}

violations contains msg if {
	some rule in input.facts.replication.rules
	rule.status == "Enabled"
	not rule.replica_key_id
	msg := sprintf("%s names no key for replicas; required is a ReplicaKmsKeyID", [label(rule)])
}

# As ALIAS, or as the ARN of one.
violations contains msg if {
	some rule in input.facts.replication.rules
	rule.status == "Enabled"
	regex.match(`^(arn:[^/]*:)?alias/aws/`, rule.replica_key_id)
	msg := sprintf("%s names an AWS managed key for replicas; required is a customer managed key", [label(rule)])
}

label(rule) := sprintf("replication rule %q to %s", [
	substring(object.get(rule, "id", ""), 0, 80),
	substring(rule.destination_bucket, 0, 100),
])
