package envelope

import (
	"context"
	"fmt"
)

// A Keyring unwraps (and wraps) data keys.
type Keyring interface {
	// Unwrap decrypts a data key under the encryption context that the
	// artefact claims. Its error wraps ErrWrongKey when the key is the named
	// one and does not open it, ErrNoKey when the keyring has no key for it,
	// ErrRefused when permission or key state forbids it, ErrUnavailable when
	// the key could not be asked, ErrFormat when the wrapped key's own layout
	// is broken.
	Unwrap(ctx context.Context, edk EncryptedDataKey, encryptionContext map[string]string) (DataKey, error)
	// Wrap encrypts a data key under an encryption context.
	Wrap(ctx context.Context, key DataKey, encryptionContext map[string]string) (EncryptedDataKey, error)
}

// EncryptedDataKey is a wrapped data key as a message carries it (AWS
// Encryption SDK specification, "Encrypted Data Key Entries").
type EncryptedDataKey struct {
	Provider   string // key provider id: "aws-kms", or a raw keyring's namespace
	Info       []byte // key provider information: a key ARN, or name and parameters
	Ciphertext []byte
}

// DataKey is a plaintext data key. It prints as nothing that could be used,
// and has no JSON.
type DataKey struct {
	b    []byte
	wrap string
}

// NewDataKey takes over b, which the caller must not keep.
func NewDataKey(b []byte) DataKey { return DataKey{b: b} }

// Wrapped is the key with how it was wrapped, where the artefact does not say
// that and the keyring that unwrapped it knows: the padding of RSA.
func (k DataKey) Wrapped(how string) DataKey { return DataKey{k.b, how} }

// Wrap is how the key was wrapped, "" if the keyring does not say.
func (k DataKey) Wrap() string { return k.wrap }

// Bytes are the key itself, valid until Zero. They must not be kept or shown.
func (k DataKey) Bytes() []byte { return k.b }

// Len is the key's length in bytes.
func (k DataKey) Len() int { return len(k.b) }

// Zero overwrites the key. Every holder of a data key defers it.
func (k DataKey) Zero() { clear(k.b) }

// Format implements fmt.Formatter for every verb, so that no print shows a key.
func (k DataKey) Format(s fmt.State, _ rune) { _, _ = fmt.Fprintf(s, "[data key, %d bytes]", len(k.b)) }

// MarshalText fails: a data key has no text.
func (k DataKey) MarshalText() ([]byte, error) {
	return nil, fmt.Errorf("a data key has no text; it must not be written")
}
