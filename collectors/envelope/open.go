package envelope

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/sealaudit/sealaudit/internal/envelope"
	"github.com/sealaudit/sealaudit/internal/envelope/esdk"
	"github.com/sealaudit/sealaudit/internal/envelope/s3ec"
)

// tooLong says whether the object is longer than may be opened.
func (o *object) tooLong() bool {
	return aws.ToInt64(o.head.ContentLength) > o.options.Sampling.MaxBytes
}

// openS3EC verifies an object of the S3 Encryption Client.
func (o *object) openS3EC(ctx context.Context) {
	sealed := s3ec.Object{Metadata: o.head.Metadata, Instruction: o.file, Size: aws.ToInt64(o.head.ContentLength)}
	claimed, err := s3ec.Inspect(sealed, s3ec.Options{})
	o.seen.Client = Claims(claimed)
	values := s3ecValues(o.head.Metadata, o.file)
	wrapped, vector := firstOf(values, "x-amz-key-v2", "x-amz-key", "x-amz-3"), firstOf(values, "x-amz-i", "x-amz-iv")
	if err != nil || o.tooLong() {
		o.seen.Marks = o.repeats.Mark(wrapped, vector, length(o.head.ContentLength))
		o.conclude(claimed, err, nil)
		return
	}
	kms := o.KMS(o.scope.Region)
	p, body, err := o.verified(ctx, func(r io.Reader, size int64) (envelope.Proof, error) {
		sealed.Body, sealed.Size = r, size
		return s3ec.Verify(ctx, sealed, kms.S3(), s3ec.Options{})
	})
	if body == nil {
		p = claimed // it could not be had
	}
	var last []byte
	if body != nil && body.n == aws.ToInt64(o.head.ContentLength) {
		last = body.last[:]
	}
	o.seen.Marks = o.repeats.Mark(wrapped, vector, length(o.head.ContentLength), last)
	o.conclude(p, err, kms)
}

// openMessage verifies an object that is a message of the AWS Encryption SDK.
func (o *object) openMessage(ctx context.Context) {
	kms := o.KMS(o.scope.Region)
	p, body, err := envelope.Proof{}, (*ends)(nil), error(nil)
	if o.tooLong() {
		p, body, err = o.messageHeader(ctx)
	} else {
		p, body, err = o.verified(ctx, func(r io.Reader, _ int64) (envelope.Proof, error) {
			return esdk.Verify(ctx, r, kms.Ring(), esdk.Options{})
		})
	}
	if body == nil {
		o.seen.Client.Format = "esdk"
		p = envelope.Proof{Format: "AWS Encryption SDK", Bytes: -1}
		p.Add("body", fmt.Errorf("%w: %w", envelope.ErrUnavailable, err), "")
		o.conclude(p, err, kms)
		return
	}
	o.seen.Client = Claims(p)
	if h, bad := esdk.ParseHeader(bytes.NewReader(body.first), 0); bad == nil {
		var wrapped []byte
		for _, k := range h.DataKeys {
			wrapped = appendText(wrapped, string(k.Ciphertext))
		}
		o.seen.Marks = o.repeats.Mark(wrapped, h.MessageID, length(o.head.ContentLength))
	}
	o.conclude(p, err, kms)
}

// messageHeader is what the header says of a message that is not opened.
func (o *object) messageHeader(ctx context.Context) (envelope.Proof, *ends, error) {
	p := envelope.Proof{Format: "AWS Encryption SDK", Bytes: -1}
	out, err := o.get(ctx, fmt.Sprintf("bytes=0-%d", maxHeader-1))
	if err != nil {
		return p, nil, err
	}
	defer out.Body.Close() //nolint:errcheck // reading
	body := &ends{r: out.Body}
	// Inspect reads on where the header ends, and finds the message cut there.
	p, err = esdk.Inspect(ctx, body, esdk.Options{})
	if p.Suite == "" {
		return p, body, err
	}
	p.Steps, p.Verdict = p.Steps[:1], envelope.Unknown
	return p, body, nil
}

// conclude keeps a proof with its gap. kms is nil where no key was asked for.
func (o *object) conclude(p envelope.Proof, err error, kms *KMS) {
	if kms != nil {
		o.seen.Opened = kms.Used()
	}
	o.seen.Proof = &p
	if o.tooLong() && p.Verdict == envelope.Unknown {
		o.gap(tooLong(o.options.Sampling.MaxBytes))
		return
	}
	if g := ProofGap(p, err); g != nil {
		o.gap(*g)
	}
}

// s3ecValues are the metadata and the instruction file, by lower-case name.
func s3ecValues(metadata map[string]string, file []byte) map[string]string {
	out := map[string]string{}
	var more map[string]any
	_ = json.Unmarshal(file, &more) // s3ec says what is wrong with it
	for name, value := range more {
		if t, ok := value.(string); ok {
			out[strings.ToLower(name)] = t
		}
	}
	for name, value := range metadata {
		out[strings.ToLower(name)] = value
	}
	return out
}

// firstOf is the first of the values that is there, decoded.
func firstOf(values map[string]string, names ...string) []byte {
	for _, name := range names {
		if v, ok := values[name]; ok {
			if b, err := base64.StdEncoding.DecodeString(v); err == nil {
				return b
			}
			return []byte(v)
		}
	}
	return nil
}

func length(n *int64) []byte { return binary.BigEndian.AppendUint64(nil, uint64(aws.ToInt64(n))) }
