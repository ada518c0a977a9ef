package cloudtrail

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"

	"github.com/sealaudit/sealaudit/collectors"
	"github.com/sealaudit/sealaudit/internal/awsapi"
)

// history is a region's event history while it is read, by one goroutine.
type history struct {
	scope    collectors.Scope
	sink     collectors.Sink
	client   *cloudtrail.Client
	from, to time.Time
	pages    int // of each name at most

	lookups []lookup
	seen    map[string]bool  // ids of events
	found   map[string]*uses // by ARN of the resource
}

// lookup is one event name's.
type lookup struct {
	Lookup
	oldest time.Time // event that was read
	err    error     // that ended it
}

var (
	errNoEvents = errors.New("cloudtrail:LookupEvents answered without a list of events; check the endpoint")
	errNoRecord = errors.New("cloudtrail:LookupEvents answered an event without a record that can be read; whether it names a resource is not known")
)

// look reads the events of a name, from the newest one back, until there are no more or
// enough were read.
func (h *history) look(ctx context.Context, name string) {
	l := lookup{Lookup: Lookup{Name: name, Complete: true}}
	ctx, trace := awsapi.WithTrace(ctx)
	page, unreadable := 0, false
	err := awsapi.Pages(func(token *string) (*string, error) {
		if page == h.pages {
			l.Complete = false
			return nil, nil
		}
		page++
		out, err := h.client.LookupEvents(ctx, &cloudtrail.LookupEventsInput{StartTime: &h.from, EndTime: &h.to, MaxResults: aws.Int32(pageSize), NextToken: token,
			LookupAttributes: []types.LookupAttribute{{AttributeKey: types.LookupAttributeKeyEventName, AttributeValue: &name}}})
		switch {
		case err != nil:
			return nil, err
		case out.Events == nil:
			return nil, errNoEvents
		}
		for _, e := range out.Events {
			unreadable = !h.take(&l, e, trace.Last()) || unreadable
		}
		return out.NextToken, nil
	})
	if err == nil && unreadable {
		err = errNoRecord
	}
	l.err, l.Complete = err, l.Complete && err == nil
	l.From = awsapi.Stamp(&l.oldest)
	if l.Complete {
		l.From = awsapi.Stamp(&h.from)
	}
	h.lookups = append(h.lookups, l)
}

// take adds an event to those of the resource that it names. It is false where
// that can't be told.
func (h *history) take(l *lookup, e types.Event, page []collectors.CallRef) bool {
	if id := aws.ToString(e.EventId); id != "" {
		if h.seen[id] {
			return true
		}
		h.seen[id] = true
	}
	l.Read++
	at := aws.ToTime(e.EventTime)
	if l.oldest.IsZero() || at.Before(l.oldest) {
		l.oldest = at
	}
	u, ok := readUse(aws.ToString(e.CloudTrailEvent))
	if !ok || at.IsZero() {
		return false
	}
	if u.Source != "kms.amazonaws.com" || u.Name != l.Name {
		return true
	}
	of, service, ok := u.resource(h.scope)
	if !ok {
		return true
	}
	if h.found[of.arn] == nil {
		h.found[of.arn] = newUses(of)
		h.sink.Progress(eventType, 1)
	}
	h.found[of.arn].add(u, service, u.key(h.scope), at, page)
	return true
}

// failure is the first error of a lookup, nil without one.
func (h *history) failure() error {
	for _, l := range h.lookups {
		if l.err != nil {
			return l.err
		}
	}
	return nil
}

// covered is the time of which events of every name were read. There is none
// when a lookup failed.
func (h *history) covered() *EventRange {
	out := &EventRange{From: awsapi.Stamp(&h.from), To: awsapi.Stamp(&h.to), Complete: true}
	for _, l := range h.lookups {
		if l.err != nil {
			return nil
		}
		out.From = max(out.From, l.From) // RFC 3339 in UTC sorts by time
		out.Complete = out.Complete && l.Complete
	}
	return out
}

// gap is that of the listing. What a full look would have shown beyond the
// bound is no gap of rows, which say how far it came; that there are no rows is
// then no fact.
func (h *history) gap() *collectors.Gap {
	if err := h.failure(); err != nil {
		g := eventGap(err, "facts", "tags")
		return &g
	}
	if len(h.found) > 0 {
		return nil
	}
	for _, l := range h.lookups {
		if !l.Complete {
			return &collectors.Gap{Attributes: []string{"facts", "tags"}, Reason: collectors.OutOfScope,
				Detail: fmt.Sprintf("Of the newest %d events %s, which go back to %s, none is a service's for a resource; earlier ones were not read.", l.Read, l.Name, cmp.Or(l.From, "no time")),
				Remedy: "Look for KMS events of services in a trail's log files, which have all of them."}
		}
	}
	return nil
}

// eventGap is awsapi.GapOf for a lookup.
func eventGap(err error, attributes ...string) collectors.Gap {
	g := awsapi.GapOf(err, attributes...)
	g.Remedy = strings.Replace(g.Remedy, "sealaudit permissions prints", "sealaudit permissions --prove prints", 1)
	return g
}

// sorted are the resources, by ARN.
func (h *history) sorted() []*uses {
	var out []*uses
	for _, u := range h.found {
		out = append(out, u)
	}
	slices.SortFunc(out, func(a, b *uses) int { return strings.Compare(a.of.arn, b.of.arn) })
	return out
}
