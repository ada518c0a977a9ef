package envelope

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/sealaudit/sealaudit/collectors"
	"github.com/sealaudit/sealaudit/internal/awsapi"
	"github.com/sealaudit/sealaudit/internal/envelope"
	"github.com/sealaudit/sealaudit/internal/envelope/ssec"
)

// customerProvided is SSE-C as facts have it.
const customerProvided = "SSE-C"

// customerHeaders are the values of the three headers of a key.
func customerHeaders(key []byte) (algorithm, secret, digest *string) {
	return aws.String("AES256"), aws.String(base64.StdEncoding.EncodeToString(key)), aws.String(ssec.Digest(key))
}

// customerHead follows a HEAD that was answered with 400. That has no text, so
// GET is asked why; if the object is under a customer-provided key, the given
// ones are tried. An error with the algorithm set is one whose gaps are said.
func (o *object) customerHead(ctx context.Context, head error) (*s3.HeadObjectOutput, error) {
	said := o.refusal(ctx)
	if !errors.Is(said, ssec.ErrNoHeaders) {
		return nil, head
	}
	o.seen.Server.Algorithm = customerProvided
	keys := o.customerKeys()
	if len(keys) == 0 {
		o.gap(notGiven(clientPath, proofPath))
		return nil, head
	}
	if err := o.mayCarryKey(); err != nil {
		o.gap(collectors.Gap{Attributes: []string{clientPath, proofPath}, Reason: collectors.OutOfScope, Detail: sentence(err.Error()),
			Remedy: "Scan over https."})
		return nil, head
	}
	for _, key := range keys {
		o.customer = key
		out, err := o.client.HeadObject(ctx, o.headInput())
		if err == nil {
			o.digest = aws.ToString(out.SSECustomerKeyMD5)
			return out, nil
		}
		if said = o.refusal(ctx); !errors.Is(said, ssec.ErrOtherKey) {
			break
		}
	}
	o.customer = nil
	o.notOpened(said)
	return nil, head
}

// notOpened: none of the given keys gave the object.
func (o *object) notOpened(said error) {
	p := envelope.Proof{Format: ssec.Format, Version: "1", Bytes: -1}
	p.Add("without the key", nil, "S3 refuses the object")
	p.Add("key", said, "")
	o.seen.Proof = &p
	gap := AskedGap(said, clientPath)
	if errors.Is(said, ssec.ErrOtherKey) {
		gap = notGiven(clientPath)
		gap.Detail = "The object is under a customer-provided key (SSE-C), and not under the one that was given."
		o.gap(gap)
		return
	}
	if p.Verdict == envelope.Unknown {
		gap.Attributes = []string{clientPath, proofPath}
	}
	o.gap(gap)
}

// customerKeys are the given keys whose prefix the object has, the longest
// prefix first.
func (o *object) customerKeys() [][]byte {
	path := o.bucket + "/" + o.name.Name
	var fit []CustomerKey
	for _, k := range o.options.Keys.Customer {
		if strings.HasPrefix(path, k.Prefix) {
			fit = append(fit, k)
		}
	}
	slices.SortStableFunc(fit, func(a, b CustomerKey) int { return len(b.Prefix) - len(a.Prefix) })
	var keys [][]byte
	for _, k := range fit {
		keys = append(keys, k.Key)
	}
	return keys
}

// mayCarryKey refuses to send a key where others read along. S3 itself takes
// none without TLS.
func (o *object) mayCarryKey() error {
	u, err := url.Parse(o.session.Endpoint)
	if err != nil || u.Scheme != "http" {
		return nil
	}
	if ip := net.ParseIP(u.Hostname()); u.Hostname() == "localhost" || ip != nil && ip.IsLoopback() {
		return nil
	}
	return errors.New("a customer-provided key is sent over https only, and the endpoint has none")
}

// openCustomer proves as much as can be: that S3 gives the object under the
// key, and neither without one nor under another. What it stores nobody else
// can read.
func (o *object) openCustomer(ctx context.Context) {
	kept := o.customer
	echoed := map[string]string{ssec.Algorithm: aws.ToString(o.head.SSECustomerAlgorithm), ssec.KeyMD5: o.digest}
	if e := o.head.ServerSideEncryption; e != "" {
		echoed[ssec.Encryption] = string(e)
	}
	p, err := ssec.Verify(ctx, ssec.Object{Headers: echoed}, kept)
	if err == nil { // its last step, the body, is ours
		steps := p.Steps[:len(p.Steps)-1]
		p.Steps, p.Verdict = nil, ""
		for _, s := range steps {
			p.Add(s.Name, nil, s.Detail)
		}
		err = o.customerSteps(ctx, &p)
	}
	o.customer = kept
	o.conclude(p, err, nil)
}

func (o *object) customerSteps(ctx context.Context, p *envelope.Proof) error {
	p.Add("without the key", nil, "S3 refuses the object") // that is how it was found
	if o.tooLong() {
		err := fmt.Errorf("%w: the object is longer than is read", envelope.ErrUnsupported)
		p.Add("body", err, "")
		return err
	}
	_, body, err := o.verified(ctx, func(r io.Reader, size int64) (envelope.Proof, error) {
		n, err := io.Copy(io.Discard, r)
		if err == nil && n != size {
			err = fmt.Errorf("%w: the object broke off", envelope.ErrUnavailable)
		}
		return envelope.Proof{}, err
	})
	if body != nil {
		p.Bytes = body.n
		clear(body.first) // plaintext
		clear(body.last[:])
	}
	p.Add("body", err, "S3 serves all of it under the key; S3 decrypts it itself, so what it stores can't be checked")
	if err != nil {
		return err
	}
	another := make([]byte, 32)
	_, _ = rand.Read(another) // never fails (crypto/rand)
	o.customer = another
	said := o.refusal(ctx)
	switch {
	case errors.Is(said, ssec.ErrOtherKey):
		said = nil
	case said == nil:
		said = fmt.Errorf("%w: S3 gives the object under another key, too", envelope.ErrTampered)
	default:
		said = fmt.Errorf("%w: S3 refuses another key for another reason: %s", envelope.ErrUnavailable, awsapi.Code(said))
	}
	p.Add("another key", said, "S3 refuses the object under another key")
	return said
}
