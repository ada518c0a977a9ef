package records

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"

	"github.com/sealaudit/sealaudit/internal/envelope"
	"github.com/sealaudit/sealaudit/internal/envelope/esdk"
)

const aggregateFormat = "Kinesis Producer Library aggregate"

// aggregate is a record of several user records, each of which is verified.
type aggregate struct{ records []UserRecord }

func (a aggregate) Inspect(ctx context.Context, o Options) (envelope.Proof, error) {
	return a.each(o, func(r UserRecord) (envelope.Proof, error) {
		if esdk.Recognise(r.Data) {
			return esdk.Inspect(ctx, bytes.NewReader(r.Data), o.Messages)
		}
		inner, err := inside(r.Data)
		if err != nil {
			return refusal(err), err
		}
		return inner.Inspect(ctx, o)
	})
}

func (a aggregate) Verify(ctx context.Context, keys Keys, o Options) (envelope.Proof, error) {
	return a.each(o, func(r UserRecord) (envelope.Proof, error) {
		if esdk.Recognise(r.Data) {
			return esdk.Verify(ctx, bytes.NewReader(r.Data), keys.Keyring, o.Messages)
		}
		inner, err := inside(r.Data)
		if err != nil {
			return refusal(err), err
		}
		return inner.Verify(ctx, keys, o)
	})
}

// opened is a user record as Open writes it.
type opened struct {
	PartitionKey    string `json:"partitionKey"`
	ExplicitHashKey string `json:"explicitHashKey,omitempty"`
	Data            []byte `json:"data"` // in base64
}

// Open writes the user records as one JSON object, {"records": […]}, each with
// its partition key and its plaintext in base64.
func (a aggregate) Open(ctx context.Context, dst io.Writer, keys Keys, o Options) (envelope.Proof, error) {
	var out []opened
	defer func() {
		for _, r := range out {
			clear(r.Data)
		}
	}()
	p, err := a.each(o, func(r UserRecord) (p envelope.Proof, err error) {
		plain := bytes.NewBuffer(make([]byte, 0, len(r.Data)))
		if esdk.Recognise(r.Data) {
			p, err = esdk.Open(ctx, plain, bytes.NewReader(r.Data), keys.Keyring, o.Messages)
		} else if inner, is := inside(r.Data); is != nil {
			p, err = refusal(is), is
		} else {
			p, err = inner.Open(ctx, plain, keys, o)
		}
		out = append(out, opened{r.PartitionKey, r.ExplicitHashKey, plain.Bytes()})
		return p, err
	})
	if err != nil {
		return p, err
	}
	text, err := json.Marshal(map[string]any{"records": out})
	defer clear(text)
	if err == nil {
		_, err = dst.Write(append(text, '\n'))
	}
	if err != nil {
		return p, fmt.Errorf("writing plaintext: %w", err)
	}
	return p, nil
}

// inside is the record in a user record that is no message.
func inside(b []byte) (Record, error) {
	r, err := single(b)
	if r == nil && err == nil {
		err = fmt.Errorf("%w: it is nothing that AWS's clients encrypt", envelope.ErrUnsupported)
	}
	return r, err
}

// refusal is the proof of a user record that could not be read.
func refusal(err error) envelope.Proof {
	var p envelope.Proof
	p.Add("content", err, "")
	return p
}

// each reads every user record. The error is the first one.
func (a aggregate) each(o Options, read func(UserRecord) (envelope.Proof, error)) (envelope.Proof, error) {
	all := len(a.records) > 0
	p := envelope.Proof{Format: aggregateFormat, Keys: []envelope.Key{}, Committing: all, Signed: all, Authenticated: all}
	p.Add("aggregate", nil, fmt.Sprintf("%d records; its MD5 is right, which anyone can write", len(a.records)))
	var first error
	if len(a.records) == 0 {
		first = fmt.Errorf("%w: the aggregate holds no record", envelope.ErrUnsupported)
		p.Add("records", first, "")
	}
	for i, r := range a.records {
		q, err := read(r)
		if o.Seen != nil && esdk.Recognise(r.Data) {
			if h, err := esdk.ParseHeader(bytes.NewReader(r.Data), o.Messages.MaxDataKeys); err == nil && o.Seen(h.DataKeys) {
				q.Weak("duplicate-data-key")
			}
		}
		if err != nil && first == nil {
			first = fmt.Errorf("record %d of %d: %w", i+1, len(a.records), err)
		}
		a.add(&p, q, i)
	}
	return p, first
}

// add adds the proof of a user record. What an aggregate claims, each of its
// records does.
func (a aggregate) add(p *envelope.Proof, q envelope.Proof, i int) {
	if i == 0 {
		p.Suite = q.Suite
	} else if p.Suite != q.Suite {
		p.Suite = "several"
	}
	p.Committing = p.Committing && q.Committing
	p.Signed = p.Signed && q.Signed
	p.Authenticated = p.Authenticated && q.Authenticated
	if q.Bytes < 0 || q.Format == "" {
		p.Bytes = -1
	} else if p.Bytes >= 0 {
		p.Bytes += q.Bytes
	}
	take(p, q, fmt.Sprintf("record %d: ", i+1))
}
