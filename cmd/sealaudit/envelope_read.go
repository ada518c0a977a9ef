package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/sealaudit/sealaudit/internal/envelope"
	"github.com/sealaudit/sealaudit/internal/envelope/ddb"
	"github.com/sealaudit/sealaudit/internal/envelope/esdk"
	"github.com/sealaudit/sealaudit/internal/envelope/s3ec"
	"github.com/sealaudit/sealaudit/internal/envelope/ssec"
)

func (a *artefact) object(body io.Reader) s3ec.Object {
	return s3ec.Object{Metadata: a.metadata, Instruction: a.instruction, Body: body, Size: a.size}
}

// sealed says that a client encrypted the artefact, and not S3 alone.
func (a *artefact) sealed() bool {
	return a.served == nil || a.s3 || a.item != nil || a.message || a.record != nil
}

func (a *artefact) inspect(ctx context.Context, r *reading) (envelope.Proof, error) {
	switch {
	case !a.sealed():
		return a.serverSide(ctx, false)
	case a.s3:
		p, err := s3ec.Inspect(a.object(a.body), r.s3)
		return a.withServerSide(ctx, p, err)
	case a.item != nil:
		return a.inspectItem(r)
	case a.record != nil:
		return a.record.Inspect(ctx, r.forRecord())
	}
	body, done := r.tell(a.path, a.size, a.body)
	defer done()
	head := &headed{Reader: body}
	p, err := esdk.Inspect(ctx, head, r.esdk)
	head.compare(&p, r)
	return a.withServerSide(ctx, p, err)
}

func (a *artefact) verify(ctx context.Context, keys *envelopeKeys, r *reading) (envelope.Proof, error) {
	switch {
	case !a.sealed():
		return a.serverSide(ctx, true)
	case a.item != nil:
		return a.verifyItem(ctx, keys, r)
	case a.record != nil:
		return a.record.Verify(ctx, keys.forRecord(), r.forRecord())
	}
	body, done := r.tell(a.path, a.size, a.body)
	defer done()
	if a.s3 {
		p, err := s3ec.Verify(ctx, a.object(body), keys.s3, r.s3)
		return a.withServerSide(ctx, p, err)
	}
	head := &headed{Reader: body}
	p, err := esdk.Verify(ctx, head, keys.ring, r.esdk)
	head.compare(&p, r)
	return a.withServerSide(ctx, p, err)
}

// serverSide is the proof of an object that S3 encrypts with a key of the
// customer. With probing S3 is also asked for it without the key.
func (a *artefact) serverSide(ctx context.Context, probe bool) (envelope.Proof, error) {
	s := a.served
	if s.refused != nil {
		p := envelope.Proof{Format: ssec.Format, Version: "1", Keys: []envelope.Key{{Provider: "customer"}}, Bytes: -1}
		p.Add("object", s.refused, "")
		return p, s.refused
	}
	object := ssec.Object{Headers: s.headers}
	if probe {
		object.Body, object.SHA256 = a.body, s.want
	}
	p, err := ssec.Verify(ctx, object, s.key)
	if probe && err == nil {
		err = s.without(ctx)
		p.Add("without the key", err, "S3 refuses to serve the object")
	}
	return p, err
}

// withServerSide adds to the proof of what a client encrypted that S3 encrypts
// it too, with a key of the customer.
func (a *artefact) withServerSide(ctx context.Context, p envelope.Proof, err error) (envelope.Proof, error) {
	if a.served == nil || len(p.Steps) == 0 {
		return p, err
	}
	_, also := ssec.Verify(ctx, ssec.Object{Headers: a.served.headers}, a.served.key)
	p.Add("SSE-C", also, "S3 echoes the MD5 of the given key")
	if err == nil {
		err = also
	}
	return p, err
}

// headed keeps what was read first, to look at a message's header again. That
// is all of it but for the longest that a policy allows.
type headed struct {
	io.Reader
	first []byte
}

const maxHeaded = 256 << 10

func (h *headed) Read(b []byte) (int, error) {
	n, err := h.Reader.Read(b)
	if room := maxHeaded - len(h.first); n > 0 && room > 0 {
		h.first = append(h.first, b[:min(n, room)]...)
	}
	return n, err
}

// compare finds a wrapped data key that an earlier message of the run had.
func (h *headed) compare(p *envelope.Proof, r *reading) {
	header, err := esdk.ParseHeader(bytes.NewReader(h.first), r.esdk.MaxDataKeys)
	if err != nil {
		return // the proof says so
	}
	if r.reused(header.DataKeys) {
		p.Weak("duplicate-data-key")
	}
}

// open writes the plaintext to dst after all of it was authenticated.
func (a *artefact) open(ctx context.Context, dst io.Writer, keys *envelopeKeys, r *reading) (envelope.Proof, error) {
	switch {
	case !a.sealed() && a.served.refused == nil:
		err := fmt.Errorf("%w: no client encrypted it, and S3 decrypts it itself; aws s3 cp --sse-c AES256 reads it", envelope.ErrUnsupported)
		p, _ := a.serverSide(ctx, false)
		p.Add("body", err, "")
		return p, err
	case !a.sealed():
		return a.serverSide(ctx, false)
	case a.item != nil:
		return a.openItem(ctx, dst, keys, r)
	case a.record != nil:
		return a.record.Open(ctx, dst, keys.forRecord(), r.forRecord())
	}
	body, done := r.tell(a.path, a.size, a.body)
	defer done()
	if a.s3 {
		p, err := s3ec.Open(ctx, dst, a.object(body), keys.s3, r.s3)
		return p, err
	}
	twice, remove, err := readTwice(body, a.size)
	if err != nil {
		return envelope.Proof{}, err
	}
	defer remove()
	return esdk.Open(ctx, dst, twice, keys.ring, r.esdk)
}

// readTwice makes a body of AWS readable twice, which a long message needs: a
// temporary file keeps its ciphertext.
func readTwice(body io.Reader, size int64) (io.Reader, func(), error) {
	const short = 16 << 20
	if _, ok := body.(io.Seeker); ok {
		return body, func() {}, nil
	}
	if size <= short {
		b, err := io.ReadAll(body)
		return bytes.NewReader(b), func() {}, err
	}
	f, err := os.CreateTemp("", "sealaudit-*.ciphertext")
	if err != nil {
		return nil, nil, fmt.Errorf("keeping the ciphertext to read it twice: %w", err)
	}
	remove := func() { _ = errors.Join(f.Close(), os.Remove(f.Name())) }
	if _, err = io.Copy(f, body); err == nil {
		_, err = f.Seek(0, io.SeekStart)
	}
	if err != nil {
		remove()
		return nil, nil, fmt.Errorf("keeping the ciphertext to read it twice: %w", err)
	}
	return f, remove, nil
}

func (a *artefact) openItem(ctx context.Context, dst io.Writer, keys *envelopeKeys, r *reading) (envelope.Proof, error) {
	p, err := a.verifyItem(ctx, keys, r)
	if err != nil {
		return p, err
	}
	plain, err := ddb.Open(ctx, a.item, r.itemKeys(ctx, a.item, keys), a.config(r))
	if err != nil {
		p.Add("opening", err, "")
		return p, err
	}
	return p, writeJSON(dst, plain)
}

// config is what is said of an item: by flags, else by its table.
func (a *artefact) config(r *reading) ddb.Config {
	c := r.items
	if c.Table == "" {
		c.Table = a.table.Table
	}
	if c.Partition == "" {
		c.Partition, c.Sort = a.table.Partition, a.table.Sort
	}
	if c.Partition == "" && ddb.Recognise(a.item) == ddb.MetaStore {
		c.Partition, c.Sort = "N", "V" // as every metastore has it
	}
	return c
}
