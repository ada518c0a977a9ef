// Package lab is an AWS account inside the program: an HTTP endpoint on
// loopback that answers the calls of sealaudit's collectors from data, in
// AWS's protocols and with AWS's paging, defaults, errors and throttling. It
// can be told to fail in the ways in which networks and AWS fail.
//
// What a service of AWS encrypts at rest, it really encrypts, under keys of its
// own key service; [Lab.Dump] shows what its disks hold. Its clock is its own:
// [Lab.Advance] lets it live through a day in a moment.
//
// It holds no real data and asks nobody. It checks no signature, and evaluates
// of all policies only what buckets' deny for want of encryption headers. It is no emulator for others: it knows the operations that the
// collectors call and those that make something to collect, and answers
// everything else as unknown. As our own code it proves nothing alone.
package lab

import (
	"errors"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sealaudit/sealaudit/internal/envelope/kms"
	"github.com/sealaudit/sealaudit/internal/lab/wire"
)

// Lab serves one account. It is safe for concurrent use.
type Lab struct {
	account *Account
	index   *index
	known   map[string]operation
	set     settings

	state    sync.Mutex // held by every operation; guards the index and what follows
	keys     *kms.Service
	local    *localKeys
	kinesis  *kinesisState
	firehose *firehoseState
	store    store
	s3       s3State
	events   []event
	ticked   time.Time
	seeded   bool
	caller   bool // an operation of the caller's is under way, not one of the account's own
	dynamo   *dynamoState
	trails   *trailState
	ahead    atomic.Int64 // how far the account's clock is ahead, in nanoseconds

	mu       sync.Mutex
	calls    []Call
	attempts map[string]int
	buckets  map[string]*bucket
	byType   map[string][]map[string]any // tagged resources, by region and filter
}

// New returns an endpoint for the account, which must not change any more: what
// calls change is kept beside it.
func New(account *Account, options ...Option) *Lab {
	l := &Lab{account: account, index: newIndex(account), known: operations(), attempts: map[string]int{}, buckets: map[string]*bucket{}, byType: map[string][]map[string]any{}}
	l.set.clock = time.Now
	for _, o := range options {
		o(&l.set)
	}
	l.store.blobs = map[string][]byte{}
	l.s3 = newS3State()
	l.keys = kms.New(kms.Config{Account: account.ID, Now: l.now})
	l.local = newLocalKeys()
	l.kinesis, l.firehose = newKinesisState(), newFirehoseState()
	l.loadKeys()
	return l
}

// operation answers one AWS operation.
type operation func(*Lab, *wire.Request) answer

// answer is what an operation found: the resource it is about, the errors that
// its data asks for, and the output or AWS's refusal.
type answer struct {
	resource string // ARN or name; "" for a listing
	errors   map[string]string
	output   map[string]any
	failure  *wire.Failure
	location string // of a bucket that another region holds
	mutates  bool
}

// ServeHTTP answers one call.
func (l *Lab) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if l.control(w, r) {
		return
	}
	q, err := wire.Read(r)
	q.Now = l.now()
	if l.set.latency > 0 {
		timer := time.NewTimer(l.set.latency)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-r.Context().Done():
			return
		}
	}
	a := l.answer(q, err)
	fault := l.fault(q, a)
	if fault != nil && fault.Hang {
		l.log(q, a, 0)
		<-r.Context().Done()
		return
	}
	response := l.response(q, a, fault)
	l.log(q, a, response.Status)
	if fault != nil && fault.Cut > 0 {
		cut(w, response, fault.Cut)
		return
	}
	response.Write(w)
}

// answer finds what AWS would say, without injected faults.
func (l *Lab) answer(q *wire.Request, err error) answer {
	var refused *wire.Failure
	if errors.As(err, &refused) {
		return answer{failure: refused}
	}
	// Clients sign with the time of day, which the account's may be ahead of.
	if now := l.set.clock(); !q.Expires.IsZero() && now.After(q.Expires) {
		f := refuse(403, "AccessDenied", "Request has expired")
		f.Fields = map[string]string{"Expires": q.Expires.UTC().Format(time.RFC3339), "ServerTime": now.UTC().Format(time.RFC3339)}
		return answer{failure: f}
	}
	if q.Service == "s3" && q.Region == "" {
		q.Region = l.bucketRegion(q.String("Bucket"))
	}
	op := l.known[q.Name()]
	if op == nil {
		return answer{failure: refuse(400, "UnknownOperationException", "The embedded account does not offer "+q.Name()+".")}
	}
	if l.index.regions[q.Region] == nil && q.Service != "sts" && q.Service != "account" && q.Service != "s3control" {
		return answer{failure: refuse(403, "UnrecognizedClientException", "The region "+q.Region+" is not enabled for this account.")}
	}
	l.state.Lock()
	defer l.state.Unlock()
	l.tick(q.Now)
	a := l.perform(op, q)
	l.recordCall(q, a)
	return a
}

// bucketRegion is a bucket's region, for requests that name none.
func (l *Lab) bucketRegion(bucket string) string {
	l.state.Lock()
	defer l.state.Unlock()
	return firstOf(l.index.buckets[bucket].region, "us-east-1")
}

// perform runs an operation, unless something refuses it. What would change
// the account or read contents is refused before it does.
func (l *Lab) perform(op operation, q *wire.Request) answer {
	word, allowed := firstOf(l.set.deny[q.Name()], l.account.Errors[q.Name()], l.index.whole(q)), l.allowed(q)
	refused := !allowed || word != ""
	a := answer{}
	switch {
	case !refused, isHarmless(q):
		l.caller = true
		a = op(l, q)
		l.caller = false
	default:
		a.resource = l.target(q)
	}
	word = firstOf(word, a.errors[q.Operation])
	switch {
	case !allowed:
		a.failure = throttle(q, l.account.ID)
	case word != "":
		a.failure = l.failure(q, word, a.resource)
	}
	return a
}

// barred is the failure that a resource's data asks for, for operations that
// change something: they ask before they do.
func (l *Lab) barred(q *wire.Request, errors map[string]string, resource string) *wire.Failure {
	if word := errors[q.Operation]; word != "" {
		return l.failure(q, word, resource)
	}
	return nil
}

func firstOf(words ...string) string {
	for _, w := range words {
		if w != "" {
			return w
		}
	}
	return ""
}

// response puts an answer, or the fault instead of it, into the protocol.
func (l *Lab) response(q *wire.Request, a answer, f *Fault) wire.Response {
	switch {
	case f != nil && f.Body != "":
		return wire.Response{Status: max(f.Status, 200), Header: http.Header{"Content-Type": {"text/html"}}, Body: []byte(f.Body)}
	case f != nil && f.Code != "":
		return q.Fail(refuse(f.Status, f.Code, f.Message))
	case f != nil && f.Output != nil:
		return q.Reply(f.Output)
	case a.failure != nil:
		p := q.Fail(a.failure)
		if a.location != "" {
			p.Header["X-Amz-Bucket-Region"] = []string{a.location}
		}
		return p
	}
	return q.Reply(a.output)
}

// cut sends the first bytes of a response that promises all of them, and
// closes the connection.
func cut(w http.ResponseWriter, p wire.Response, n int) {
	p.Body = append([]byte(nil), p.Body...)
	header := w.Header()
	for name, values := range p.Header {
		header[name] = values
	}
	header.Set("Content-Length", fmt.Sprint(max(len(p.Body), n+1)))
	w.WriteHeader(p.Status)
	_, _ = w.Write(p.Body[:min(n, len(p.Body))]) // the client sees the end
	_ = http.NewResponseController(w).Flush()    // before the connection closes
	panic(http.ErrAbortHandler)
}
