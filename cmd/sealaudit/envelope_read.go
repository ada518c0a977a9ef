package main

import (
	"context"
	"crypto/sha256"
	"io"

	"github.com/sealaudit/sealaudit/internal/envelope"
	"github.com/sealaudit/sealaudit/internal/envelope/ddb"
	"github.com/sealaudit/sealaudit/internal/envelope/esdk"
	"github.com/sealaudit/sealaudit/internal/envelope/s3ec"
)

func (a *artefact) object(body io.ReadSeeker) s3ec.Object {
	return s3ec.Object{Metadata: a.metadata, Instruction: a.instruction, Body: body, Size: a.size}
}

func (a *artefact) inspect(ctx context.Context, r *reading) (envelope.Proof, error) {
	switch {
	case a.s3:
		return s3ec.Inspect(a.object(a.body), r.s3)
	case a.item != nil:
		return ddb.Inspect(a.item, r.items)
	}
	body, done := r.tell(a.path, a.size, a.body)
	defer done()
	p, err := esdk.Inspect(ctx, body, r.esdk)
	a.compare(&p, r)
	return p, err
}

func (a *artefact) verify(ctx context.Context, keys *envelopeKeys, r *reading) (envelope.Proof, error) {
	if a.item != nil {
		return ddb.Verify(ctx, a.item, keys.forItem(a.item), r.items)
	}
	body, done := r.tell(a.path, a.size, a.body)
	defer done()
	if a.s3 {
		return s3ec.Verify(ctx, a.object(body), keys.s3, r.s3)
	}
	p, err := esdk.Verify(ctx, body, keys.ring, r.esdk)
	a.compare(&p, r)
	return p, err
}

// compare finds a wrapped data key that an earlier message of the run had.
func (a *artefact) compare(p *envelope.Proof, r *reading) {
	if _, err := a.body.Seek(0, io.SeekStart); err != nil {
		return
	}
	h, err := esdk.ParseHeader(a.body, r.esdk.MaxDataKeys)
	if err != nil {
		return // the proof says so
	}
	for _, edk := range h.DataKeys {
		key := sha256.Sum256(edk.Ciphertext)
		if r.seen[key] {
			p.Weak("duplicate-data-key")
		}
		defer func() { r.seen[key] = true }() // not for the same message
	}
}

// open writes the plaintext to dst after all of it was authenticated.
func (a *artefact) open(ctx context.Context, dst io.Writer, keys *envelopeKeys, r *reading) (envelope.Proof, error) {
	if a.item != nil {
		return a.openItem(ctx, dst, keys, r)
	}
	body, done := r.tell(a.path, a.size, a.body)
	defer done()
	if a.s3 {
		return s3ec.Open(ctx, dst, a.object(body), keys.s3, r.s3)
	}
	return esdk.Open(ctx, dst, body, keys.ring, r.esdk)
}

func (a *artefact) openItem(ctx context.Context, dst io.Writer, keys *envelopeKeys, r *reading) (envelope.Proof, error) {
	p, err := a.verify(ctx, keys, r)
	if err != nil {
		return p, err
	}
	plain, err := ddb.Open(ctx, a.item, keys.forItem(a.item), r.items)
	if err != nil {
		return p, err
	}
	return p, writeJSON(dst, plain)
}
