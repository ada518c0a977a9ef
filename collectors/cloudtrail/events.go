package cloudtrail

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"

	"github.com/sealaudit/sealaudit/collectors"
	"github.com/sealaudit/sealaudit/internal/awsapi"
)

const eventType = "AWS::CloudTrail::Event"

// How far events are looked up: they are answered 50 a page and two pages a
// second (CloudTrail API, LookupEvents), and a busy account has millions.
const (
	lookBack = 14 * 24 * time.Hour
	maxPages = 20 // of each event name
	pageSize = 50
)

// eventNames are the calls of KMS by which services get data keys and have them
// back. One lookup can ask for one name.
func eventNames() []string {
	return []string{"Decrypt", "GenerateDataKey", "GenerateDataKeyWithoutPlaintext"}
}

// Events reads in CloudTrail's event history for which buckets, streams, tables
// and trails AWS services asked KMS for data keys. It reads no data: see the
// package comment for what an event proves. The history has management events
// of 90 days, with and without a trail.
type Events struct {
	session  *awsapi.Session
	sampling collectors.Sampling
	made     time.Time // by the local clock
}

// NewEvents returns the collector of events until now: what a run itself makes
// services ask of KMS, by reading what they store, comes after. Of each event
// name it reads as many events as the sampling lists of anything, and a thousand
// at most.
func NewEvents(s *awsapi.Session, sampling collectors.Sampling) *Events {
	return &Events{s, sampling, time.Now()}
}

// Sampling implements collectors.SamplingCollector.
func (c *Events) Sampling() collectors.Sampling { return c.sampling }

// Service is "cloudtrail/events".
func (c *Events) Service() string { return "cloudtrail/events" }

// Types are the resource types it lists.
func (c *Events) Types() []collectors.ResourceType {
	return []collectors.ResourceType{{Name: eventType, Facts: EventFacts{}, Sampled: true}}
}

// Global is false: an event is in the history of the key's region.
func (c *Events) Global() bool { return false }

// Actions are the IAM actions that it needs.
func (c *Events) Actions() []string { return []string{"cloudtrail:LookupEvents"} }

// Collect reads the region's history, one event name after another, and emits a
// row for each resource that was named.
func (c *Events) Collect(ctx context.Context, scope collectors.Scope, sink collectors.Sink) error {
	to := c.made.Add(-c.session.Skew).UTC()
	h := &history{scope: scope, sink: sink, client: cloudtrail.NewFromConfig(c.session.Config(scope.Region)),
		from: to.Add(-lookBack), to: to, pages: pagesFor(c.sampling.List), seen: map[string]bool{}, found: map[string]*uses{}}
	for _, name := range eventNames() {
		h.look(ctx, name)
	}
	for _, u := range h.sorted() {
		row := u.row(h)
		c.tags(ctx, u.of.arn, &row)
		sink.Emit(row)
	}
	sink.Listed(scope, eventType, h.gap())
	return nil
}

// tags are those of the resource that was named.
func (c *Events) tags(ctx context.Context, arn string, row *collectors.Resource) {
	named := collectors.Resource{ARN: arn, Scope: row.Scope}
	c.session.Tags(ctx, &named)
	row.Tags = named.Tags
	row.Gaps = append(row.Gaps, named.Gaps...)
}

// pagesFor is how many pages hold so many events.
func pagesFor(events int) int { return min(max((events+pageSize-1)/pageSize, 1), maxPages) }
