package awsapi

import (
	"context"
	"time"

	"github.com/sealaudit/sealaudit/collectors"
)

// Reading is one resource while its facts are read: it keeps the gaps and the
// calls. It is used by one goroutine.
type Reading struct {
	resource collectors.Resource
	session  *Session
	trace    *Trace
	ctx      context.Context // the one that carries the trace; never outlives the reading
}

// Read starts reading a resource. Calls made under the returned context are
// the ones it rests on; those of the listing can be added with Rest.
func (s *Session) Read(ctx context.Context, r collectors.Resource) (context.Context, *Reading) {
	ctx, trace := WithTrace(ctx)
	return ctx, &Reading{resource: r, session: s, trace: trace, ctx: ctx}
}

// Failed says whether a call failed, and if so makes a gap of it on the
// attributes ("facts.encryption").
func (r *Reading) Failed(err error, attributes ...string) bool {
	if err != nil {
		r.Gap(GapOf(err, attributes...))
	}
	return err != nil
}

// Gap adds gaps found otherwise than by a failed call.
func (r *Reading) Gap(gaps ...collectors.Gap) { r.resource.Gaps = append(r.resource.Gaps, gaps...) }

// Rest adds calls that the resource rests on beside those of its own context.
func (r *Reading) Rest(calls ...collectors.CallRef) { r.trace.Add(calls...) }

// Done ends the reading: the resource with its facts, gaps, tags and calls.
func (r *Reading) Done(facts any) collectors.Resource {
	r.resource.Facts = facts
	r.session.Tags(r.ctx, &r.resource)
	r.resource.Calls = r.trace.Calls()
	return r.resource
}

// ListingGap is the gap of a listing that failed, for Sink.Listed; nil when it
// did not.
func ListingGap(err error) *collectors.Gap {
	if err == nil {
		return nil
	}
	g := GapOf(err, "facts", "tags")
	return &g
}

// Stamp is a time as facts have it: RFC 3339 in UTC, "" for none.
func Stamp(t *time.Time) string {
	if t == nil || t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

// Int is an optional number as facts have it.
func Int[N ~int32 | ~int64](n *N) *int {
	if n == nil {
		return nil
	}
	v := int(*n)
	return &v
}
