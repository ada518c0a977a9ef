package envelope

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/sealaudit/sealaudit/internal/awsapi"
	"github.com/sealaudit/sealaudit/internal/envelope"
	"github.com/sealaudit/sealaudit/internal/envelope/esdk"
	"github.com/sealaudit/sealaudit/internal/envelope/s3ec"
)

const (
	firstBytes     = 16       // enough to recognise a message
	shortest       = 64       // a message is longer
	maxHeader      = 64 << 10 // of a message, as far as it is kept to compare its keys
	maxInstruction = 256 << 10
	attempts       = 3 // to read a body that breaks off
)

// get asks for the object, or a range of it, as it was when its headers were
// read.
func (o *object) get(ctx context.Context, byteRange string) (*s3.GetObjectOutput, error) {
	in := o.getInput()
	if o.head != nil {
		in.IfMatch = o.head.ETag
	}
	if byteRange != "" {
		in.Range = aws.String(byteRange)
	}
	return o.bodies.GetObject(ctx, in)
}

func (o *object) getInput() *s3.GetObjectInput {
	in := &s3.GetObjectInput{Bucket: &o.bucket, Key: &o.name.Name}
	if o.customer != nil {
		in.SSECustomerAlgorithm, in.SSECustomerKey, in.SSECustomerKeyMD5 = customerHeaders(o.customer)
	}
	return in
}

// isMessage says whether the first bytes are those of the AWS Encryption SDK,
// which marks objects in no other way.
func (o *object) isMessage(ctx context.Context) bool {
	if aws.ToInt64(o.head.ContentLength) < shortest {
		o.seen.Client.Format = "none"
		return false
	}
	out, err := o.get(ctx, fmt.Sprintf("bytes=0-%d", firstBytes-1))
	if err != nil {
		o.gap(AskedGap(err, clientPath, proofPath))
		return false
	}
	defer out.Body.Close() //nolint:errcheck // reading
	var first [firstBytes]byte
	defer clear(first[:])
	if _, err := io.ReadFull(out.Body, first[:]); err != nil {
		o.gap(awsapi.GapOf(fmt.Errorf("s3:GetObject: reading the first bytes: %w", err), clientPath, proofPath))
		return false
	}
	if esdk.Recognise(first[:]) {
		return true
	}
	o.seen.Client.Format = "none"
	return false
}

// readInstruction reads the instruction file. Where there is none, and none
// was needed, the object is looked at further.
func (o *object) readInstruction(ctx context.Context, needed bool) (goOn bool) {
	key := o.name.Name + s3ec.InstructionSuffix
	out, err := o.bodies.GetObject(ctx, &s3.GetObjectInput{Bucket: &o.bucket, Key: &key})
	if awsapi.Code(err) == "NoSuchKey" {
		return true // s3ec refutes what needs one
	}
	if err != nil {
		o.gap(AskedGap(err, clientPath, proofPath))
		return false
	}
	defer out.Body.Close() //nolint:errcheck // reading
	if !needed && !has(out.Metadata, s3ec.InstructionMarker) {
		return true // an object that happens to be called so
	}
	if o.file, err = io.ReadAll(io.LimitReader(out.Body, maxInstruction+1)); err != nil {
		o.gap(awsapi.GapOf(fmt.Errorf("s3:GetObject: reading the instruction file: %w", err), clientPath, proofPath))
		return false
	}
	return true
}

// verified has the whole body verified, anew if it breaks off, and keeps the
// first bytes and the last.
func (o *object) verified(ctx context.Context, verify func(io.Reader, int64) (envelope.Proof, error)) (envelope.Proof, *ends, error) {
	for attempt := 1; ; attempt++ {
		out, err := o.get(ctx, "")
		if err != nil {
			return envelope.Proof{}, nil, err
		}
		body := &ends{r: out.Body}
		p, err := verify(body, aws.ToInt64(out.ContentLength))
		_ = out.Body.Close()
		if body.broken == nil || attempt == attempts || ctx.Err() != nil {
			return p, body, err
		}
	}
}

// ends reads on and keeps the first bytes and the last of what it read.
type ends struct {
	r      io.Reader
	first  []byte
	last   [16]byte
	n      int64
	broken error
}

// Read implements io.Reader.
func (e *ends) Read(b []byte) (int, error) {
	n, err := e.r.Read(b)
	if room := maxHeader - len(e.first); room > 0 {
		e.first = append(e.first, b[:min(n, room)]...)
	}
	if n >= len(e.last) {
		copy(e.last[:], b[n-len(e.last):n])
	} else {
		copy(e.last[:], e.last[n:])
		copy(e.last[len(e.last)-n:], b[:n])
	}
	e.n += int64(n)
	if err != nil && !errors.Is(err, io.EOF) {
		e.broken = err
		err = fmt.Errorf("%w: the object broke off: %w", envelope.ErrUnavailable, err)
	}
	return n, err
}
