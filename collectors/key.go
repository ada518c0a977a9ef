package collectors

// Key is how a resource names its KMS key, joined with what KMS says of that
// key (DescribeKey, ListAliases). It is the shape of every fact called "key".
//
// The name is what the service returned: S3, Kinesis and Firehose keep a key
// id, a key ARN, an alias name or an alias ARN, exactly as it was given to
// them. What KMS could not be asked is a gap on the single attribute.
type Key struct {
	ID     string `json:"id,omitempty"`     // as the service returned it; absent when it named no key and uses its AWS managed key
	ARN    string `json:"arn,omitempty"`    // key ARN after resolving; absent when an AWS alias has no key yet
	Alias  string `json:"alias,omitempty"`  // "alias/aws/kinesis" when named by alias or by the service's default
	Exists *bool  `json:"exists,omitempty"` // false: KMS of the same account and region says there is no such key
	// The rest is KMS's: KeyMetadata, see the KMS API reference, DescribeKey.
	Manager  string `json:"manager,omitempty"`   // AWS or CUSTOMER
	State    string `json:"state,omitempty"`     // Enabled, Disabled, PendingDeletion, …
	Spec     string `json:"spec,omitempty"`      // SYMMETRIC_DEFAULT, RSA_2048, …
	Usage    string `json:"usage,omitempty"`     // ENCRYPT_DECRYPT, …
	Origin   string `json:"origin,omitempty"`    // AWS_KMS, EXTERNAL, AWS_CLOUDHSM, EXTERNAL_KEY_STORE
	Account  string `json:"account,omitempty"`   // of the key's ARN
	Region   string `json:"region,omitempty"`    // of the key's ARN
	DeleteAt string `json:"delete_at,omitempty"` // RFC 3339, when State is PendingDeletion
}
