package lab

import (
	"slices"
	"strings"
	"time"

	"github.com/sealaudit/sealaudit/internal/lab/wire"
)

// Option changes how an endpoint behaves.
type Option func(*settings)

type settings struct {
	clock   func() time.Time
	latency time.Duration
	rates   map[string]float64
	deny    map[string]string
	fault   func(Request) *Fault
}

// Clock gives the time that relative times count from; without it, it is
// time.Now.
func Clock(now func() time.Time) Option { return func(s *settings) { s.clock = now } }

// Latency makes every answer take so long at least; answers wait side by side.
func Latency(d time.Duration) Option { return func(s *settings) { s.latency = d } }

// Rate throttles operations ("kinesis:ListStreams") to so many requests a
// second in each region, with a burst of one second, as AWS does.
func Rate(rates map[string]float64) Option { return func(s *settings) { s.rates = rates } }

// Deny refuses operations ("s3:GetBucketPolicy") on every resource, as if the
// caller had no permission.
func Deny(operations ...string) Option { return Fail(denied, operations...) }

// Fail makes operations fail on every resource: "denied", "vanished",
// "expired" (the caller's credentials), "throttled" for ever, or with an AWS
// error code.
func Fail(how string, operations ...string) Option {
	return func(s *settings) {
		if s.deny == nil {
			s.deny = map[string]string{}
		}
		for _, name := range operations {
			s.deny[name] = how
		}
	}
}

// Faults is asked before each answer and may spoil it; nil leaves it.
func Faults(of func(Request) *Fault) Option { return func(s *settings) { s.fault = of } }

// Request is a call, as Faults sees it.
type Request struct {
	Service, Operation, Region string
	Resource                   string // ARN or name; "" for a listing
	Attempt                    int    // of this call on this resource, from 1
}

// Name is the operation with its service: "kinesis:ListStreams".
func (r Request) Name() string { return r.Service + ":" + r.Operation }

// Fault is one way in which an answer goes wrong. The first field that is set
// counts; Cut goes with any answer.
type Fault struct {
	Hang          bool           // no answer, until the client goes
	Body          string         // a web page, with Status
	Status        int            // HTTP status of Body or Code
	Code, Message string         // an AWS error
	Output        map[string]any // another output
	Cut           int            // the connection ends after so many bytes of the body
}

func (l *Lab) fault(q *wire.Request, a answer) *Fault {
	if l.set.fault == nil {
		return nil
	}
	l.mu.Lock()
	key := q.Name() + " " + q.Region + " " + a.resource
	l.attempts[key]++
	n := l.attempts[key]
	l.mu.Unlock()
	return l.set.fault(Request{q.Service, q.Operation, q.Region, a.resource, n})
}

// Call is one call that was answered.
type Call struct {
	Operation string // "kinesis:ListStreams"; the service alone when it was not recognised
	Region    string
	Resource  string // ARN or name; "" for a listing
	Status    int    // HTTP; 0 when it was left hanging
	Mutation  bool   // in AWS it would have changed the account
}

func (l *Lab) log(q *wire.Request, a answer, status int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.calls = append(l.calls, Call{strings.TrimSuffix(q.Name(), ":"), q.Region, a.resource, status, a.mutates})
}

// Calls are the calls so far, in the order of their answers.
func (l *Lab) Calls() []Call {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.calls)
}

// Mutations are the calls that would have changed a real account.
func (l *Lab) Mutations() []Call {
	return slices.DeleteFunc(l.Calls(), func(c Call) bool { return !c.Mutation })
}

// bucket is a token bucket that holds one second's worth.
type bucket struct {
	tokens float64
	filled time.Time
}

// allowed takes a token for the request where its operation is limited. It
// counts real time: clients wait in it, whatever the account's clock says.
func (l *Lab) allowed(q *wire.Request) bool {
	rate, limited := l.set.rates[q.Name()]
	if !limited {
		return true
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	key, now := q.Name()+" "+q.Region, time.Now()
	b := l.buckets[key]
	if b == nil {
		b = &bucket{tokens: max(rate, 1), filled: now}
		l.buckets[key] = b
	}
	b.tokens = min(max(rate, 1), b.tokens+rate*now.Sub(b.filled).Seconds())
	b.filled = now
	if b.tokens < 1 {
		return false
	}
	b.tokens--
	return true
}
