package keyring

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	_ "crypto/sha1" // for OAEP
	_ "crypto/sha256"
	_ "crypto/sha512"
	"fmt"
	"strings"

	"github.com/sealaudit/sealaudit/internal/envelope"
)

// Padding is how a raw RSA keyring pads. The message does not say it.
type Padding string

// The paddings (framework/raw-rsa-keyring.md, "Supported Padding Schemes").
// OAEP masks with the hash that it hashes with, over an empty label.
const (
	OAEPSHA1   Padding = "oaep-sha1"
	OAEPSHA256 Padding = "oaep-sha256"
	OAEPSHA384 Padding = "oaep-sha384"
	OAEPSHA512 Padding = "oaep-sha512"
	PKCS1      Padding = "pkcs1" // for reading only: its decryption is an oracle
)

// Paddings are all paddings.
func Paddings() []Padding { return []Padding{OAEPSHA1, OAEPSHA256, OAEPSHA384, OAEPSHA512, PKCS1} }

func (p Padding) hash() (crypto.Hash, bool) {
	h, ok := map[Padding]crypto.Hash{OAEPSHA1: crypto.SHA1, OAEPSHA256: crypto.SHA256, OAEPSHA384: crypto.SHA384, OAEPSHA512: crypto.SHA512}[p]
	return h, ok
}

// How a data key was unwrapped where that is a weakness of its message, as
// [envelope.DataKey.Wrap] says it.
const (
	WrapPKCS1    = "RSA PKCS #1 v1.5"
	WrapOAEPSHA1 = "RSA-OAEP-SHA1"
)

// wrap is the padding's name in a proof.
func (p Padding) wrap() string {
	if p == PKCS1 {
		return WrapPKCS1
	}
	return "RSA-OAEP-" + strings.ToUpper(strings.TrimPrefix(string(p), "oaep-"))
}

// RSA is a raw RSA keyring (framework/raw-rsa-keyring.md). It does not bind the
// encryption context.
type RSA struct {
	namespace, name string
	padding         Padding
	private         *rsa.PrivateKey // nil: wraps only
	public          *rsa.PublicKey
}

// NewRSA makes a raw RSA keyring that unwraps and wraps.
func NewRSA(namespace, name string, padding Padding, key *rsa.PrivateKey) (*RSA, error) {
	k, err := NewRSAPublic(namespace, name, padding, &key.PublicKey)
	if err != nil {
		return nil, err
	}
	k.private = key
	return k, nil
}

// NewRSAPublic makes a raw RSA keyring that wraps only.
func NewRSAPublic(namespace, name string, padding Padding, key *rsa.PublicKey) (*RSA, error) {
	if err := checkNames(namespace, name); err != nil {
		return nil, fmt.Errorf("the raw RSA key %q: %w", name, err)
	}
	if _, oaep := padding.hash(); !oaep && padding != PKCS1 {
		return nil, fmt.Errorf("the raw RSA key %q: %w: the padding %q; take one of %v", name, envelope.ErrUnsupported, padding, Paddings())
	}
	if key.Size() < 128 {
		return nil, fmt.Errorf("the raw RSA key %q: %w: %d bits; an RSA key has 1024 or more", name, envelope.ErrUnsupported, 8*key.Size())
	}
	return &RSA{namespace: namespace, name: name, padding: padding, public: key}, nil
}

// ParseRSA makes a raw RSA keyring of a PEM file, as [ParseRSAKey] reads it: a
// private key unwraps and wraps, a public key wraps only.
func ParseRSA(namespace, name string, padding Padding, text []byte) (*RSA, error) {
	private, public, err := ParseRSAKey(text)
	if err != nil {
		return nil, fmt.Errorf("the raw RSA key %q: %w", name, err)
	}
	if private != nil {
		return NewRSA(namespace, name, padding, private)
	}
	return NewRSAPublic(namespace, name, padding, public)
}

// Unwrap implements envelope.Keyring ("OnDecrypt").
func (k *RSA) Unwrap(_ context.Context, edk envelope.EncryptedDataKey, _ map[string]string) (envelope.DataKey, error) {
	if edk.Provider != k.namespace || string(edk.Info) != k.name {
		return envelope.DataKey{}, fmt.Errorf("unwrapping a data key: %w: it is not under the raw RSA key %q of %q", envelope.ErrNoKey, k.name, k.namespace)
	}
	if k.private == nil {
		return envelope.DataKey{}, fmt.Errorf("unwrapping a data key: %w: of the raw RSA key %q only the public half is here; give the private key", envelope.ErrNoKey, k.name)
	}
	var b []byte
	var err error
	if h, oaep := k.padding.hash(); oaep {
		b, err = k.private.Decrypt(nil, edk.Ciphertext, &rsa.OAEPOptions{Hash: h})
	} else {
		//lint:ignore SA1019 it reads what others wrote, and answers one question of its own user
		b, err = rsa.DecryptPKCS1v15(nil, k.private, edk.Ciphertext)
	}
	if err != nil || len(b) == 0 {
		return envelope.DataKey{}, fmt.Errorf("unwrapping a data key: %w: the raw RSA key %q does not open it with the padding %s; check key and padding, which the message does not say", envelope.ErrWrongKey, k.name, k.padding)
	}
	key, err := dataKey(b)
	return key.Wrapped(k.padding.wrap()), err
}

// Wrap implements envelope.Keyring ("OnEncrypt").
func (k *RSA) Wrap(_ context.Context, key envelope.DataKey, _ map[string]string) (envelope.EncryptedDataKey, error) {
	h, oaep := k.padding.hash()
	if !oaep {
		return envelope.EncryptedDataKey{}, fmt.Errorf("wrapping a data key: %w: PKCS #1 v1.5 is for reading only; take an OAEP padding", envelope.ErrUnsupported)
	}
	if err := wrappable(key); err != nil {
		return envelope.EncryptedDataKey{}, fmt.Errorf("wrapping a data key: %w", err)
	}
	b, err := rsa.EncryptOAEP(h.New(), rand.Reader, k.public, key.Bytes(), nil)
	if err != nil {
		return envelope.EncryptedDataKey{}, fmt.Errorf("wrapping a data key: %w: an RSA key of %d bits cannot wrap %d bytes with the padding %s", envelope.ErrUnsupported, 8*k.public.Size(), key.Len(), k.padding)
	}
	return envelope.EncryptedDataKey{Provider: k.namespace, Info: []byte(k.name), Ciphertext: b}, nil
}
