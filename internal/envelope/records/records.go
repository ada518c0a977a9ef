// Package records reads what AWS services and producers put around ciphertext:
// records that the Kinesis Producer Library aggregated, records of Database
// Activity Streams of RDS and Aurora, and bare ciphertext blobs of AWS KMS.
package records

import (
	"context"
	"io"

	"github.com/sealaudit/sealaudit/internal/envelope"
	"github.com/sealaudit/sealaudit/internal/envelope/esdk"
	"github.com/sealaudit/sealaudit/internal/envelope/keyring"
)

// MaxRecord is the longest record that is read, in bytes: Kinesis Data Streams
// takes up to 10 MiB ("Quotas and limits"), and JSON may stand in base64.
const MaxRecord = 16 << 20

// Record is one thing that holds ciphertext. An error says what kept it from
// being read or verified; the proof is complete either way.
type Record interface {
	// Inspect says what it is, without a key.
	Inspect(ctx context.Context, o Options) (envelope.Proof, error)
	// Verify has it decrypted, and drops the plaintext.
	Verify(ctx context.Context, keys Keys, o Options) (envelope.Proof, error)
	// Open writes the plaintext after all of it was authenticated.
	Open(ctx context.Context, dst io.Writer, keys Keys, o Options) (envelope.Proof, error)
}

// Keys are what opens records.
type Keys struct {
	Keyring  envelope.Keyring // of messages
	KMS      keyring.KMS      // of blobs and activity records, or nil
	KMSKeyID string           // "" lets a blob choose its key
	// DataKey is the key of activity records itself, if their owner kept it:
	// then KMS is not asked.
	DataKey envelope.DataKey
}

// Options are choices of a reader.
type Options struct {
	// Messages are the options for messages of the AWS Encryption SDK. Its
	// Context is that of a blob or an activity record too, which do not say
	// under which they were encrypted.
	Messages esdk.Options
	// Seen is told the wrapped data keys of each message and says whether an
	// earlier message of the run had one. It may be nil.
	Seen func([]envelope.EncryptedDataKey) bool
}

// Parse reads a record of at most MaxRecord bytes, of which it keeps b. It is
// nil, without an error, for what is none. Its error wraps ErrFormat or
// ErrUnsupported.
func Parse(b []byte) (Record, error) {
	if IsAggregate(b) {
		a, err := Split(b)
		if err != nil {
			return nil, err
		}
		return aggregate{a}, nil
	}
	return single(b)
}

// single reads a record that is not aggregated.
func single(b []byte) (Record, error) {
	if blob, ok := ParseBlob(b); ok {
		return blob, nil
	}
	a, is, err := parseActivity(b)
	if !is || err != nil {
		return nil, err
	}
	return a, nil
}

// take adds what another proof showed, its steps under a name, and lowers the
// verdict to its.
func take(p *envelope.Proof, q envelope.Proof, under string) {
	for _, s := range q.Steps {
		s.Name = under + s.Name
		p.Steps = append(p.Steps, s)
		switch {
		case p.Verdict == envelope.Refuted:
		case s.Verdict == envelope.Refuted, s.Verdict == envelope.Unknown, p.Verdict == "":
			p.Verdict = s.Verdict
		}
	}
	for _, w := range q.Weaknesses {
		p.Weak(w.ID)
	}
	for _, k := range q.Keys {
		addKey(p, k)
	}
	for _, pair := range q.Context {
		addPair(p, pair)
	}
}

func addKey(p *envelope.Proof, k envelope.Key) {
	for i, has := range p.Keys {
		if has.Provider == k.Provider && has.ID == k.ID && has.Wrap == k.Wrap {
			p.Keys[i].Used = has.Used || k.Used
			return
		}
	}
	p.Keys = append(p.Keys, k)
}

func addPair(p *envelope.Proof, pair envelope.Pair) {
	for _, has := range p.Context {
		if has == pair {
			return
		}
	}
	p.Context = append(p.Context, pair)
}

// unsaid is an error of KMS about a blob, seen by who cannot know whether it
// had another encryption context: KMS tells that from a changed blob only to
// those who know the context.
func unsaid(err error, known bool, hint string) error {
	if err == nil || known || envelope.Says(err) != envelope.Refuted {
		return err
	}
	return noContextError{hint}
}

// noContextError says that KMS did not decrypt, and that it may have been asked
// the wrong way.
type noContextError struct{ hint string }

func (e noContextError) Error() string {
	return envelope.ErrNoKey.Error() + ": KMS does not decrypt it without its encryption context; " + e.hint
}

func (noContextError) Unwrap() error { return envelope.ErrNoKey }
