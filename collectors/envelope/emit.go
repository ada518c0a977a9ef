package envelope

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/sealaudit/sealaudit/collectors"
	"github.com/sealaudit/sealaudit/internal/awsapi"
)

// Parent is a bucket, stream or table whose things are sampled.
type Parent struct {
	ARN     string
	Name    string
	Type    string // of the things: "AWS::S3::Object"
	Scope   collectors.Scope
	Calls   []collectors.CallRef // that found it
	Listing []collectors.CallRef // the last page of what it has
	// Population is how many things were listed, Gap why there may be more.
	Population int
	Method     string
	Complete   bool
	Gap        *collectors.Gap
}

func (p Parent) calls() []collectors.CallRef { return slices.Concat(p.Calls, p.Listing) }

// Cohort is a row in the making, for the facts of a service.
type Cohort struct {
	Server      Server
	Key         *collectors.Key // the server's, resolved
	Client      *ClientSide     // nil where it is not known
	Count       int
	Bytes       *int
	First, Last string // RFC 3339
	Examples    []string
	Proof       *Proof
	Weaknesses  []string
	Duplicates  *Duplicates
	Sample      *Sample
}

// Emit emits a row for each cohort. facts makes the service's own of one.
func (r *Run) Emit(ctx context.Context, p Parent, c *Cohorts, sink collectors.Sink, facts func(Cohort) any) {
	labels := map[string]int{}
	for _, one := range c.sorted() {
		labels[one.one.label()]++
	}
	for _, one := range c.sorted() {
		row := r.row(ctx, p, one, c.sampled, facts)
		if labels[one.one.label()] > 1 { // people need to tell them apart
			row.Name += " #" + one.id.String()[:6]
		}
		sink.Emit(row)
	}
	if c.others.count > 0 {
		sink.Emit(r.others(ctx, p, &c.others, c.sampled, facts))
	}
}

// NotSampled is the row of a parent of which nothing was sampled, and why.
func (r *Run) NotSampled(ctx context.Context, p Parent, gap collectors.Gap) collectors.Resource {
	gap.Attributes = []string{"facts"}
	out := collectors.Resource{ARN: p.ARN + "/*", Type: p.Type, Name: p.Name + " · not sampled", Scope: p.Scope,
		Facts: struct{}{}, Gaps: []collectors.Gap{gap}, Calls: p.calls()}
	r.tags(ctx, p, &out)
	return out
}

func (r *Run) row(ctx context.Context, p Parent, c *cohort, sampled int, facts func(Cohort) any) collectors.Resource {
	ctx, trace := awsapi.WithTrace(ctx)
	trace.Add(p.calls()...)
	out := collectors.Resource{ARN: p.ARN + "/*#" + c.id.String(), Type: p.Type, Name: p.Name + " · " + c.one.label(), Scope: p.Scope}
	out.Gaps = slices.Clone(c.one.Gaps)
	row := r.counted(p, c, sampled)
	row.Server = c.one.Server
	row.Proof = proofFacts(c.one.Proof, text(c.one.Name), c.count)
	if c.one.Client.Format != "" {
		row.Client = c.one.Client.facts()
		gaps := r.clientKeys(ctx, p.Scope, row.Client, c.opened)
		out.Gaps = append(append(out.Gaps, gaps...), claimGaps(&c.one)...)
	}
	row.Weaknesses, row.Duplicates = c.weaknesses()
	if id := c.one.Server.KeyID; id != "" {
		key, gaps := r.keys.Resolve(ctx, p.Scope, id, "", "facts.server_side.key")
		row.Key = key
		out.Gaps = append(out.Gaps, gaps...)
	}
	for _, e := range c.examples {
		trace.Add(e.calls...)
	}
	r.finish(ctx, p, &out, facts(row))
	out.Calls = trace.Calls()
	return out
}

// others is the row of the shapes beyond those that are kept.
func (r *Run) others(ctx context.Context, p Parent, c *cohort, sampled int, facts func(Cohort) any) collectors.Resource {
	out := collectors.Resource{ARN: p.ARN + "/*#others", Type: p.Type, Name: p.Name + " · other shapes", Scope: p.Scope, Calls: p.calls()}
	attributes := []string{"facts.server_side", "facts.client_side", "facts.proof", "facts.weaknesses", "facts.duplicates"}
	out.Gaps = []collectors.Gap{{Attributes: attributes, Reason: collectors.Unmodelled,
		Detail: fmt.Sprintf("The sample has more than %d shapes of encryption; these things are of the rest.", maxShapes),
		Remedy: "Look at the examples; somebody may be making up metadata."}}
	r.finish(ctx, p, &out, facts(r.counted(p, c, sampled)))
	return out
}

// finish adds what every row of the parent has.
func (r *Run) finish(ctx context.Context, p Parent, out *collectors.Resource, facts any) {
	out.Facts = facts
	if p.Gap != nil {
		gap := *p.Gap
		gap.Attributes = []string{"facts.sampling.complete"} // what was listed is known
		out.Gaps = append(out.Gaps, gap)
	}
	r.tags(ctx, p, out)
}

// tags are those of the parent.
func (r *Run) tags(ctx context.Context, p Parent, out *collectors.Resource) {
	parent := collectors.Resource{ARN: p.ARN, Scope: p.Scope}
	r.session.Tags(ctx, &parent)
	out.Tags = parent.Tags
	out.Gaps = append(out.Gaps, parent.Gaps...)
}

// counted is what can be said of things whatever their shape.
func (r *Run) counted(p Parent, c *cohort, sampled int) Cohort {
	bytes := int(c.bytes)
	out := Cohort{Count: c.count, Bytes: &bytes, First: awsapi.Stamp(&c.first), Last: awsapi.Stamp(&c.last)}
	out.Sample = &Sample{Population: p.Population, Complete: p.Complete, Sampled: sampled, Method: p.Method, Seed: int(r.options.Sampling.Seed)}
	out.Sample.share(c.count)
	for _, e := range c.examples {
		out.Examples = append(out.Examples, text(e.name))
	}
	return out
}

// text bounds hostile text for a fact.
func text(s string) string {
	const most = 1024 // bytes; an object's key is no longer
	s = strings.ToValidUTF8(s, "\uFFFD")
	if len(s) <= most {
		return s
	}
	cut := most
	for !utf8.RuneStart(s[cut]) {
		cut--
	}
	return s[:cut] + "…"
}
