package awsapi

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/sealaudit/sealaudit/collectors"
)

// Call is one attempt of one API call.
type Call struct {
	collectors.CallRef
	// Reply is the redacted body, or nil when there was none. It is stored
	// once by its digest.
	Reply []byte
}

// CallLog takes every attempt, in the order in which they ended.
type CallLog struct {
	// Add is called for each attempt, from any goroutine.
	Add func(Call)
}

func (l *CallLog) add(c Call) {
	if l != nil && l.Add != nil {
		l.Add(c)
	}
}

// Trace collects the calls made under one context: what a resource rests on.
type Trace struct {
	mu     sync.Mutex
	calls  []collectors.CallRef
	server time.Time // Date header of the last reply
	local  time.Time
	demo   bool
}

type traceKey struct{}

// WithTrace returns a context under which calls are collected.
func WithTrace(ctx context.Context) (context.Context, *Trace) {
	t := &Trace{}
	return context.WithValue(ctx, traceKey{}, t), t
}

func traceOf(ctx context.Context) *Trace {
	t, _ := ctx.Value(traceKey{}).(*Trace)
	return t
}

// Add adds calls made elsewhere, such as a key's that was resolved before.
func (t *Trace) Add(calls ...collectors.CallRef) {
	if t == nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.calls = append(t.calls, calls...)
}

// Calls are the replies of the trace, the last attempt of each operation and
// region where one was retried, by operation, region and time.
func (t *Trace) Calls() []collectors.CallRef {
	t.mu.Lock()
	out := slices.Clone(t.calls)
	t.mu.Unlock()
	slices.SortStableFunc(out, func(a, b collectors.CallRef) int {
		if c := strings.Compare(a.Operation, b.Operation); c != 0 {
			return c
		}
		if c := strings.Compare(a.Region, b.Region); c != 0 {
			return c
		}
		return a.Time.Compare(b.Time)
	})
	return slices.CompactFunc(out, func(a, b collectors.CallRef) bool { return a == b })
}

// skew is local clock minus AWS's at the last reply.
func (t *Trace) skew() time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.server.IsZero() {
		return 0
	}
	return t.local.Sub(t.server).Truncate(time.Second) // the header counts whole seconds
}

// AddCalls adds calls to the context's trace, if it has one.
func AddCalls(ctx context.Context, calls ...collectors.CallRef) { traceOf(ctx).Add(calls...) }

// Last is the reply that arrived last: of a listing, the page at hand.
func (t *Trace) Last() []collectors.CallRef {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.calls) == 0 {
		return nil
	}
	return []collectors.CallRef{t.calls[len(t.calls)-1]}
}
