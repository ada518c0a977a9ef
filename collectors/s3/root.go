package s3

import (
	"bytes"
	"context"
	"encoding/xml"
	"fmt"
	"io"
	"strings"

	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// roots are the root elements of the replies (S3 API reference), by operation.
func roots() map[string]string {
	return map[string]string{
		"ListBuckets":           "ListAllMyBucketsResult",
		"GetBucketLocation":     "LocationConstraint",
		"GetBucketEncryption":   "ServerSideEncryptionConfiguration",
		"GetBucketPolicyStatus": "PolicyStatus",
		"GetPublicAccessBlock":  "PublicAccessBlockConfiguration",
		"GetBucketVersioning":   "VersioningConfiguration",
		"GetBucketReplication":  "ReplicationConfiguration",
		"GetBucketLogging":      "BucketLoggingStatus",
	}
}

// expectRoot makes a client refuse a reply that is not its operation's. The
// SDK takes an empty body, a web page or another operation's reply for one in
// which everything is absent, and absence is a fact here: no bucket, no
// versioning, no logging.
func expectRoot(stack *middleware.Stack) error {
	return stack.Deserialize.Insert(middleware.DeserializeMiddlewareFunc("SealauditRoot", checkRoot), "OperationDeserializer", middleware.After)
}

func checkRoot(ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler) (middleware.DeserializeOutput, middleware.Metadata, error) {
	out, md, err := next.HandleDeserialize(ctx, in)
	resp, ok := out.RawResponse.(*smithyhttp.Response)
	if err != nil || !ok || resp.StatusCode < 200 || resp.StatusCode > 299 {
		return out, md, err
	}
	body, err := io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	resp.Body = io.NopCloser(bytes.NewReader(body))
	if err != nil {
		return out, md, fmt.Errorf("reading the reply: %w; scan again", err)
	}
	return out, md, expected(awsmiddleware.GetOperationName(ctx), body)
}

// expected is nil for a reply of the operation. Emulators that are made from
// AWS's models name a root after the operation.
func expected(operation string, body []byte) error {
	if operation == "GetBucketPolicy" { // S3 takes no policy that begins otherwise
		if bytes.HasPrefix(bytes.TrimSpace(body), []byte("{")) {
			return nil
		}
		return fmt.Errorf("the reply is no policy, it begins with %.20q; check the endpoint", body)
	}
	want, known := roots()[operation]
	got := root(body)
	if !known || got == want || strings.HasPrefix(got, operation) {
		return nil
	}
	return fmt.Errorf("the reply is <%.40q>, not <%s>; check the endpoint", got, want)
}

// root is the name of the first element, or "".
func root(body []byte) string {
	decoder := xml.NewDecoder(bytes.NewReader(body))
	for {
		token, err := decoder.RawToken()
		if err != nil {
			return ""
		}
		if start, ok := token.(xml.StartElement); ok {
			return start.Name.Local
		}
	}
}
