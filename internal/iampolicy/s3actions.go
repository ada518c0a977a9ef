package iampolicy

import "strings"

// The S3 actions that a bucket policy can govern, from AWS's Service
// Authorization Reference ("Actions, resources, and condition keys for Amazon
// S3"). They serve to join several statements into one that covers
// everything, and to name what a statement leaves out. An action newer than
// the lists is covered by s3:* or *, and a union without either says so.

func s3BucketActions() []string {
	return prefixed("s3:", `
		ListBucket ListBucketVersions ListBucketMultipartUploads
		GetBucketLocation GetBucketAcl GetBucketPolicy GetBucketPolicyStatus GetBucketVersioning
		CreateBucket CreateBucketMetadataTableConfiguration
		DeleteBucket DeleteBucketMetadataTableConfiguration DeleteBucketPolicy DeleteBucketWebsite
		GetAccelerateConfiguration GetAnalyticsConfiguration GetBucketCORS GetBucketLogging
		GetBucketMetadataTableConfiguration GetBucketNotification GetBucketObjectLockConfiguration
		GetBucketOwnershipControls GetBucketPublicAccessBlock GetBucketRequestPayment GetBucketTagging
		GetBucketWebsite GetEncryptionConfiguration GetIntelligentTieringConfiguration
		GetInventoryConfiguration GetLifecycleConfiguration GetMetricsConfiguration
		GetReplicationConfiguration
		PutAccelerateConfiguration PutAnalyticsConfiguration PutBucketAcl PutBucketCORS PutBucketLogging
		PutBucketNotification PutBucketObjectLockConfiguration PutBucketOwnershipControls PutBucketPolicy
		PutBucketPublicAccessBlock PutBucketRequestPayment PutBucketTagging PutBucketVersioning
		PutBucketWebsite PutEncryptionConfiguration PutIntelligentTieringConfiguration
		PutInventoryConfiguration PutLifecycleConfiguration PutMetricsConfiguration
		PutReplicationConfiguration`)
}

func s3ObjectActions() []string {
	return prefixed("s3:", `
		GetObject PutObject DeleteObject
		GetObjectVersion DeleteObjectVersion
		AbortMultipartUpload BypassGovernanceRetention
		DeleteObjectTagging DeleteObjectVersionTagging
		GetObjectAcl GetObjectAttributes GetObjectLegalHold GetObjectRetention GetObjectTagging
		GetObjectTorrent GetObjectVersionAcl GetObjectVersionAttributes GetObjectVersionForReplication
		GetObjectVersionTagging GetObjectVersionTorrent
		InitiateReplication ListMultipartUploadParts ObjectOwnerOverrideToBucketOwner
		PutObjectAcl PutObjectLegalHold PutObjectRetention PutObjectTagging PutObjectVersionAcl
		PutObjectVersionTagging
		ReplicateDelete ReplicateObject ReplicateTags RestoreObject UpdateObjectEncryption`)
}

// s3DirectoryActions are the actions of a directory bucket's policy. All
// object access goes through CreateSession.
func s3DirectoryActions() []string {
	return prefixed("s3express:", `
		CreateSession CreateBucket DeleteBucket DeleteBucketPolicy GetBucketPolicy
		GetEncryptionConfiguration GetLifecycleConfiguration PutBucketPolicy
		PutEncryptionConfiguration PutLifecycleConfiguration`)
}

func prefixed(prefix, names string) []string {
	list := strings.Fields(names)
	for i := range list {
		list[i] = prefix + list[i]
	}
	return list
}
