package cloudtrail

// EventFacts is what is read of an AWS::CloudTrail::Event: the events of KMS by
// which AWS services used a key for one bucket, stream, table, delivery stream
// or trail. Times are RFC 3339, those of the events. Nobody is named who called
// a service, and nothing of an encryption context but the resource.
type EventFacts struct {
	Resource string   `json:"resource,omitempty"` // its ARN
	Services []string `json:"services,omitempty"` // that asked, sorted: "kinesis.amazonaws.com"
	// Keys are the ids of up to 16 keys, sorted, and the ARN of one of another
	// account. They are no ARNs of the account's own, because that a key was
	// used does not say that anything uses it still.
	Keys    []string     `json:"keys,omitempty"`
	Events  []EventCount `json:"events,omitempty"`  // by name
	Refused []Refusal    `json:"refused,omitempty"` // by code; without what is counted below
	// CallersDenied are denials where the service asked in its caller's name:
	// that caller may not use the key.
	CallersDenied int `json:"callers_denied,omitempty"`
	// Transient are throttles and failures of KMS itself, after which services
	// ask again.
	Transient int         `json:"transient,omitempty"`
	First     string      `json:"first,omitempty"`
	Last      string      `json:"last,omitempty"`
	Range     *EventRange `json:"range,omitempty"`   // in which events of every name were read; absent when a lookup failed
	Lookups   []Lookup    `json:"lookups,omitempty"` // by name; the same in every row of the region
}

// EventCount is how many events of a name there are.
type EventCount struct {
	Name   string `json:"name"` // Decrypt, GenerateDataKey, …
	Count  int    `json:"count"`
	Failed int    `json:"failed"` // of them, with any error code
}

// Refusal is how often KMS refused with a code.
type Refusal struct {
	Code  string `json:"code"`          // errorCode: DisabledException, …
	Key   string `json:"key,omitempty"` // of the last one, as in Keys
	Count int    `json:"count"`
	First string `json:"first"`
	Last  string `json:"last"`
}

// EventRange is a time of which events were read.
type EventRange struct {
	From     string `json:"from"`
	To       string `json:"to"`
	Complete bool   `json:"complete"` // it is as long as was meant, and not cut at the number of events that are read
}

// Lookup is how far the lookup of an event name came, from now backwards.
type Lookup struct {
	Name     string `json:"name"`
	Read     int    `json:"read"`           // events of anybody, for anything
	From     string `json:"from,omitempty"` // time of the earliest one, or of the range's start when all were read
	Complete bool   `json:"complete"`
}
