package main

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go"

	"github.com/sealaudit/sealaudit/internal/awsapi"
	"github.com/sealaudit/sealaudit/internal/envelope"
	"github.com/sealaudit/sealaudit/internal/envelope/ssec"
)

// objectID names an object, and a version of it unless that is "".
type objectID struct{ bucket, key, version string }

// parseObject reads s3://BUCKET/KEY[?versionId=…]. Keys stand as they are, as
// for aws s3; only the last ?versionId= is a version.
func parseObject(locator string) (objectID, error) {
	bucket, key, ok := strings.Cut(strings.TrimPrefix(locator, "s3://"), "/")
	const mark = "?versionId="
	var version string
	if i := strings.LastIndex(key, mark); i >= 0 {
		version = key[i+len(mark):]
		ok = ok && version != ""
		key = key[:i]
	}
	if !ok || bucket == "" || key == "" {
		return objectID{}, errors.New("it takes s3://BUCKET/KEY, and ?versionId=VERSION after that for an older version")
	}
	return objectID{bucket, key, version}, nil
}

// remote is an object's body as it comes, and what came before it. Where the
// body breaks off, the rest of the same version is asked for.
type remote struct {
	metadata map[string]string
	headers  map[string]string // that concern encryption
	size     int64

	body io.ReadCloser
	rest func(from int64) (io.ReadCloser, error)
	read int64
	left int // times that the rest may still be asked for
}

// object gets an object, under a customer-provided key unless that is nil.
func (c *cloud) object(ctx context.Context, id objectID, key []byte) (*remote, error) {
	in := &s3.GetObjectInput{Bucket: aws.String(id.bucket), Key: aws.String(id.key)}
	if id.version != "" {
		in.VersionId = aws.String(id.version)
	}
	if key != nil {
		if err := mayCarryKey(c.session.Endpoint); err != nil {
			return nil, err
		}
		in.SSECustomerAlgorithm, in.SSECustomerKey, in.SSECustomerKeyMD5 = aws.String("AES256"), aws.String(base64.StdEncoding.EncodeToString(key)), aws.String(ssec.Digest(key))
	}
	out, stop, err := c.getObject(ctx, in)
	if err != nil {
		return nil, objectError(err, key != nil)
	}
	r := &remote{metadata: out.Metadata, size: aws.ToInt64(out.ContentLength), left: 3, headers: map[string]string{}}
	for name, value := range map[string]*string{ssec.Algorithm: out.SSECustomerAlgorithm, ssec.KeyMD5: out.SSECustomerKeyMD5} {
		if value != nil {
			r.headers[name] = *value
		}
	}
	if out.ServerSideEncryption != "" {
		r.headers[ssec.Encryption] = string(out.ServerSideEncryption)
	}
	r.body = stopped{out.Body, stop}
	r.rest = func(from int64) (io.ReadCloser, error) {
		again := *in
		again.Range, again.IfMatch = aws.String(fmt.Sprintf("bytes=%d-", from)), out.ETag
		more, stop, err := c.getObject(ctx, &again)
		if err != nil {
			return nil, err
		}
		if !strings.HasPrefix(aws.ToString(more.ContentRange), fmt.Sprintf("bytes %d-", from)) || aws.ToString(more.ETag) != aws.ToString(out.ETag) {
			stop()
			_ = more.Body.Close()
			return nil, errors.New("the answer is not the rest of the same object")
		}
		return stopped{more.Body, stop}, nil
	}
	return r, nil
}

// mayCarryKey refuses to send a key where others read along, as S3 does. What
// stays on this machine needs no TLS.
func mayCarryKey(endpoint string) error {
	u, err := url.Parse(endpoint)
	if err != nil {
		return fmt.Errorf("sending a key to the endpoint: %w", err)
	}
	ip := net.ParseIP(u.Hostname())
	if u.Scheme == "http" && u.Hostname() != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return errors.New("a customer-provided key is sent over https only; give an https --endpoint-url")
	}
	return nil
}

// getObject asks where the bucket is, and again where S3 says that it is. The
// time limit is for the answer, not for its body: stop ends that.
func (c *cloud) getObject(ctx context.Context, in *s3.GetObjectInput) (*s3.GetObjectOutput, context.CancelFunc, error) {
	bucket := aws.ToString(in.Bucket)
	c.mu.Lock()
	region := c.regions[bucket]
	c.mu.Unlock()
	out, stop, err := c.getObjectIn(ctx, region, in)
	var answer *awshttp.ResponseError
	if err == nil || !errors.As(err, &answer) || answer.Response == nil {
		return out, stop, err
	}
	elsewhere := answer.Response.Header.Get("X-Amz-Bucket-Region")
	if code := awsapi.Code(err); elsewhere == "" || elsewhere == region || code != "PermanentRedirect" && code != "AuthorizationHeaderMalformed" && code != "IllegalLocationConstraintException" {
		return out, stop, err
	}
	c.mu.Lock()
	c.regions[bucket] = elsewhere
	c.mu.Unlock()
	return c.getObjectIn(ctx, elsewhere, in)
}

func (c *cloud) getObjectIn(ctx context.Context, region string, in *s3.GetObjectInput) (*s3.GetObjectOutput, context.CancelFunc, error) {
	ctx, stop := context.WithCancel(ctx)
	limit := time.AfterFunc(c.timeout, stop)
	out, err := c.s3(region).GetObject(ctx, in)
	if !limit.Stop() && err == nil {
		_ = out.Body.Close()
		err = context.DeadlineExceeded
	}
	if err != nil {
		stop()
		return nil, nil, err
	}
	return out, stop, nil
}

// objectError says what S3's refusal of an object says about it. With a key
// the text is ours alone, so that nothing that an endpoint echoes is shown.
func objectError(err error, withKey bool) error {
	var answer smithy.APIError
	var status interface{ HTTPStatusCode() int }
	if !errors.As(err, &answer) || !errors.As(err, &status) {
		return answered(err)
	}
	said := ssec.Answer(status.HTTPStatusCode(), answer.ErrorCode(), answer.ErrorMessage())
	if errors.As(said, new(*ssec.Error)) {
		if !withKey {
			return fmt.Errorf("%w; give the key with --sse-c-key FILE", said)
		}
		return said
	}
	switch answer.ErrorCode() {
	case "NoSuchKey", "NoSuchBucket", "NoSuchVersion", "NotFound", "MethodNotAllowed": // the last: a delete marker
		return errors.New("S3 has no such object")
	case "InvalidArgument", "InvalidBucketName", "InvalidURI", "KeyTooLongError":
		return errors.New("S3 takes no such bucket, key or version: " + answer.ErrorCode())
	case "PreconditionFailed":
		return unreadError{envelope.ErrUnavailable, errors.New("the object was changed while it was read")}
	case "InvalidObjectState":
		return unreadError{envelope.ErrUnavailable, errors.New("the object is archived; restore it first")}
	}
	if withKey {
		return fmt.Errorf("%w; with a key it says no more, try without", said)
	}
	return answered(err)
}

// stopped is a body whose request ends with it.
type stopped struct {
	io.ReadCloser
	stop context.CancelFunc
}

func (s stopped) Close() error {
	defer s.stop()
	return s.ReadCloser.Close()
}

// Read reads the body on. Its errors are of no class that says anything about
// the object, also where it ended early.
func (r *remote) Read(b []byte) (int, error) {
	for {
		n, err := r.body.Read(b)
		r.read += int64(n)
		switch {
		case err == io.EOF && r.read >= r.size:
			return n, io.EOF
		case err == nil || n > 0: // an error comes again
			return n, nil
		case r.left == 0:
			return 0, unreadError{envelope.ErrUnavailable, fmt.Errorf("the object broke off after %d of %d bytes: %v", r.read, r.size, err)} // not what the error is of
		}
		r.left--
		more, again := r.rest(r.read)
		if again != nil {
			return 0, unreadError{envelope.ErrUnavailable, fmt.Errorf("the object broke off after %d of %d bytes, and the rest was not to be had: %w", r.read, r.size, objectError(again, true))}
		}
		_ = r.body.Close()
		r.body = more
	}
}

// Close ends the reading.
func (r *remote) Close() error { return r.body.Close() }
