package awsapi

import (
	"errors"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// errRepeatedToken is a listing that answers the same page token twice: going
// on would never end, and stopping would lose pages without a word.
var errRepeatedToken = errors.New("the listing answered the same page token twice; the endpoint is faulty, nothing after that page was read")

// Pages walks a listing: fetch takes a page token, nil at first, and returns
// the next one, nil or "" at the end. An empty page with a token goes on. It
// is used for every listing, because many operations have no paginator in the
// SDK, and those that have one can't tell a repeated token from the end.
func Pages(fetch func(token *string) (next *string, err error)) error {
	var token *string
	for {
		next, err := fetch(token)
		if err != nil {
			return err
		}
		if aws.ToString(next) == "" {
			return nil
		}
		if aws.ToString(next) == aws.ToString(token) {
			return errRepeatedToken
		}
		token = next
	}
}
