package lab

import "github.com/sealaudit/sealaudit/internal/lab/wire"

// ownerID is the account's canonical user id, as S3 shows it.
const ownerID = "demo"

// fixedOperations are S3's calls for settings that no bucket here has, or that
// are the same for all: new buckets have no access control lists (S3 User
// Guide, "Controlling ownership of objects and disabling ACLs").
func fixedOperations() map[string]operation {
	absent := func(*Bucket) map[string]any { return nil }
	empty := func(*Bucket) map[string]any { return map[string]any{} }
	return map[string]operation{
		"s3:GetBucketCors":                      ofBucket("NoSuchCORSConfiguration", "The CORS configuration does not exist", absent),
		"s3:GetBucketLifecycleConfiguration":    ofBucket("NoSuchLifecycleConfiguration", "The lifecycle configuration does not exist", absent),
		"s3:GetBucketWebsite":                   ofBucket("NoSuchWebsiteConfiguration", "The specified bucket does not have a website configuration", absent),
		"s3:GetObjectLockConfiguration":         ofBucket("ObjectLockConfigurationNotFoundError", "Object Lock configuration does not exist for this bucket", absent),
		"s3:GetBucketNotificationConfiguration": ofBucket("", "", empty),
		"s3:GetBucketAccelerateConfiguration":   ofBucket("", "", empty),
		"s3:GetBucketRequestPayment":            ofBucket("", "", func(*Bucket) map[string]any { return map[string]any{"Payer": "BucketOwner"} }),
		"s3:GetBucketOwnershipControls": ofBucket("", "", func(*Bucket) map[string]any {
			return within("OwnershipControls", map[string]any{"Rules": []any{map[string]any{"ObjectOwnership": "BucketOwnerEnforced"}}})
		}),
		"s3:GetBucketAcl": ofBucket("", "", func(*Bucket) map[string]any { return ownersAlone() }),
		"s3:GetObjectAcl": onBucket(reads, getObjectAcl),
	}
}

// ownersAlone is the access control list of what only policies share.
func ownersAlone() map[string]any {
	owner := map[string]any{"ID": ownerID}
	return map[string]any{"Owner": owner, "Grants": []any{map[string]any{"Grantee": map[string]any{"ID": ownerID, "Type": "CanonicalUser"}, "Permission": "FULL_CONTROL"}}}
}

func getObjectAcl(l *Lab, q *wire.Request, b located) (map[string]any, *wire.Failure) {
	if _, failure := l.pick(q, b.Name, q.String("Key"), q.String("VersionId")); failure != nil {
		return nil, failure
	}
	return ownersAlone(), nil
}

// checkACL refuses access control lists other than the one that all objects
// have (S3 User Guide, same section: "AccessControlListNotSupported").
func checkACL(q *wire.Request) *wire.Failure {
	if acl := q.String("ACL"); acl == "" || acl == "bucket-owner-full-control" {
		return nil
	}
	return refuse(400, "AccessControlListNotSupported", "The bucket does not allow ACLs")
}
