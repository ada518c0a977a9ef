package esdk

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"fmt"
	"hash"
	"io"
	"maps"

	"github.com/sealaudit/sealaudit/internal/envelope"
	"github.com/sealaudit/sealaudit/internal/envelope/keyring"
)

// message is one message being read: its header, what a key made of it, and
// where its body is.
type message struct {
	head Header
	opts Options
	src  *source

	whole    map[string]string // encryption context with the required pairs
	required []byte            // those pairs, serialised
	used     int               // the data key that was unwrapped, or -1
	wrap     string            // how it was wrapped, where the keyring says so
	net400   bool
	steps    []step

	block cipher.Block
	aead  cipher.AEAD // nil when there is no key
	sum   hash.Hash   // of what is signed, nil for an unsigned suite
	marks *marks      // of a message that is read twice
	body
}

// step is one thing that was done, and its outcome.
type step struct {
	name   string
	err    error
	detail string
}

// do notes the outcome of a step.
func (m *message) do(name string, err error) error {
	m.steps = append(m.steps, step{name: name, err: err})
	return err
}

// open reads a header. The message is there even with an error, for its proof.
func open(ctx context.Context, r io.Reader, opts Options) (*message, error) {
	m := &message{opts: opts, used: -1, steps: make([]step, 0, 8)}
	decoded, text, err := decoded(r)
	if err == nil {
		m.src = newSource(ctx, decoded)
		if memory, is := r.(*bytes.Reader); is && !text {
			m.src.memory = memory
		}
		m.head, err = parseHeader(m.src, opts.MaxDataKeys)
	}
	if m.do("header", err) != nil {
		return m, err
	}
	m.begin()
	m.src.frame = m.frameSize()
	return m, nil
}

// close ends the reading. What was made of the message stays.
func (m *message) close() {
	if m.src != nil {
		m.src.close()
	}
}

// begin begins the body after a header that is whole.
func (m *message) begin() {
	if m.head.parameters.sum != 0 {
		m.sum = m.head.parameters.sum.New()
		m.sum.Write(m.head.body)
		m.sum.Write(m.head.auth)
	}
	m.start(&m.head)
}

// unlock unwraps a data key and authenticates the header with it (AWS
// Encryption SDK specification, "Decrypt", "Verify the header").
func (m *message) unlock(ctx context.Context, kr envelope.Keyring) error {
	if err := m.opts.Policy.read(m.head.Suite); err != nil {
		return m.do("policy", err)
	}
	if len(m.opts.Context) > 0 {
		if err := m.do("context", m.bind()); err != nil {
			return err
		}
	} else {
		m.whole = m.head.Context
	}
	dataKey, err := m.unwrap(ctx, kr)
	defer dataKey.Zero()
	if m.do("data key", err) != nil {
		return err
	}
	key, commitment, err := m.head.derive(dataKey.Bytes(), false)
	defer clear(key)
	if err != nil {
		return m.do("key derivation", err)
	}
	if m.head.parameters.commits && m.do("commitment", m.head.checkCommitment(commitment)) != nil {
		return m.steps[len(m.steps)-1].err
	}
	err = m.authenticate(key, m.required)
	if err != nil && m.opts.AllowNET400 && m.asNET400(dataKey.Bytes()) {
		m.net400, err = true, nil
	}
	return m.do("header tag", err)
}

// bind holds the caller's pairs against the header's and keeps those that the
// header leaves out (AWS Encryption SDK specification, "Required Encryption
// Context CMM", "Decrypt Materials").
func (m *message) bind() error {
	if err := checkReserved(m.opts.Context); err != nil {
		return err
	}
	m.whole = maps.Clone(m.head.Context)
	required := map[string]string{}
	for key, value := range m.opts.Context {
		has, there := m.head.Context[key]
		if there && has != value {
			return fmt.Errorf("%w: the encryption context has another value than expected for one of its keys", envelope.ErrTampered)
		}
		if !there {
			required[key], m.whole[key] = value, value
		}
	}
	var err error
	m.required, err = envelope.AppendContext(nil, required)
	return err
}

// unwrap tries the encrypted data keys in their order until one gives a key of
// the suite's length.
func (m *message) unwrap(ctx context.Context, kr envelope.Keyring) (envelope.DataKey, error) {
	var failed []error
	for i, edk := range m.head.DataKeys {
		if err := ctx.Err(); err != nil {
			failed = append(failed, fmt.Errorf("%w: %w", envelope.ErrUnavailable, err))
			break
		}
		key, err := kr.Unwrap(ctx, edk, m.whole)
		if err == nil && key.Len() == m.head.parameters.key {
			m.used, m.wrap = i, key.Wrap()
			return key, nil
		}
		if err == nil {
			err = fmt.Errorf("%w: a data key of %d bytes, where the suite takes %d", envelope.ErrWrongKey, key.Len(), m.head.parameters.key)
		}
		key.Zero()
		failed = append(failed, err)
	}
	return envelope.DataKey{}, fmt.Errorf("opening the message, %d data keys: %w", len(m.head.DataKeys), keyring.Join(failed...))
}

// authenticate makes key the body's key if it authenticates the header and
// what comes after it (AWS Encryption SDK specification, "Message Header",
// "Header Authentication").
func (m *message) authenticate(key, after []byte) error {
	if err := m.useKey(key); err != nil {
		return err
	}
	iv, tag := m.head.tag()
	aad := m.head.body
	if len(after) > 0 {
		aad = append(aad[:len(aad):len(aad)], after...)
	}
	if _, err := m.aead.Open(nil, iv, tag, aad); err != nil {
		return fmt.Errorf("%w: the header's tag", envelope.ErrTampered)
	}
	return nil
}

// useKey makes key the body's.
func (m *message) useKey(key []byte) (err error) {
	if m.block, err = aes.NewCipher(key); err == nil {
		m.aead, err = cipher.NewGCM(m.block)
	}
	if err != nil {
		return fmt.Errorf("%w: %w", envelope.ErrUnsupported, err)
	}
	return nil
}

// asNET400 tries what ESDK-NET 4.0.0 wrote: the message id left out of the key
// derivation of version 1, and an empty encryption context serialised as a
// length after the header.
func (m *message) asNET400(dataKey []byte) bool {
	key, _, err := m.head.derive(dataKey, true)
	defer clear(key)
	if err != nil {
		return false
	}
	after := m.required
	if len(after) == 0 {
		after = []byte{0, 0}
	}
	return m.authenticate(key, after) == nil
}
