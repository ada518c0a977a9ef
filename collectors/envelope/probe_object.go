package envelope

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/sealaudit/sealaudit/internal/envelope"
)

// objectProbe is a probe of a bucket. Every call names the account that the
// bucket must be of (S3 User Guide, "Verifying bucket ownership with bucket
// owner condition").
type objectProbe struct {
	*probe
	client, bodies *s3.Client
	bucket, owner  *string
	versioning     types.BucketVersioningStatus // "" for a bucket that never had any, or where it is not known
	doubtful       bool                         // whether the canary was written
	version        string                       // of the canary, "" without versioning
	put            said
}

func (o *objectProbe) run(ctx context.Context) {
	o.bucket, o.owner = &o.target.Name, &o.target.Scope.Account
	if !o.place(ctx) {
		return
	}
	if ctx.Err() != nil {
		o.fail("put", errInterrupted)
		return
	}
	o.say("probe: writing %d random bytes as %s, reading them back and deleting them", canarySize, o.uri())
	defer o.remove(ctx)
	if !o.write(ctx) {
		return
	}
	o.compareSetting(ctx)
	o.readHead(ctx)
	o.readBody(ctx)
}

func (o *objectProbe) uri() string { return "s3://" + o.target.Name + "/" + o.name }

// write puts the object as any client does that asks for no encryption.
func (o *objectProbe) write(ctx context.Context) bool {
	ctx, cancel := writing(ctx)
	defer cancel()
	out, err := o.client.PutObject(ctx, &s3.PutObjectInput{Bucket: o.bucket, Key: &o.name, ExpectedBucketOwner: o.owner,
		Body: bytes.NewReader(o.content), ContentLength: aws.Int64(canarySize), ContentType: aws.String("application/octet-stream")},
		func(c *s3.Options) { c.Retryer = once() })
	if err != nil {
		o.doubtful = !refused(err)
		o.fail("put", err)
		return false
	}
	o.written, o.version = true, aws.ToString(out.VersionId)
	if o.version == "" && o.versioning == types.BucketVersioningStatusSuspended {
		o.version = "null"
	}
	o.put = said{out.ServerSideEncryption, text(aws.ToString(out.SSEKMSKeyId)), aws.ToBool(out.BucketKeyEnabled)}
	o.seen.Bytes = canarySize
	read := &object{} // for what it makes of the headers
	read.server(&s3.HeadObjectOutput{ServerSideEncryption: out.ServerSideEncryption, SSEKMSKeyId: out.SSEKMSKeyId, BucketKeyEnabled: out.BucketKeyEnabled})
	o.seen.Server, o.seen.Gaps = read.seen.Server, append(o.seen.Gaps, read.seen.Gaps...)
	o.encrypted("put", o.put)
	return true
}

func (o *objectProbe) readHead(ctx context.Context) {
	out, err := o.client.HeadObject(ctx, o.canary())
	if err != nil {
		o.fail("head", err)
		return
	}
	o.seen.Modified = aws.ToTime(out.LastModified)
	o.same("head", said{out.ServerSideEncryption, text(aws.ToString(out.SSEKMSKeyId)), aws.ToBool(out.BucketKeyEnabled)})
}

// readBody has S3 decrypt the object.
func (o *objectProbe) readBody(ctx context.Context) {
	out, err := o.bodies.GetObject(ctx, &s3.GetObjectInput{Bucket: o.bucket, Key: &o.name, ExpectedBucketOwner: o.owner})
	if err != nil {
		o.fail("get", err)
		return
	}
	defer out.Body.Close() //nolint:errcheck // reading
	o.same("get", said{out.ServerSideEncryption, text(aws.ToString(out.SSEKMSKeyId)), aws.ToBool(out.BucketKeyEnabled)})
	body, err := io.ReadAll(io.LimitReader(out.Body, canarySize+1))
	defer clear(body)
	if err != nil {
		o.fail("content", fmt.Errorf("s3:GetObject: reading the canary: %w", err))
		return
	}
	o.compare(body)
}

// said is what the headers of an answer say of the encryption.
type said struct {
	algorithm types.ServerSideEncryption
	key       string
	bucketKey bool
}

func (s said) String() string {
	if s.algorithm == "" {
		return "no encryption"
	}
	out := string(s.algorithm)
	if len(out) > 60 {
		out = out[:60]
	}
	if s.key != "" {
		out += " with the key " + s.key
	}
	if s.bucketKey {
		out += " and a bucket key"
	}
	return out
}

// encrypted is the step that says whether an answer's headers name an
// encryption, which those of every object since 2023 do (S3 User Guide,
// "Setting default server-side encryption behavior").
func (o *objectProbe) encrypted(name string, s said) {
	kms := s.algorithm == types.ServerSideEncryptionAwsKms || s.algorithm == types.ServerSideEncryptionAwsKmsDsse
	switch {
	case s.algorithm == "":
		o.step(name, envelope.Refuted, "The answer names no encryption: S3 stores the object as it came.")
	case kms && s.key == "":
		o.step(name, envelope.Unknown, "The answer names %s, and no key.", s)
	case !slices.Contains(s.algorithm.Values(), s.algorithm):
		o.step(name, envelope.Unknown, "The answer names %s, which this version of sealaudit does not know.", s)
	default:
		o.step(name, envelope.Verified, "The answer names %s.", s)
	}
}

// same is the step that says whether a later answer names what the first did.
func (o *objectProbe) same(name string, s said) {
	if s != o.put {
		o.step(name, envelope.Refuted, "The answer names %s; that of the write named %s.", s, o.put)
		return
	}
	o.encrypted(name, s)
}
