package s3

import "github.com/sealaudit/sealaudit/collectors"

// Types are the resource types of this package and the shape of their facts.
func Types() []collectors.ResourceType {
	return []collectors.ResourceType{
		{Name: "AWS::S3::Bucket", Facts: Facts{}},
	}
}

// Facts is what is read of an AWS::S3::Bucket.
type Facts struct {
	CreatedAt    string        `json:"created_at,omitempty"` // RFC 3339
	Encryption   *Encryption   `json:"encryption,omitempty"`
	Policy       *Policy       `json:"policy,omitempty"`
	PublicAccess *PublicAccess `json:"public_access,omitempty"`
	Versioning   *Versioning   `json:"versioning,omitempty"`
	Replication  *Replication  `json:"replication,omitempty"`
	Logging      *Logging      `json:"logging,omitempty"`
}

// Encryption is the bucket's default encryption (GetBucketEncryption). It
// holds for uploads that name none, and says nothing of objects already there.
// With aws:fsx and aws:backup the other service chooses the key, and S3 names
// none.
type Encryption struct {
	Rules            int             `json:"rules"`               // rules in the reply; 0 is none
	Algorithm        string          `json:"algorithm,omitempty"` // AES256, aws:kms, aws:kms:dsse, aws:fsx, aws:backup
	Key              *collectors.Key `json:"key,omitempty"`       // absent for AES256
	BucketKeyEnabled *bool           `json:"bucket_key_enabled,omitempty"`
	BlockedTypes     []string        `json:"blocked_types,omitempty"` // BlockedEncryptionTypes: "SSE-C", "NONE"; absent when not in the reply
}

// Policy is what the bucket policy denies, worked out by evaluating it.
type Policy struct {
	Exists            bool               `json:"exists"`
	Public            *bool              `json:"public,omitempty"` // GetBucketPolicyStatus.IsPublic; false without a policy
	InsecureTransport *InsecureTransport `json:"insecure_transport,omitempty"`
	Uploads           *Uploads           `json:"uploads,omitempty"`
}

// InsecureTransport says whether requests without TLS are denied to every
// principal for every action, AWS services calling on one's behalf excepted.
type InsecureTransport struct {
	BucketDenied  *bool  `json:"bucket_denied,omitempty"`  // requests on the bucket itself (list, configuration)
	ObjectsDenied *bool  `json:"objects_denied,omitempty"` // requests on its objects
	Detail        string `json:"detail,omitempty"`         // which statement decides, and why
}

// Uploads are the seven synthetic uploads of a PutObject and whether the
// policy denies each. A field is absent, with a gap, when that can't be decided.
type Uploads struct {
	NoHeader      *Upload `json:"no_header,omitempty"`       // no encryption header
	AES256        *Upload `json:"aes256,omitempty"`          // SSE-S3
	KMSWithoutKey *Upload `json:"kms_without_key,omitempty"` // aws:kms, no key id
	KMSRightKey   *Upload `json:"kms_right_key,omitempty"`   // aws:kms, the default key
	KMSWrongKey   *Upload `json:"kms_wrong_key,omitempty"`   // aws:kms, another key
	DSSERightKey  *Upload `json:"dsse_right_key,omitempty"`  // aws:kms:dsse, the default key
	SSEC          *Upload `json:"sse_c,omitempty"`           // customer-provided key
}

// Upload is the policy's answer to one synthetic upload.
type Upload struct {
	Denied bool   `json:"denied"`
	Detail string `json:"detail,omitempty"` // the statement that decides
}

// PublicAccess is the effective public access block: a flag is true when the
// bucket or the account sets it, and absent, with a gap, when that is not known.
type PublicAccess struct {
	BlockPublicACLs       *bool `json:"block_public_acls,omitempty"`
	IgnorePublicACLs      *bool `json:"ignore_public_acls,omitempty"`
	BlockPublicPolicy     *bool `json:"block_public_policy,omitempty"`
	RestrictPublicBuckets *bool `json:"restrict_public_buckets,omitempty"`
}

// Versioning is GetBucketVersioning. Status is absent when never enabled.
type Versioning struct {
	Enabled   bool   `json:"enabled"`
	Status    string `json:"status,omitempty"`     // Enabled, Suspended
	MFADelete string `json:"mfa_delete,omitempty"` // Enabled, Disabled
}

// Replication is GetBucketReplication.
type Replication struct {
	Exists bool              `json:"exists"`
	Rules  []ReplicationRule `json:"rules,omitempty"`
}

// ReplicationRule is one rule; KMS-encrypted objects are skipped silently
// unless KMSObjects is Enabled.
type ReplicationRule struct {
	ID                 string `json:"id,omitempty"`
	Status             string `json:"status"`             // Enabled, Disabled
	DestinationBucket  string `json:"destination_bucket"` // ARN
	DestinationAccount string `json:"destination_account,omitempty"`
	KMSObjects         string `json:"kms_objects,omitempty"`    // SourceSelectionCriteria.SseKmsEncryptedObjects.Status
	ReplicaKeyID       string `json:"replica_key_id,omitempty"` // as given; alias or ARN in the destination's region
}

// Logging is server access logging (GetBucketLogging).
type Logging struct {
	Enabled      bool   `json:"enabled"`
	TargetBucket string `json:"target_bucket,omitempty"`
}
