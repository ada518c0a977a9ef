package awsapi

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go/middleware"
)

// Streaming is [Session.Config] for operations whose reply is a long body, as
// that of S3's GetObject. The body goes to the caller as it comes, and is held
// and logged nowhere; it may take as long as it takes, unless no byte comes for
// as long as an attempt may last. Pace, retries and error classes are the
// session's; a body that breaks off is the caller's to ask for again.
func (s *Session) Streaming(region string) aws.Config {
	cfg := s.Config(region)
	if c, ok := cfg.HTTPClient.(*awshttp.BuildableClient); ok {
		cfg.HTTPClient = c.WithReadTimeout(s.attempt)
	}
	cfg.APIOptions = append(cfg.APIOptions[:len(cfg.APIOptions):len(cfg.APIOptions)], func(stack *middleware.Stack) error {
		_, err := stack.Deserialize.Swap("SealauditReply", middleware.DeserializeMiddlewareFunc("SealauditReply", passReply))
		return err
	})
	return cfg
}

// passReply is [keepReply] for a reply that is streamed: it keeps the body of
// an error only.
func passReply(ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler) (middleware.DeserializeOutput, middleware.Metadata, error) {
	out, md, err := next.HandleDeserialize(ctx, in)
	if resp, r := noteReply(ctx, out); r == nil || resp.StatusCode < 300 {
		return out, md, err
	}
	return keepReply(ctx, in, middleware.DeserializeHandlerFunc(func(context.Context, middleware.DeserializeInput) (middleware.DeserializeOutput, middleware.Metadata, error) {
		return out, md, err
	}))
}
