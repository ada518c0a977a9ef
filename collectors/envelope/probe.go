package envelope

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/ratelimit"
	"github.com/aws/aws-sdk-go-v2/aws/retry"

	"github.com/sealaudit/sealaudit/collectors"
	"github.com/sealaudit/sealaudit/internal/awsapi"
	"github.com/sealaudit/sealaudit/internal/envelope"
)

const (
	canarySize   = 64 // bytes of content, chosen at random
	canaryMethod = "canary written by --probe"
	writeTime    = 20 * time.Second // for the one write, which an interruption does not break off
	removeTime   = 15 * time.Second // for the deletion, also after an interruption
)

// CanaryPrefix begins the name of every canary.
const CanaryPrefix = "sealaudit-probe-"

// ProbeOptions say how a probe goes.
type ProbeOptions struct {
	Regions []string     // that the scan reads
	Say     func(string) // takes a line for people: before the write, and where something may stay
	Random  io.Reader    // of names and contents; nil is crypto/rand's
}

// Probe writes a canary to the target, reads it back, compares what the service
// says of its encryption and deletes it. It is the only thing of a scan that
// writes, and makes one write and one deletion of what it wrote itself.
//
// It does not fail: what it could not do is a step, and what is therefore not
// known a gap. The write is not broken off when the context ends, because then
// nobody would know whether the canary is there; the deletion comes in any case.
func (r *Run) Probe(ctx context.Context, t Target, o ProbeOptions) collectors.Resource {
	p := &probe{Run: r, ProbeOptions: o, target: t, seen: Sighting{Client: Client{Format: "none"}}}
	p.parent = Parent{ARN: t.ARN(t.Scope.Partition, t.Scope.Region, t.Scope.Account), Name: t.Name, Scope: t.Scope, Method: canaryMethod, Complete: true}
	traced, trace := awsapi.WithTrace(ctx)
	if err := p.choose(); err != nil {
		p.fail("canary", err)
		return p.row(ctx)
	}
	defer clear(p.content)
	switch t.Service {
	case "s3":
		p.parent.Type = objectType
		(&objectProbe{probe: p}).run(traced)
	case "kinesis":
		p.parent.Type = recordType
		(&recordProbe{probe: p}).run(traced)
	default:
		p.parent.Type = itemType
		(&itemProbe{probe: p}).run(traced)
	}
	p.seen.Calls = trace.Calls()
	return p.row(ctx)
}

// probe is what the probes of all services share.
type probe struct {
	*Run
	ProbeOptions
	target  Target
	parent  Parent
	name    string // of the canary
	random  []byte // that the name is of
	content []byte // in no fact, gap, line or error
	written bool
	seen    Sighting
	steps   []probeStep
}

// probeStep is a step of a probe. One that is aside says nothing of how the
// canary was encrypted, and has no part in the verdict.
type probeStep struct {
	envelope.Step
	aside bool
}

// choose chooses the canary's name and content.
func (p *probe) choose() error {
	source := p.Random
	if source == nil {
		source = rand.Reader
	}
	p.random, p.content = make([]byte, 15), make([]byte, canarySize)
	for _, b := range [][]byte{p.random, p.content} {
		if _, err := io.ReadFull(source, b); err != nil {
			return fmt.Errorf("choosing a canary at random: %w; check the system's random source", err)
		}
	}
	p.name = CanaryPrefix + hex.EncodeToString(p.random)
	return nil
}

func (p *probe) step(name string, v envelope.Verdict, format string, args ...any) {
	p.steps = append(p.steps, probeStep{envelope.Step{Name: name, Verdict: v, Detail: why(fmt.Sprintf(format, args...))}, false})
}

func (p *probe) aside(name string, v envelope.Verdict, format string, args ...any) {
	p.step(name, v, format, args...)
	p.steps[len(p.steps)-1].aside = true
}

// fail is a step that could not be made, with its gap on what is not known
// without it.
func (p *probe) fail(name string, err error) {
	p.lack(name, probeGap(p.target.Service, err))
}

func (p *probe) lack(name string, g collectors.Gap) {
	p.step(name, envelope.Unknown, "%s", g.Detail)
	g.Attributes = []string{proofPath}
	if !p.written {
		g.Attributes = append(g.Attributes, clientPath)
		if p.target.Service != "dynamodb" {
			g.Attributes = append(g.Attributes, serverPath)
		}
	}
	p.seen.Gaps = append(p.seen.Gaps, g)
}

func (p *probe) say(format string, args ...any) {
	if p.Say != nil {
		p.Say(strings.Join(strings.Fields(fmt.Sprintf(format, args...)), " "))
	}
}

// compare is the step that says whether what was read is what was written.
func (p *probe) compare(read []byte) {
	if !bytes.Equal(read, p.content) {
		p.step("content", envelope.Refuted, "Other bytes came back than were written.")
		return
	}
	p.step("content", envelope.Verified, "The %d bytes that came back are those that were written.", len(read))
}

// writing is a context for the write, which outlives an interruption.
func writing(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), writeTime)
}

// removing is a context for what is done after the write.
func (p *probe) removing(ctx context.Context, what string) (context.Context, context.CancelFunc) {
	if ctx.Err() != nil {
		p.say("probe: interrupted; deleting %s", what)
	}
	return context.WithTimeout(context.WithoutCancel(ctx), removeTime)
}

// once retries what was throttled, and so was not done, and nothing else: a
// write that got no answer may have been done.
func once() aws.Retryer {
	return retry.NewStandard(func(o *retry.StandardOptions) {
		o.MaxAttempts, o.RateLimiter = 5, ratelimit.None
		throttles := retry.ThrottleErrorCode{Codes: map[string]struct{}{"KMSThrottlingException": {}}}
		for code := range retry.DefaultThrottleErrorCodes {
			throttles.Codes[code] = struct{}{}
		}
		o.Retryables = []retry.IsErrorRetryable{retry.IsErrorRetryableFunc(func(err error) aws.Ternary { return throttles.IsErrorThrottle(err) })}
	})
}

// refused says whether the answer to a write says that it was not done. No
// answer, or one of a server in trouble, leaves that open.
func refused(err error) bool { s := status(err); return s >= 400 && s < 500 }

var errInterrupted = fmt.Errorf("the scan ended before the canary was written: %w", context.Canceled)
