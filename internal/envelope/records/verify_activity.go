package records

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/sealaudit/sealaudit/internal/envelope"
	"github.com/sealaudit/sealaudit/internal/envelope/esdk"
	"github.com/sealaudit/sealaudit/internal/envelope/keyring"
)

// The data key of an activity record is a raw AES key of this name.
const (
	activityProvider = "BC"
	activityKeyName  = "DataKey"
)

// maxEvents bounds the decompressed events of one record.
const maxEvents = 64 << 20

// contextHint says what the encryption context of an activity record's key is
// (Amazon RDS User Guide, "Processing a database activity stream").
const contextHint = "give it with --context aws:rds:dbc-id=CLUSTER-RESOURCE-ID, or aws:rds:db-id=INSTANCE-RESOURCE-ID"

func (a Activity) proof(o Options) envelope.Proof {
	p := envelope.Proof{Format: "Database Activity Stream record", Version: a.Version, Bytes: -1,
		Keys: []envelope.Key{{Provider: "aws-kms", ID: "not named", Wrap: "KMS"}}}
	if blob, ok := ParseBlob(a.key); ok {
		p.Keys[0].ID = blob.Name()
	}
	p.Add("record", nil, fmt.Sprintf("a message of %d bytes and a key of %d", len(a.events), len(a.key)))
	p.Context = envelope.Pairs(o.Messages.Context, o.Messages.Values)
	return p
}

// options are those of the message: the encryption context is of its key's key.
func (a Activity) options(o Options) esdk.Options {
	out := o.Messages
	out.Context, out.MaxFrame = nil, MaxRecord
	return out
}

// Inspect implements Record.
func (a Activity) Inspect(ctx context.Context, o Options) (envelope.Proof, error) {
	p := a.proof(o)
	if err := a.producer(&p, o); err != nil {
		return p, err
	}
	p.Add("key", fmt.Errorf("%w: KMS was not asked", envelope.ErrNoKey), "")
	q, err := esdk.Inspect(ctx, bytes.NewReader(a.events), a.options(o))
	a.take(&p, q)
	return p, err
}

// Verify implements Record.
func (a Activity) Verify(ctx context.Context, keys Keys, o Options) (envelope.Proof, error) {
	return a.Open(ctx, io.Discard, keys, o)
}

// Open writes the events: a JSON document.
func (a Activity) Open(ctx context.Context, dst io.Writer, keys Keys, o Options) (envelope.Proof, error) {
	p := a.proof(o)
	if err := a.producer(&p, o); err != nil {
		return p, err
	}
	ring, err := a.unwrap(ctx, keys, o)
	p.Keys[0].Used = err == nil && keys.DataKey.Len() == 0
	detail := "KMS decrypts it under this encryption context"
	if keys.DataKey.Len() > 0 {
		detail = "it was given, and KMS was not asked"
	}
	if p.Add("key", err, detail); err != nil {
		return p, err
	}
	packed := bytes.NewBuffer(make([]byte, 0, len(a.events)))
	defer func() { clear(packed.Bytes()) }()
	q, err := esdk.Open(ctx, packed, bytes.NewReader(a.events), ring, a.options(o))
	a.take(&p, q)
	if err != nil {
		return p, err
	}
	n, err := unpack(dst, packed.Bytes())
	if errors.As(err, new(writeError)) {
		return p, err
	}
	if p.Add("compression", err, "the plaintext is whole gzip"); err == nil {
		p.Bytes = n
	}
	return p, err
}

func (a Activity) take(p *envelope.Proof, q envelope.Proof) {
	p.Suite, p.Committing, p.Signed, p.Authenticated = q.Suite, q.Committing, q.Signed, q.Authenticated
	take(p, q, "")
}

// producer holds the message against what RDS writes: one data key, of a raw
// AES keyring.
func (a Activity) producer(p *envelope.Proof, o Options) error {
	h, err := esdk.ParseHeader(bytes.NewReader(a.events), o.Messages.MaxDataKeys)
	if err == nil && (len(h.DataKeys) != 1 || h.DataKeys[0].Provider != activityProvider || !bytes.HasPrefix(h.DataKeys[0].Info, []byte(activityKeyName))) {
		err = fmt.Errorf("%w: the message is not under the key %s of %s, as those of activity streams are", envelope.ErrFormat, activityKeyName, activityProvider)
	}
	p.Add("producer", err, "the message is under the key that activity streams name")
	return err
}

// unwrap has KMS decrypt the message's key.
func (a Activity) unwrap(ctx context.Context, keys Keys, o Options) (envelope.Keyring, error) {
	if keys.DataKey.Len() > 0 {
		return keyring.NewAES(activityProvider, activityKeyName, keys.DataKey.Bytes())
	}
	if keys.KMS == nil {
		return nil, fmt.Errorf("%w: its key is under KMS; give a keyring of KMS", envelope.ErrNoKey)
	}
	key, err := keys.KMS.Decrypt(ctx, keys.KMSKeyID, a.key, o.Messages.Context)
	_, cluster := o.Messages.Context["aws:rds:dbc-id"]
	_, instance := o.Messages.Context["aws:rds:db-id"]
	if err = unsaid(err, cluster || instance, contextHint); err != nil {
		return nil, err
	}
	defer key.Zero()
	return keyring.NewAES(activityProvider, activityKeyName, key.Bytes())
}

// writeError is a failure of what plaintext is written to.
type writeError struct{ error }

func (e writeError) Unwrap() error { return e.error }

// unpack decompresses packed and writes it, after it was seen to be whole gzip
// (RFC 1952) and not too long.
func unpack(dst io.Writer, packed []byte) (int64, error) {
	n, err := copyUnpacked(io.Discard, packed)
	if err != nil || dst == io.Discard {
		return n, err
	}
	return copyUnpacked(dst, packed)
}

func copyUnpacked(dst io.Writer, packed []byte) (int64, error) {
	z, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return -1, fmt.Errorf("%w: the plaintext is not gzip", envelope.ErrFormat)
	}
	to := &writer{w: dst}
	n, err := io.Copy(to, io.LimitReader(z, maxEvents+1))
	switch {
	case to.err != nil:
		return -1, writeError{fmt.Errorf("writing plaintext: %w", to.err)}
	case err != nil:
		return -1, fmt.Errorf("%w: the gzip of the plaintext is broken", envelope.ErrFormat)
	case n > maxEvents:
		return -1, fmt.Errorf("%w: the plaintext is longer than %d bytes", envelope.ErrUnsupported, maxEvents)
	}
	return n, nil
}

// writer remembers its own failure, to tell it from that of what is read.
type writer struct {
	w   io.Writer
	err error
}

func (w *writer) Write(b []byte) (n int, err error) {
	n, w.err = w.w.Write(b)
	return n, w.err
}
