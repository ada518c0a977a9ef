package awsapi

import (
	"errors"
	"math/rand/v2"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/ratelimit"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
)

const (
	transientAttempts = 4               // for 5xx, timeouts, cut connections
	longestDelay      = 5 * time.Second // between two of them
	throttleDelay     = time.Second     // between two throttled ones, whose pace slows down as well
)

// retryer retries throttles until the context ends, because a throttle says
// "later", and other transient errors a few times. Everything else is final.
type retryer struct{ aws.RetryerV2 }

func newRetryer() retryer {
	return retryer{retry.NewStandard(func(o *retry.StandardOptions) {
		o.RateLimiter = ratelimit.None // limits are ours, per API
		o.Retryables = append(o.Retryables, retry.IsErrorRetryableFunc(func(err error) aws.Ternary {
			return aws.BoolTernary(isCutOff(err) || Code(err) == kmsThrottled)
		}))
	})}
}

// MaxAttempts is 0, without a limit: RetryDelay ends the attempts.
func (r retryer) MaxAttempts() int { return 0 }

// RetryDelay ends the attempts by an error of its own, as the SDK's interface
// has it.
func (r retryer) RetryDelay(attempt int, err error) (time.Duration, error) {
	if !isThrottle(err) && attempt >= transientAttempts {
		return 0, err
	}
	longest := longestDelay
	if isThrottle(err) {
		longest = throttleDelay
	}
	d := min(100*time.Millisecond<<min(max(attempt-1, 0), 6), longest)
	return d/2 + rand.N(d/2), nil
}

// kmsThrottled is KMS's throttle behind Kinesis (Kinesis API, GetRecords), which
// the SDK does not know for one.
const kmsThrottled = "KMSThrottlingException"

// isThrottle: codes of the SDK, KMS's, and S3's and gateways' bare statuses.
func isThrottle(err error) bool {
	if Code(err) == kmsThrottled {
		return true
	}
	if (retry.ThrottleErrorCode{Codes: retry.DefaultThrottleErrorCodes}).IsErrorThrottle(err) == aws.TrueTernary {
		return true
	}
	var re interface{ HTTPStatusCode() int }
	return errors.As(err, &re) && re.HTTPStatusCode() == 429
}

// cutOffError is a reply whose body ended early.
type cutOffError struct{ err error }

func (e cutOffError) Error() string { return "the reply was cut off: " + e.err.Error() }
func (e cutOffError) Unwrap() error { return e.err }

func isCutOff(err error) bool {
	var c cutOffError
	return errors.As(err, &c)
}
