package dsse

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"math/big"
)

// PublicKey verifies signatures: an ed25519 key, or an ECDSA key on P-256 with
// SHA-256, P-384 with SHA-384 or P-521 with SHA-512.
type PublicKey struct {
	// ID is "sha256:" and the digest, in hex, of the key's
	// SubjectPublicKeyInfo (RFC 8410 section 4, RFC 5480), which is what
	// openssl pkey -pubin -outform DER | sha256sum prints.
	ID  string
	key crypto.PublicKey
}

func newPublicKey(key any) (PublicKey, error) {
	switch k := key.(type) {
	case ed25519.PublicKey:
	case *ecdsa.PublicKey:
		if _, err := digest(k.Curve, nil); err != nil {
			return PublicKey{}, err
		}
	default:
		return PublicKey{}, fmt.Errorf("it is a %T; keys are ed25519 or ECDSA on P-256, P-384 or P-521", key)
	}
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		return PublicKey{}, fmt.Errorf("encoding the public key: %w", err)
	}
	sum := sha256.Sum256(der)
	return PublicKey{ID: "sha256:" + hex.EncodeToString(sum[:]), key: key}, nil
}

// Verify says whether sig is this key's signature over a PAE. An ed25519
// signature has one encoding: one whose S is not reduced is refused (RFC 8032,
// section 5.1.7). Who has an ECDSA signature can make a second one of it over
// the same bytes, and two encodings of each; both say the same.
func (k PublicKey) Verify(pae, sig []byte) bool {
	switch key := k.key.(type) {
	case ed25519.PublicKey:
		return ed25519.Verify(key, pae, sig)
	case *ecdsa.PublicKey:
		hash, err := digest(key.Curve, pae)
		if err != nil {
			return false
		}
		if ecdsa.VerifyASN1(key, hash, sig) {
			return true
		}
		n := (key.Params().BitSize + 7) / 8
		if len(sig) != 2*n {
			return false
		}
		return ecdsa.Verify(key, hash, new(big.Int).SetBytes(sig[:n]), new(big.Int).SetBytes(sig[n:]))
	}
	return false
}

func digest(curve elliptic.Curve, text []byte) ([]byte, error) {
	switch curve {
	case elliptic.P256():
		sum := sha256.Sum256(text)
		return sum[:], nil
	case elliptic.P384():
		sum := sha512.Sum384(text)
		return sum[:], nil
	case elliptic.P521():
		sum := sha512.Sum512(text)
		return sum[:], nil
	}
	return nil, errors.New("it is an ECDSA key on another curve than P-256, P-384 and P-521")
}

// PrivateKey is an ed25519 key. It prints as its public key's id.
type PrivateKey struct {
	Public PublicKey
	key    ed25519.PrivateKey
}

// Sign signs a PAE. The same key and bytes give the same signature.
func (k PrivateKey) Sign(pae []byte) []byte { return ed25519.Sign(k.key, pae) }

// Zero overwrites the key.
func (k PrivateKey) Zero() { clear(k.key) }

// String is the id of the key, so that no message shows more.
func (k PrivateKey) String() string { return k.Public.ID }

// GoString is for %#v what String is for %v.
func (k PrivateKey) GoString() string { return k.Public.ID }
