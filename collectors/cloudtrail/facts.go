package cloudtrail

import "github.com/sealaudit/sealaudit/collectors"

// Types are the resource types of this package and the shape of their facts.
func Types() []collectors.ResourceType {
	return []collectors.ResourceType{
		{Name: "AWS::CloudTrail::Trail", Facts: TrailFacts{}},
		{Name: "AWS::::Account", Facts: AccountFacts{}},
	}
}

// TrailFacts is what is read of an AWS::CloudTrail::Trail, in its home region.
type TrailFacts struct {
	HomeRegion   string          `json:"home_region,omitempty"`
	MultiRegion  *bool           `json:"multi_region,omitempty"`
	Organization *bool           `json:"organization,omitempty"`
	GlobalEvents *bool           `json:"global_events,omitempty"` // IncludeGlobalServiceEvents
	Validation   *bool           `json:"validation,omitempty"`    // LogFileValidationEnabled
	Bucket       string          `json:"bucket,omitempty"`        // name
	BucketARN    string          `json:"bucket_arn,omitempty"`
	Encrypted    *bool           `json:"encrypted,omitempty"` // a KMS key is set on the trail
	Key          *collectors.Key `json:"key,omitempty"`       // absent without one
	LogGroupARN  string          `json:"log_group_arn,omitempty"`
	Status       *Status         `json:"status,omitempty"`
	Selectors    *Selectors      `json:"selectors,omitempty"`
}

// Status is GetTrailStatus.
type Status struct {
	Logging          *bool  `json:"logging,omitempty"`
	LatestDeliveryAt string `json:"latest_delivery_at,omitempty"` // RFC 3339
	DeliveryError    string `json:"delivery_error,omitempty"`     // LatestDeliveryError, an S3 error code
	LatestDigestAt   string `json:"latest_digest_at,omitempty"`   // RFC 3339
	DigestError      string `json:"digest_error,omitempty"`       // LatestDigestDeliveryError
	StartedAt        string `json:"started_at,omitempty"`         // RFC 3339
	StoppedAt        string `json:"stopped_at,omitempty"`         // RFC 3339
}

// Selectors is GetEventSelectors, basic or advanced, reduced to management
// events.
type Selectors struct {
	Advanced        bool     `json:"advanced"`
	ManagementRead  *bool    `json:"management_read,omitempty"`
	ManagementWrite *bool    `json:"management_write,omitempty"`
	ExcludedSources []string `json:"excluded_sources,omitempty"` // event sources left out of the kinds that are logged, sorted: kms.amazonaws.com, rdsdata.amazonaws.com
	KMSExcluded     *bool    `json:"kms_excluded,omitempty"`     // some KMS management events are not logged, be it for their source or as reads or writes
}

// AccountFacts is what the trails of an account add up to, for AWS::::Account.
type AccountFacts struct {
	Trails *int `json:"trails,omitempty"` // trails that apply to the account, organisation trails included
	// CompleteTrails are the ARNs of multi-region trails that log read and
	// write management events of every region, global services included and no
	// source left out, and are started, sorted. Whether they deliver is not
	// asked. When none is known and a trail could not be read, it is a gap.
	CompleteTrails []string `json:"complete_trails"`
}
