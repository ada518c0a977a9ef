package envelope

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/smithy-go"

	"github.com/sealaudit/sealaudit/internal/envelope/ssec"
)

// refusal asks for the object's first byte and says why S3 refuses it: one of
// ssec's errors, or the call's. Nil is that it does not.
func (o *object) refusal(ctx context.Context) error {
	out, err := o.get(ctx, "bytes=0-0")
	if err == nil {
		_ = out.Body.Close() // unread
		return nil
	}
	var answer smithy.APIError
	if !errors.As(err, &answer) {
		return err
	}
	said := ssec.Answer(status(err), answer.ErrorCode(), answer.ErrorMessage())
	switch known := (*ssec.Error)(nil); {
	case errors.As(said, &known):
		return said
	case o.customer != nil && status(err) == http.StatusForbidden && o.permitted(ctx):
		return fmt.Errorf("access is denied with this key, and not for want of a permission: %w", ssec.ErrOtherKey)
	}
	return err
}

// nobodys is an entity tag that no object has.
const nobodys = `"00000000000000000000000000000000"`

// permitted says whether the caller may ask for the object with a
// customer-provided key. S3 itself tells another key from a missing permission;
// some S3-compatible servers answer both alike. So the same is asked on a
// condition that does not hold: 412 Precondition Failed (RFC 9110, 15.5.13) tells
// of the object, and so is only said to who may read it.
func (o *object) permitted(ctx context.Context) bool {
	in := o.getInput()
	in.IfMatch = aws.String(nobodys)
	out, err := o.bodies.GetObject(ctx, in)
	if err == nil { // no server that minds the condition
		_ = out.Body.Close() // unread
		return false
	}
	return status(err) == http.StatusPreconditionFailed
}
