package collectors

import (
	"encoding/json"
	"fmt"
	"time"
)

// Resource is one AWS thing with what was read of it.
type Resource struct {
	ARN   string            `json:"arn"`  // identity, in any partition
	Type  string            `json:"type"` // CloudFormation type: "AWS::Kinesis::Stream"
	Name  string            `json:"name"` // what its owner calls it; hostile input
	Scope Scope             `json:"scope"`
	Tags  map[string]string `json:"tags,omitempty"`
	// Facts is the service's own struct when collected and json.RawMessage
	// when read back. A field is absent when it does not apply or could not be
	// read (then a Gap says so); it is never null.
	Facts any       `json:"facts"`
	Gaps  []Gap     `json:"gaps,omitempty"`
	Calls []CallRef `json:"calls,omitempty"`
	// Unlisted marks a stand-in for every resource of the type in the scope,
	// because the listing failed.
	Unlisted bool `json:"unlisted,omitempty"`
}

// Gap is something that could not be read, and why. A policy that reads one
// of the attributes answers unknown.
type Gap struct {
	// Attributes are dotted paths in the resource's JSON: "facts.encryption",
	// "facts.encryption.key.state", "tags". A path covers everything below it.
	Attributes []string `json:"attributes"`
	Reason     Reason   `json:"reason"`
	// Detail is one plain sentence: what was asked and what came back.
	Detail string `json:"detail"`
	// Permission is the missing IAM action, when that is the reason.
	Permission string `json:"permission,omitempty"`
	// Remedy is what the user can do about it.
	Remedy string `json:"remedy,omitempty"`
}

// Reason classes why something could not be read.
type Reason string

// The reasons of a gap.
const (
	Denied       Reason = "denied"        // the caller may not; nothing is known
	Throttled    Reason = "throttled"     // refused for rate until the deadline
	TimedOut     Reason = "timed_out"     // no answer within the scan's deadline, or interrupted
	Vanished     Reason = "vanished"      // listed, then not found
	Unsupported  Reason = "unsupported"   // the endpoint does not know the operation
	UnknownValue Reason = "unknown_value" // an enum value newer than this program
	Unmodelled   Reason = "unmodelled"    // read, but beyond what this program can decide
	Transition   Reason = "transition"    // the resource was changing while it was read
	OutOfScope   Reason = "out_of_scope"  // lives in an account or region that was not read
	NoData       Reason = "no_data"       // the service answered, with nothing to say: no datapoint, no traffic
	Failed       Reason = "failed"        // any other error: 5xx, cut off, not an AWS answer
)

// CallRef names one API reply that a resource rests on.
type CallRef struct {
	Operation string    `json:"operation"` // as in IAM: "kinesis:DescribeStreamSummary"
	Region    string    `json:"region,omitempty"`
	RequestID string    `json:"request_id,omitempty"`
	Time      time.Time `json:"time"`             // when the reply arrived, by the local clock, UTC
	Status    int       `json:"status,omitempty"` // HTTP status; 0 when no reply came
	Error     string    `json:"error,omitempty"`  // AWS error code
	Digest    string    `json:"digest,omitempty"` // "sha256:…" of the redacted reply
}

// DecodeResource reads one line of resources.jsonl. Facts stay JSON.
func DecodeResource(line []byte) (Resource, error) {
	var row struct {
		Resource
		Facts json.RawMessage `json:"facts"`
	}
	if err := json.Unmarshal(line, &row); err != nil {
		return Resource{}, fmt.Errorf("decoding a resource row: %w; the bundle is damaged or from a newer version", err)
	}
	row.Resource.Facts = row.Facts
	return row.Resource, nil
}
