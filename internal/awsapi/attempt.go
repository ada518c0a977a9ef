package awsapi

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/sealaudit/sealaudit/collectors"
)

const maxReply = 64 << 20 // bytes; no reply of these APIs comes near

// reply is what the innermost middleware saw of an attempt.
type reply struct {
	status    int
	requestID string
	date      time.Time
	html      bool
	demo      bool // it came from the embedded account
	body      []byte
}

type replyKey struct{}

// apiOptions puts middlewares into every operation: one around the whole call,
// naming its error, one around each attempt, for pace and log, and PlainBodies.
func apiOptions(l *limits, log *CallLog, limit time.Duration) []func(*middleware.Stack) error {
	return []func(*middleware.Stack) error{func(stack *middleware.Stack) error {
		err := stack.Initialize.Add(middleware.InitializeMiddlewareFunc("SealauditCall", nameError), middleware.After)
		attempt := func(ctx context.Context, in middleware.FinalizeInput, next middleware.FinalizeHandler) (middleware.FinalizeOutput, middleware.Metadata, error) {
			return doAttempt(ctx, in, next, l, log)
		}
		err = errors.Join(err, stack.Finalize.Insert(middleware.FinalizeMiddlewareFunc("SealauditAttempt", attempt), "Retry", middleware.After))
		reply := func(ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler) (middleware.DeserializeOutput, middleware.Metadata, error) {
			return keepInTime(ctx, in, next, limit)
		}
		return errors.Join(err, stack.Deserialize.Add(middleware.DeserializeMiddlewareFunc("SealauditReply", reply), middleware.After))
	}, PlainBodies}
}

func doAttempt(ctx context.Context, in middleware.FinalizeInput, next middleware.FinalizeHandler, l *limits, log *CallLog) (middleware.FinalizeOutput, middleware.Metadata, error) {
	operation, region := Operation(awsmiddleware.GetServiceID(ctx), awsmiddleware.GetOperationName(ctx)), awsmiddleware.GetRegion(ctx)
	shard, _ := ctx.Value(shardKey{}).(string)
	p := l.pace(region, operation, shard)
	if err := p.wait(ctx); err != nil {
		return middleware.FinalizeOutput{}, middleware.Metadata{}, err
	}
	r := &reply{}
	out, md, err := next.HandleFinalize(context.WithValue(ctx, replyKey{}, r), in)
	if ctx.Err() != nil && r.status == 0 {
		return out, md, err // interrupted, not answered
	}
	now := time.Now().UTC()
	call := Call{CallRef: collectors.CallRef{Operation: operation, Region: region, RequestID: r.requestID, Time: now, Status: r.status, Error: Code(err)}}
	if r.body != nil && (r.status >= 300 || !holdsContent(operation)) {
		call.Reply = redact(operation, r.body)
		call.Digest = digest(call.Reply)
	}
	log.add(call)
	if isThrottle(err) {
		p.throttled(time.Now())
		last, _ := ctx.Value(lastKey{}).(*lastError)
		last.set(err)
		return out, md, err
	}
	if t := traceOf(ctx); t != nil {
		t.Add(call.CallRef)
		t.mu.Lock()
		t.server, t.local, t.demo = r.date, now, r.demo
		t.mu.Unlock()
	}
	if err != nil && r.html {
		err = fmt.Errorf("the endpoint answered a web page, not an AWS reply: %w", err)
	}
	return out, md, err
}

// keepInTime is keepReply with a limit for one attempt, body and all. That of
// net/http's client costs a goroutine for each request.
func keepInTime(ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler, limit time.Duration) (middleware.DeserializeOutput, middleware.Metadata, error) {
	attempt, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	out, md, err := keepReply(attempt, in, next)
	if err != nil && attempt.Err() != nil && ctx.Err() == nil {
		// The SDK takes an ended context for the caller's, who wants no more.
		err = fmt.Errorf("no answer within %s: %w", limit, context.DeadlineExceeded)
	}
	return out, md, err
}

// keepReply reads the whole body before the SDK does, so that a cut-off is
// seen as one and the digest is of what came over the wire.
func keepReply(ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler) (middleware.DeserializeOutput, middleware.Metadata, error) {
	out, md, err := next.HandleDeserialize(ctx, in)
	resp, r := noteReply(ctx, out)
	if r == nil { // no answer came
		return out, md, err
	}
	if q, ok := in.Request.(*smithyhttp.Request); ok && q.Method == http.MethodHead {
		r.body = []byte{} // what there is to read
		return out, md, err
	}
	body, readErr := io.ReadAll(io.LimitReader(resp.Body, maxReply+1))
	_ = resp.Body.Close()
	if readErr == nil && len(body) > maxReply {
		readErr = fmt.Errorf("more than %d bytes", maxReply)
	}
	if readErr != nil {
		if err == nil {
			err = cutOffError{readErr}
		}
		resp.Body = http.NoBody
		return out, md, err
	}
	r.body = body
	resp.Body = io.NopCloser(bytes.NewReader(body))
	return out, md, err
}

// noteReply notes what stands before a reply's body. Without an answer it gives
// nil.
func noteReply(ctx context.Context, out middleware.DeserializeOutput) (*smithyhttp.Response, *reply) {
	resp, ok := out.RawResponse.(*smithyhttp.Response)
	r, traced := ctx.Value(replyKey{}).(*reply)
	if !ok || !traced || resp.Body == nil || resp.StatusCode == 0 {
		return nil, nil
	}
	r.status = resp.StatusCode
	r.requestID = firstHeader(resp.Header, "X-Amzn-Requestid", "X-Amz-Request-Id")
	r.date, _ = http.ParseTime(resp.Header.Get("Date"))
	r.demo = resp.Header.Get("Server") == demoServer
	r.html = strings.HasPrefix(resp.Header.Get("Content-Type"), "text/html")
	return resp, r
}

// demoServer is how the embedded account names itself in its replies, so that
// nobody takes it for theirs, whatever way leads to it.
const demoServer = "sealaudit-lab"

func firstHeader(h http.Header, names ...string) string {
	for _, n := range names {
		if v := h.Get(n); v != "" {
			return v
		}
	}
	return ""
}
