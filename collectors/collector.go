// Package collectors is the evidence model of sealaudit: what was read from
// an account (facts), what could not be read (gaps), on which API replies it
// rests (calls), and how much of the account that was (the ledger).
//
// Collectors describe and never judge: no fact says "good" or "bad". This
// package imports no AWS code; one sub-package a service does. It never turns
// an answer it did not get into a fact.
package collectors

import "context"

// Scope is where a resource lives. Region is "" for an account-wide resource.
type Scope struct {
	Partition string `json:"partition"` // aws, aws-cn, aws-us-gov, aws-eusc, …
	Account   string `json:"account"`   // twelve digits
	Region    string `json:"region,omitempty"`
}

// A Collector reads one AWS service in one account and region.
type Collector interface {
	// Service is the AWS service prefix, as in IAM actions: "kinesis". A
	// collector that reads something else than a service's configuration adds
	// what it is: "s3/objects".
	Service() string
	// Types are the resource types it lists, each with the zero value of its
	// facts struct, from which the schema that policies are checked against is
	// made.
	Types() []ResourceType
	// Global says that it reads the whole account at once: Collect is then
	// called a single time, with a scope without region.
	Global() bool
	// Actions are the IAM actions that its calls need.
	Actions() []string
	// Collect emits every resource of the scope, each once. What it can't
	// read it emits as a Gap; its error is for a scope that it had to give up
	// as a whole, and becomes a gap on each of its types.
	//
	// emit may be called from several goroutines; emission order carries no
	// meaning. Listed tells the ledger how a listing ended, once a type.
	Collect(ctx context.Context, scope Scope, sink Sink) error
}

// A Sink takes what a collector found.
type Sink interface {
	// Emit takes one resource.
	Emit(Resource)
	// Listed says how the listing of one resource type in one scope ended. A
	// nil gap means that it was complete: only then is "none" a fact.
	Listed(scope Scope, resourceType string, gap *Gap)
	// NotOffered says instead that AWS does not offer the type's service in the
	// scope's region, and how that is known: there is nothing to list.
	NotOffered(scope Scope, resourceType, why string)
	// Progress says that n more resources of the type were listed.
	Progress(resourceType string, n int)
}

// ResourceType is a CloudFormation resource type and the shape of its facts.
type ResourceType struct {
	Name  string // "AWS::Kinesis::Stream"
	Facts any    // zero value of the facts struct
	// Sampled says that its rows are samples of what a resource holds, which
	// are there only when they are asked for: nothing is concluded from their
	// absence, and they do not count among those who use a key.
	Sampled bool
}
