package awsapi_test

import (
	"bytes"
	"context"
	"io"
	"testing"

	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/sealaudit/sealaudit/internal/awsapi"
)

// sent gives a request with this body through the SDK's last step to do, as
// net/http gets it.
func sent(t *testing.T, body io.Reader, do func(io.ReadCloser, int64), options ...func(*middleware.Stack) error) {
	t.Helper()
	stack := middleware.NewStack("test", smithyhttp.NewStackRequest)
	set := func(ctx context.Context, in middleware.BuildInput, next middleware.BuildHandler) (middleware.BuildOutput, middleware.Metadata, error) {
		r, err := in.Request.(*smithyhttp.Request).SetStream(body)
		if err != nil {
			t.Fatal(err)
		}
		r.ContentLength = 7
		in.Request = r
		return next.HandleBuild(ctx, in)
	}
	if err := stack.Build.Add(middleware.BuildMiddlewareFunc("body", set), middleware.After); err != nil {
		t.Fatal(err)
	}
	for _, o := range options {
		if err := o(stack); err != nil {
			t.Fatal(err)
		}
	}
	end := middleware.HandlerFunc(func(ctx context.Context, in any) (any, middleware.Metadata, error) {
		r := in.(*smithyhttp.Request).Build(ctx)
		do(r.Body, r.ContentLength)
		return nil, middleware.Metadata{}, nil
	})
	if _, _, err := middleware.DecorateHandler(end, stack).Handle(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
}

// A body that the SDK has closed ends without an error, so that net/http does
// not close the connection while the reply comes.
func TestClosedBodiesJustEnd(t *testing.T) {
	closed := func(options ...func(*middleware.Stack) error) (err error) {
		sent(t, bytes.NewReader([]byte("content")), func(body io.ReadCloser, _ int64) {
			_ = body.Close()
			_, err = io.Copy(io.Discard, body)
		}, options...)
		return err
	}
	if err := closed(awsapi.PlainBodies); err != nil {
		t.Errorf("a closed body ends with %v", err)
	}
	if err := closed(); err == nil {
		t.Error("the SDK does so by itself now: this option is not needed any more")
	}
	for name, body := range map[string]io.Reader{"a body that writes itself": bytes.NewReader([]byte("content")), "one that can't": io.LimitReader(bytes.NewReader([]byte("content")), 7)} {
		sent(t, body, func(body io.ReadCloser, length int64) {
			if text, err := io.ReadAll(body); err != nil || string(text) != "content" || length != 7 {
				t.Errorf("%s is sent as %q (%d), %v", name, text, length, err)
			}
		}, awsapi.PlainBodies)
	}
}
