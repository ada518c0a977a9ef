package policies.s3.replication_encrypted_test

import data.policies.s3.replication_encrypted as policy

kept := {
	"id": "all",
	"status": "Enabled",
	"destination_bucket": "arn:aws:s3:::copy",
	"kms_objects": "Enabled",
	"replica_key_id": "arn:aws:kms:us-east-1:111122223333:key/1",
}

plain := {"id": "all", "status": "Enabled", "destination_bucket": "arn:aws:s3:::copy"}

named := `replication rule "all" to arn:aws:s3:::copy`

skips := concat(" ", [named, "skips objects encrypted with KMS; required is SseKmsEncryptedObjects Enabled"])

aws_managed := concat(" ", [named, "names an AWS managed key for replicas; required is a customer managed key"])

keyless := concat(" ", [named, "names no key for replicas; required is a ReplicaKmsKeyID"])

test_violations[note] if {
	some note, row in {
		"kept": {"rules": [kept], "want": set()},
		"a plain rule": {"rules": [plain], "want": {skips, keyless}},
		"told to skip": {"rules": [object.union(kept, {"kms_objects": "Disabled"})], "want": {skips}},
		"no key for replicas": {"rules": [object.remove(kept, ["replica_key_id"])], "want": {keyless}},
		"an alias of AWS": {"rules": [object.union(kept, {"replica_key_id": "alias/aws/s3"})], "want": {aws_managed}},
		"the ARN of an alias of AWS": {
			"rules": [object.union(kept, {"replica_key_id": "arn:aws:kms:us-east-1:111122223333:alias/aws/s3"})],
			"want": {aws_managed},
		},
		"aliases of one's own": {
			"rules": [
				object.union(kept, {"replica_key_id": "alias/aws-copies"}),
				object.union(kept, {"replica_key_id": "arn:aws:kms:us-east-1:111122223333:alias/my/alias/aws/s3"}),
			],
			"want": set(),
		},
		"one of two": {"rules": [kept, plain], "want": {skips, keyless}},
		"a disabled rule doesn't count": {"rules": [kept, object.union(plain, {"status": "Disabled"})], "want": set()},
		"a rule without a name": {
			"rules": [object.remove(kept, ["id", "replica_key_id"])],
			"want": {`replication rule "" to arn:aws:s3:::copy names no key for replicas; required is a ReplicaKmsKeyID`},
		},
	}
	row.want == policy.violations with input as {"facts": {
		"encryption": {"algorithm": "aws:kms"},
		"replication": {"exists": true, "rules": row.rules},
	}}
}

applies(algorithm, rules) if {
	policy.applies with input as {"facts": {
		"encryption": {"algorithm": algorithm},
		"replication": {"exists": true, "rules": rules},
	}}
}

test_applies_to_kms_buckets_that_replicate if {
	applies("aws:kms", [plain])
	applies("aws:kms:dsse", [kept])
	not applies("AES256", [plain])
	not applies("aws:kms", [object.union(plain, {"status": "Disabled"})])
	not applies("aws:kms", [])
}
