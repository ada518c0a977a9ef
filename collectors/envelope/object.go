package envelope

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/sealaudit/sealaudit/collectors"
	"github.com/sealaudit/sealaudit/internal/awsapi"
	"github.com/sealaudit/sealaudit/internal/envelope/s3ec"
)

const (
	serverPath = "facts.server_side"
	clientPath = "facts.client_side"
)

// object is one object of a sample while it is read.
type object struct {
	*regionObjects
	bucket   string
	name     *Picked[listed]
	customer []byte               // key of SSE-C, nil for objects of another kind
	digest   string               // of that key, as S3 echoes it
	head     *s3.HeadObjectOutput // nil until it was read
	file     []byte               // instruction file, nil without one
	seen     Sighting
}

// object reads one object: its headers, then what it may be sealed with.
func (r *regionObjects) object(ctx context.Context, bucket string, name *Picked[listed]) Sighting {
	ctx, trace := awsapi.WithTrace(ctx)
	o := &object{regionObjects: r, bucket: bucket, name: name, seen: Sighting{Name: name.Name, Rank: name.Rank, Bytes: name.Value.size}}
	var open func(context.Context)
	r.Read(func() {
		if o.readHead(ctx) {
			open = o.recognise(ctx)
		}
	})
	if open != nil {
		r.Open(func() { open(ctx) })
	}
	o.seen.Calls = trace.Calls()
	return o.seen
}

func (o *object) gap(g ...collectors.Gap) { o.seen.Gaps = append(o.seen.Gaps, g...) }

// readHead reads the headers. Without them nothing of the object is known,
// unless that it is under a customer-provided key.
func (o *object) readHead(ctx context.Context) bool {
	out, err := o.client.HeadObject(ctx, o.headInput())
	if status(err) == 400 {
		out, err = o.customerHead(ctx, err)
	}
	switch {
	case err != nil && o.seen.Server.Algorithm == customerProvided:
		return false // the gaps are said
	case err != nil:
		o.gap(AskedGap(err, serverPath, clientPath, proofPath))
		return false
	}
	o.head = out
	o.seen.Bytes, o.seen.Modified = aws.ToInt64(out.ContentLength), aws.ToTime(out.LastModified)
	o.server(out)
	return true
}

func (o *object) headInput() *s3.HeadObjectInput {
	in := &s3.HeadObjectInput{Bucket: &o.bucket, Key: &o.name.Name}
	if o.customer != nil {
		in.SSECustomerAlgorithm, in.SSECustomerKey, in.SSECustomerKeyMD5 = customerHeaders(o.customer)
	}
	return in
}

// server is what the headers say of S3's own encryption (S3 API reference,
// HeadObject). Objects from before 2023 may have none.
func (o *object) server(out *s3.HeadObjectOutput) {
	s := &o.seen.Server
	switch {
	case aws.ToString(out.SSECustomerAlgorithm) != "":
		s.Algorithm = customerProvided
		return
	case out.ServerSideEncryption == "":
		s.Algorithm = "none"
		return
	}
	var gaps []collectors.Gap
	s.Algorithm, gaps = awsapi.Enum(out.ServerSideEncryption, "ServerSideEncryption", serverPath)
	o.gap(gaps...)
	switch out.ServerSideEncryption {
	case types.ServerSideEncryptionAwsKms, types.ServerSideEncryptionAwsKmsDsse:
		s.KeyID, s.BucketKey = text(aws.ToString(out.SSEKMSKeyId)), out.BucketKeyEnabled
		if s.KeyID == "" {
			o.gap(awsapi.Missing("SSEKMSKeyId", serverPath+".key"))
		}
		if s.BucketKey == nil && out.ServerSideEncryption == types.ServerSideEncryptionAwsKms {
			s.BucketKey = aws.Bool(false) // the header stands only where one was used
		}
	}
}

// recognise says what a client sealed and returns what verifies it, nil if
// there is nothing.
func (o *object) recognise(ctx context.Context) func(context.Context) {
	marked, needsFile := s3ecMarks(o.head.Metadata)
	switch {
	case has(o.head.Metadata, s3ec.InstructionMarker):
		o.seen.Client.Format = "s3ec-instruction"
		return nil
	case needsFile || !marked && o.name.Value.instruction:
		if !o.readInstruction(ctx, needsFile) {
			return nil
		}
	}
	switch {
	case marked || o.file != nil:
		return o.openS3EC
	case o.isMessage(ctx):
		return o.openMessage
	}
	if o.seen.Client.Format == "none" && o.customer != nil {
		return o.openCustomer
	}
	return nil
}

// s3ecMarks says whether user metadata is that of the S3 Encryption Client, and
// whether the wrapped data key is in an instruction file ("Content Metadata",
// "Metadata Strategy" of its specification).
func s3ecMarks(metadata map[string]string) (marked, needsFile bool) {
	key := has(metadata, "x-amz-key", "x-amz-key-v2", "x-amz-3")
	other := has(metadata, "x-amz-iv", "x-amz-matdesc", "x-amz-cek-alg", "x-amz-wrap-alg", "x-amz-c", "x-amz-d", "x-amz-i")
	return key || other, other && !key
}

func has(metadata map[string]string, names ...string) bool {
	for name := range metadata {
		if slices.Contains(names, strings.ToLower(name)) {
			return true
		}
	}
	return false
}

// status is the HTTP status of an answer that is an error, or 0.
func status(err error) int {
	var answer interface{ HTTPStatusCode() int }
	if errors.As(err, &answer) {
		return answer.HTTPStatusCode()
	}
	return 0
}
