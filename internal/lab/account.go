package lab

import "time"

// Account is what the endpoint answers from. Resources have the shape of the
// output of their describing call, as the AWS command line prints it. What AWS
// always sends (ARN, status, creation time …) is filled in where absent; a
// member that is nil is not sent. Times are time.Time or [Ago].
type Account struct {
	ID                string             `yaml:"Account"`
	Caller            string             `yaml:"Caller"`            // ARN of the identity that asks
	PageSize          int                `yaml:"PageSize"`          // most entries a page of any listing; 0 is AWS's own sizes
	PublicAccessBlock map[string]any     `yaml:"PublicAccessBlock"` // of the account; nil is none
	Errors            map[string]string  `yaml:"Errors"`            // operations of the account that fail: "account:ListRegions": denied
	RegionStatus      map[string]string  `yaml:"RegionStatus"`      // RegionOptStatus; a region without one is ENABLED_BY_DEFAULT
	Regions           map[string]*Region `yaml:"-"`                 // by name; one folder each
}

// Region is what one region of the account holds, one file a service.
type Region struct {
	S3         S3
	Kinesis    Kinesis
	Firehose   Firehose
	CloudWatch CloudWatch
	DynamoDB   DynamoDB
	DAX        DAX
	CloudTrail CloudTrail
	KMS        KMS
}

// Resource is one thing that AWS describes.
type Resource struct {
	Output map[string]any    `yaml:",inline"` // of the describing call
	Tags   map[string]string `yaml:"Tags"`
	// Errors are operations that fail on this resource: denied, throttled,
	// vanished, or an AWS error code.
	Errors map[string]string `yaml:"Errors"`
	Items  []Item            `yaml:"Items"` // of a table: what was put into it
	// Records are of a stream or a delivery stream: what producers put into it.
	Records []Record `yaml:"Records"`
}

// S3 holds the buckets of a region.
type S3 struct {
	Errors  map[string]string `yaml:"Errors"` // operations that fail on every bucket
	Buckets []Bucket          `yaml:"Buckets"`
}

// Bucket is one bucket, by the output of each call on it. A nil member is
// what S3 answers where nothing was configured.
type Bucket struct {
	Name              string            `yaml:"Name"`
	CreationDate      any               `yaml:"CreationDate"`
	Encryption        map[string]any    `yaml:"Encryption"` // ServerSideEncryptionConfiguration; nil is SSE-S3
	Policy            any               `yaml:"Policy"`     // JSON text, or the document
	IsPublic          bool              `yaml:"IsPublic"`   // of the policy
	PublicAccessBlock map[string]any    `yaml:"PublicAccessBlock"`
	Versioning        map[string]any    `yaml:"Versioning"`
	Replication       map[string]any    `yaml:"Replication"` // ReplicationConfiguration
	Logging           map[string]any    `yaml:"Logging"`     // LoggingEnabled
	Tags              map[string]string `yaml:"Tags"`
	Errors            map[string]string `yaml:"Errors"`
	Objects           []Object          `yaml:"Objects"` // what was put into it

	untouched bool // its encryption is what S3 gave it, by no call
}

// Kinesis holds streams, as StreamDescriptionSummary.
type Kinesis struct {
	Errors  map[string]string `yaml:"Errors"`
	Streams []Resource        `yaml:"Streams"`
}

// Firehose holds delivery streams, as DeliveryStreamDescription.
type Firehose struct {
	Errors          map[string]string `yaml:"Errors"`
	DeliveryStreams []Resource        `yaml:"DeliveryStreams"`
}

// Record is one record that a producer put into a stream or a delivery stream.
// It is encrypted at rest as the stream then was, and gone if its stream no
// longer keeps it.
type Record struct {
	PartitionKey string        `yaml:"PartitionKey"` // of a stream
	Data         string        `yaml:"Data"`
	At           any           `yaml:"At"`        // when it was put: now-2h, or a date; absent is now
	Plaintext    bool          `yaml:"Plaintext"` // put before the stream was encrypted
	Client       *ClientRecord `yaml:"Client"`    // how the producer encrypted Data before; nil is not at all
	KPL          []KPLRecord   `yaml:"KPL"`       // instead of Data: several records in one, as the Kinesis Producer Library puts them
	Tampered     bool          `yaml:"Tampered"`  // one bit was changed after: of the client's ciphertext, else at rest
}

// KPLRecord is one user record of an aggregated record.
type KPLRecord struct {
	PartitionKey string        `yaml:"PartitionKey"`
	Data         string        `yaml:"Data"`
	Client       *ClientRecord `yaml:"Client"`
}

// ClientRecord says how a producer encrypted a payload before it put it.
type ClientRecord struct {
	Format  string            `yaml:"Format"`  // esdk (AWS Encryption SDK message)
	Key     string            `yaml:"Key"`     // KMS key: alias, id or ARN
	Suite   string            `yaml:"Suite"`   // algorithm suite id, four hex digits: "0178"; absent is 0578
	Context map[string]string `yaml:"Context"` // encryption context
}

// CloudWatch holds metrics and alarms. An alarm with an AlarmRule is a
// composite one.
type CloudWatch struct {
	Errors  map[string]string `yaml:"Errors"`
	Metrics []Metric          `yaml:"Metrics"`
	Alarms  []Resource        `yaml:"Alarms"`
}

// Metric is one metric with its datapoints.
type Metric struct {
	Namespace  string            `yaml:"Namespace"`
	MetricName string            `yaml:"MetricName"`
	Dimensions map[string]string `yaml:"Dimensions"`
	Sums       []Datapoint       `yaml:"Sums"`

	own  bool   // the list is the account's own, which count may grow
	unit string // as it was put; "" is not said
}

// Datapoint is what a metric counted at a moment.
type Datapoint struct {
	Timestamp any     `yaml:"Timestamp"`
	Value     float64 `yaml:"Value"`
}

// DynamoDB holds tables, as TableDescription.
type DynamoDB struct {
	Errors map[string]string `yaml:"Errors"`
	Tables []Resource        `yaml:"Tables"`
}

// Item is one item that a table holds from the start.
type Item struct {
	Item     map[string]map[string]any `yaml:"Item"`     // attribute values as DynamoDB JSON has them: {id: {S: one}}
	Client   *ClientItem               `yaml:"Client"`   // how the application encrypted it before; nil is not at all
	Tampered bool                      `yaml:"Tampered"` // one bit was changed after: of the client's ciphertext, else at rest
}

// ClientItem says how an application encrypted an item before it sent it.
type ClientItem struct {
	Format string `yaml:"Format"` // ddbec (DynamoDB Encryption Client) or dbesdk (AWS Database Encryption SDK)
	// Key is a KMS key (alias, id or ARN), or raw:NAME, an AES key that DemoKey
	// gives.
	Key     string            `yaml:"Key"`
	Actions map[string]string `yaml:"Actions"` // by attribute; keys default to SIGN_ONLY, others to ENCRYPT_AND_SIGN
	Signed  *bool             `yaml:"Signed"`  // dbesdk: with a signature beside the authentication codes; absent is true
}

// DAX holds clusters, as Cluster.
type DAX struct {
	Errors   map[string]string `yaml:"Errors"`
	Clusters []Resource        `yaml:"Clusters"`
}

// CloudTrail holds the trails whose home is the region.
type CloudTrail struct {
	Errors map[string]string `yaml:"Errors"`
	Trails []Trail           `yaml:"Trails"`
}

// Trail is one trail. A multi-region one is a shadow trail elsewhere. One
// whose TrailARN is of another account is an organisation's.
type Trail struct {
	Output    map[string]any    `yaml:",inline"` // of DescribeTrails
	Tags      map[string]string `yaml:"Tags"`
	Errors    map[string]string `yaml:"Errors"`
	Status    map[string]any    `yaml:"Status"`    // GetTrailStatus
	Selectors map[string]any    `yaml:"Selectors"` // GetEventSelectors; nil is all management events
}

// KMS holds keys, aliases without a key, key stores, and the keys of other
// accounts that let this one describe them.
type KMS struct {
	Errors          map[string]string `yaml:"Errors"`
	Keys            []Key             `yaml:"Keys"`
	Aliases         []Resource        `yaml:"Aliases"` // beside those of keys, as AliasListEntry
	CustomKeyStores []Resource        `yaml:"CustomKeyStores"`
	ForeignKeys     []Resource        `yaml:"ForeignKeys"` // KeyMetadata with the ARN
}

// Key is one key: its KeyMetadata and what the other calls say of it.
type Key struct {
	Output   map[string]any    `yaml:",inline"` // KeyMetadata
	Tags     map[string]string `yaml:"Tags"`
	Errors   map[string]string `yaml:"Errors"`
	Aliases  []string          `yaml:"Aliases"`  // "alias/name"
	Rotation map[string]any    `yaml:"Rotation"` // GetKeyRotationStatus; nil is off
	Policy   any               `yaml:"Policy"`   // JSON text, or the document; nil is the default policy
	Grants   []map[string]any  `yaml:"Grants"`

	rotations []rotation // since the account began
}

// rotation is a completed rotation of a key: ON_DEMAND or AUTOMATIC.
type rotation struct {
	at   time.Time
	kind string
}

// text is a member of an output.
func text(output map[string]any, name string) string {
	s, _ := output[name].(string)
	return s
}

// at is the moment that a time of the account means.
func at(v any, now time.Time) time.Time {
	switch v := v.(type) {
	case time.Time:
		return v
	case Ago:
		return now.Add(-time.Duration(v))
	}
	return time.Time{}
}
