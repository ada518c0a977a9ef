package ssec

import (
	"fmt"
	"strings"

	"github.com/sealaudit/sealaudit/internal/envelope"
)

// Answer gives S3's refusal of a request for an object a class, so that a wrong
// key can be told from a permission. code and message are those of the error's
// body. An answer to HEAD has none: its 403 can be any of these, and says
// nothing about the key; ask with GET. What is not about SSE-C is ErrUnavailable.
func Answer(status int, code, message string) error {
	for _, known := range []*Error{ErrIncompatible, ErrNoAlgorithm, ErrAlgorithm, ErrNoSecret, ErrNoDigest, ErrDigest,
		ErrSecret, ErrNoHeaders, ErrNotApplicable, ErrOtherKey, ErrOtherPart} {
		// Other implementations, and S3 at times, send another status with
		// these messages, which are the surer sign.
		if message != "" && strings.TrimRight(message, ".") == strings.TrimRight(known.Message, ".") {
			return known
		}
	}
	switch {
	case strings.Contains(message, "has blocked upload requests that specify Server Side Encryption with Customer provided keys"):
		return fmt.Errorf("%w: the bucket blocks SSE-C", envelope.ErrRefused)
	case status == 403 && code == "":
		return fmt.Errorf("%w: 403 without a reason: permission, key or a bucket that blocks SSE-C; ask with GET", envelope.ErrRefused)
	case status == 403:
		return fmt.Errorf("%w: permission to the object", envelope.ErrRefused)
	}
	return fmt.Errorf("%w: S3 answered with status %d", envelope.ErrUnavailable, status)
}
