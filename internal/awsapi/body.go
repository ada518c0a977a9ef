package awsapi

import (
	"context"
	"io"

	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// PlainBodies keeps a reply from being cut off by this side (an option for the
// SDK's APIOptions). The SDK closes a request's body as soon as there is a
// reply. net/http, which may still look for that body's end, is told io.EOF as
// an error by a closed body that can write itself (io.WriterTo), and then
// closes the connection under the reply. One that can only be read just ends.
func PlainBodies(stack *middleware.Stack) error {
	return stack.Deserialize.Add(middleware.DeserializeMiddlewareFunc("SealauditBody", plainBody), middleware.After)
}

func plainBody(ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler) (middleware.DeserializeOutput, middleware.Metadata, error) {
	r, ok := in.Request.(*smithyhttp.Request)
	if !ok {
		return next.HandleDeserialize(ctx, in)
	}
	body, seeks := r.GetStream().(io.ReadSeeker)
	if _, writes := body.(io.WriterTo); !seeks || !writes {
		return next.HandleDeserialize(ctx, in)
	}
	length := r.ContentLength
	r, err := r.SetStream(struct{ io.ReadSeeker }{body})
	if err != nil {
		return middleware.DeserializeOutput{}, middleware.Metadata{}, err
	}
	r.ContentLength = length
	in.Request = r
	return next.HandleDeserialize(ctx, in)
}
