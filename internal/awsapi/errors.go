package awsapi

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"

	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"

	"github.com/sealaudit/sealaudit/collectors"
)

// Error is the final error of an API call, named and classed.
type Error struct {
	Operation string // as in IAM: "kinesis:ListStreams"
	Reason    collectors.Reason
	Err       error
}

func (e *Error) Error() string { return e.Operation + ": " + shorten(e.Err).Error() }
func (e *Error) Unwrap() error { return e.Err }

// lastError remembers the throttle that a deadline cut short.
type lastError struct {
	mu  sync.Mutex
	err error
}

type lastKey struct{}

func (l *lastError) set(err error) {
	if l == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.err = err
}

func nameError(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (middleware.InitializeOutput, middleware.Metadata, error) {
	last := &lastError{}
	out, md, err := next.HandleInitialize(context.WithValue(ctx, lastKey{}, last), in)
	if err == nil {
		return out, md, nil
	}
	operation := Operation(awsmiddleware.GetServiceID(ctx), awsmiddleware.GetOperationName(ctx))
	if ctx.Err() != nil && last.err != nil {
		return out, md, &Error{operation, collectors.Throttled, last.err}
	}
	return out, md, &Error{operation, reasonOf(ctx, err), err}
}

// Code is the AWS error code of an error, or "".
func Code(err error) string {
	var ae smithy.APIError
	if errors.As(err, &ae) {
		return ae.ErrorCode()
	}
	return ""
}

func reasonOf(ctx context.Context, err error) collectors.Reason {
	if isThrottle(err) {
		return collectors.Throttled
	}
	switch code := Code(err); {
	case code == "":
		if ctx.Err() != nil || errors.Is(err, context.DeadlineExceeded) {
			return collectors.TimedOut
		}
		return collectors.Failed
	case isDenied(code):
		return collectors.Denied
	case isNotFound(code):
		return collectors.Vanished
	case isUnsupported(code):
		return collectors.Unsupported
	}
	if status(err) == 501 {
		return collectors.Unsupported
	}
	return collectors.Failed
}

// isDenied: the spellings of the services (IAM reference, common errors).
func isDenied(code string) bool {
	return strings.HasPrefix(code, "AccessDenied") || code == "KMSAccessDeniedException" || strings.HasPrefix(code, "Unauthorized") ||
		code == "AuthorizationError" || code == "AuthorizationErrorException" || code == "Forbidden" ||
		strings.HasPrefix(code, "Expired") || code == "InvalidClientTokenId" || code == "UnrecognizedClientException" ||
		code == "OptInRequired" || code == "SubscriptionRequiredException"
}

func isNotFound(code string) bool {
	return strings.HasPrefix(code, "ResourceNotFound") || code == "NoSuchBucket" || code == "NotFoundException" ||
		code == "TrailNotFoundException" || code == "ClusterNotFoundFault" || code == "TableNotFoundException" || code == "NotFound"
}

func isUnsupported(code string) bool {
	return code == "NotImplemented" || code == "UnknownOperationException" || code == "UnknownOperation" ||
		code == "UnsupportedOperationException" || code == "InvalidAction" || code == "MethodNotAllowed"
}

func status(err error) int {
	var re interface{ HTTPStatusCode() int }
	if errors.As(err, &re) {
		return re.HTTPStatusCode()
	}
	return 0
}

// unknownError is the SDK's code for an error reply that holds none.
const unknownError = "UnknownError"

// shorten keeps an error's text to one bounded line: AWS repeats names and
// policies in it, and a broken endpoint whole pages.
func shorten(err error) error {
	var ae smithy.APIError
	text := ""
	switch known := errors.As(err, &ae); {
	case known && ae.ErrorCode() == unknownError:
		text = fmt.Sprintf("HTTP %d, and no AWS error in the reply", status(err))
	case known:
		text = strings.TrimSuffix(fmt.Sprintf("%s: %s", ae.ErrorCode(), ae.ErrorMessage()), ": ") // a HEAD has no message
	case status(err) == 0 && (errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled)):
		text = "no answer in time"
	default:
		text = err.Error()
	}
	text = strings.Join(strings.Fields(text), " ")
	if r := []rune(text); len(r) > 300 {
		text = string(r[:300]) + "…"
	}
	return &shortError{text, err}
}

type shortError struct {
	text string
	err  error
}

func (e *shortError) Error() string { return e.text }
func (e *shortError) Unwrap() error { return e.err }
