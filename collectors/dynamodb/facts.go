package dynamodb

import "github.com/sealaudit/sealaudit/collectors"

// Types are the resource types of this package and the shape of their facts.
func Types() []collectors.ResourceType {
	return []collectors.ResourceType{
		{Name: "AWS::DynamoDB::Table", Facts: TableFacts{}},
		{Name: "AWS::DAX::Cluster", Facts: ClusterFacts{}},
	}
}

// TableFacts is what is read of an AWS::DynamoDB::Table (DescribeTable).
type TableFacts struct {
	Status             string      `json:"status,omitempty"`     // TableStatus
	CreatedAt          string      `json:"created_at,omitempty"` // RFC 3339
	GlobalTableVersion string      `json:"global_table_version,omitempty"`
	Encryption         *Encryption `json:"encryption,omitempty"`
	Replicas           []Replica   `json:"replicas,omitempty"` // in other regions, sorted by region
}

// Encryption is the table's encryption at rest. A table is always encrypted;
// without an SSEDescription in the reply it is under an AWS owned key. While the
// key is being changed, AWSOwnedKey, Type and Key are not known.
type Encryption struct {
	AWSOwnedKey       *bool           `json:"aws_owned_key,omitempty"`
	Status            string          `json:"status,omitempty"`             // ENABLING, ENABLED, DISABLING, DISABLED, UPDATING
	Type              string          `json:"type,omitempty"`               // KMS, AES256
	Key               *collectors.Key `json:"key,omitempty"`                // absent for an AWS owned key
	InaccessibleSince string          `json:"inaccessible_since,omitempty"` // RFC 3339; the table is archived 7 days later
}

// Replica is one other region of a global table. InaccessibleSince is that of the
// key, or of the region when Status is REGION_DISABLED; 20 hours later DynamoDB
// takes the replica out of the global table, and keeps it.
type Replica struct {
	Region            string          `json:"region"`
	Status            string          `json:"status,omitempty"`             // ReplicaStatus
	Key               *collectors.Key `json:"key,omitempty"`                // absent: AWS owned key
	InaccessibleSince string          `json:"inaccessible_since,omitempty"` // RFC 3339
}

// ClusterFacts is what is read of an AWS::DAX::Cluster (DescribeClusters).
// Both settings are fixed at creation.
type ClusterFacts struct {
	Status             string `json:"status,omitempty"`
	EncryptionStatus   string `json:"encryption_status,omitempty"`   // SSEDescription.Status: ENABLED, ENABLING, DISABLED, DISABLING
	EndpointEncryption string `json:"endpoint_encryption,omitempty"` // ClusterEndpointEncryptionType: NONE, TLS
}
