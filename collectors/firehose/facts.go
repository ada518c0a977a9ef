package firehose

import "github.com/sealaudit/sealaudit/collectors"

// Types are the resource types of this package and the shape of their facts.
func Types() []collectors.ResourceType {
	return []collectors.ResourceType{
		{Name: "AWS::KinesisFirehose::DeliveryStream", Facts: Facts{}},
	}
}

// Facts is what is read of an AWS::KinesisFirehose::DeliveryStream.
type Facts struct {
	Status      string       `json:"status,omitempty"`     // DeliveryStreamStatus
	CreatedAt   string       `json:"created_at,omitempty"` // RFC 3339
	Source      *Source      `json:"source,omitempty"`
	Encryption  *Encryption  `json:"encryption,omitempty"`
	Destination *Destination `json:"destination,omitempty"`
	KeyErrors   *KeyErrors   `json:"key_errors,omitempty"` // only with a customer managed key
	KeyAlarms   *KeyAlarms   `json:"key_alarms,omitempty"` // only with a customer managed key
}

// Source is where records come from. Server-side encryption can be enabled
// for DirectPut only; otherwise the source encrypts.
type Source struct {
	Type      string `json:"type"`                 // DirectPut, KinesisStreamAsSource, MSKAsSource, DatabaseAsSource
	StreamARN string `json:"stream_arn,omitempty"` // of a Kinesis source
}

// Encryption is the stream's server-side encryption. Without a configuration
// in the reply the status is DISABLED.
type Encryption struct {
	Status  string          `json:"status"`             // ENABLED, ENABLING, ENABLING_FAILED, DISABLED, DISABLING, DISABLING_FAILED
	KeyType string          `json:"key_type,omitempty"` // AWS_OWNED_CMK, CUSTOMER_MANAGED_CMK
	Key     *collectors.Key `json:"key,omitempty"`      // of CUSTOMER_MANAGED_CMK
	Failure string          `json:"failure,omitempty"`  // FailureDescription.Type
}

// Destination is where records go; a delivery stream has one.
type Destination struct {
	Type         string     `json:"type"`                   // extended_s3, s3, redshift, opensearch, opensearch_serverless, elasticsearch, splunk, http_endpoint, snowflake, iceberg
	S3           *S3        `json:"s3,omitempty"`           // delivery into S3 (extended_s3, s3)
	Intermediate *S3        `json:"intermediate,omitempty"` // S3 that another destination loads from
	Backup       *S3        `json:"backup,omitempty"`       // S3 backup of source or failed records
	Endpoints    []Endpoint `json:"endpoints,omitempty"`    // URLs that records are sent to
}

// S3 is one place in S3 that Firehose writes to.
type S3 struct {
	BucketARN string          `json:"bucket_arn"`
	Key       *collectors.Key `json:"key,omitempty"` // key set in the delivery stream
	// Inherits is the bucket's ARN when the delivery stream sets no key, so
	// that the bucket's default encryption decides.
	Inherits string `json:"inherits,omitempty"`
}

// Endpoint is a URL without path, query and user, which may hold secrets.
type Endpoint struct {
	Name   string `json:"name"`   // the API's field: HECEndpoint, Url, AccountUrl, ClusterEndpoint, CollectionEndpoint, ClusterJDBCURL
	Scheme string `json:"scheme"` // https, http, jdbc:redshift, …; "" when the URL has none
	Host   string `json:"host,omitempty"`
}

// KeyErrors are the sums of Firehose's CloudWatch metrics on its key over the
// window. Firehose discards records 24 hours after the key became unusable.
type KeyErrors struct {
	WindowDays      int      `json:"window_days"`
	AccessDenied    float64  `json:"access_denied"`
	Disabled        float64  `json:"disabled"`
	InvalidState    float64  `json:"invalid_state"`
	NotFound        float64  `json:"not_found"`
	IncomingRecords *float64 `json:"incoming_records,omitempty"` // absent without a datapoint
}

// KeyAlarms are the KMSKey* metrics that an enabled CloudWatch alarm watches
// for this stream, also inside metric math.
type KeyAlarms struct {
	Covered []string `json:"covered"` // metric names, sorted
	Missing []string `json:"missing"` // metric names, sorted
}
