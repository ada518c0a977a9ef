package kinesis

import "github.com/sealaudit/sealaudit/collectors"

// Types are the resource types of this package and the shape of their facts.
func Types() []collectors.ResourceType {
	return []collectors.ResourceType{
		{Name: "AWS::Kinesis::Stream", Facts: Facts{}},
	}
}

// Facts is what is read of an AWS::Kinesis::Stream (DescribeStreamSummary).
type Facts struct {
	Status         string      `json:"status,omitempty"`          // CREATING, DELETING, ACTIVE, UPDATING
	Mode           string      `json:"mode,omitempty"`            // PROVISIONED, ON_DEMAND
	RetentionHours *int        `json:"retention_hours,omitempty"` // 24–8760
	CreatedAt      string      `json:"created_at,omitempty"`      // RFC 3339
	Consumers      *int        `json:"consumers,omitempty"`       // registered enhanced fan-out consumers
	Encryption     *Encryption `json:"encryption,omitempty"`
}

// Encryption is server-side encryption of the records put from now on; it is
// not retroactive. While the stream is CREATING or UPDATING the reported type
// may be the old or the new one, so it is a gap then.
type Encryption struct {
	Type string          `json:"type"`          // NONE, KMS
	Key  *collectors.Key `json:"key,omitempty"` // absent for NONE
}
