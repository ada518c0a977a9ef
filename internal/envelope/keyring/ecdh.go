package keyring

import (
	"bytes"
	"context"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/sha512"
	"crypto/subtle"
	"fmt"

	"github.com/sealaudit/sealaudit/internal/envelope"
)

const (
	providerECDH  = "raw-ecdh"
	ecdhVersion   = 1
	ecdhSaltLen   = 32
	commitmentLen = 32
)

// ECDH is a raw ECDH keyring (framework/raw-ecdh-keyring.md) over P-256, P-384
// or P-521.
type ECDH struct {
	curve     curve
	private   *ecdh.PrivateKey // nil: an ephemeral one for each wrap
	recipient *ecdh.PublicKey  // nil: unwraps only
}

// NewECDH makes a raw ECDH keyring of our private key: it unwraps what was
// wrapped to it or by it, and wraps to the recipient, if one is given
// ("RawPrivateKeyToStaticPublicKey", "PublicKeyDiscovery").
func NewECDH(private *ecdh.PrivateKey, recipient *ecdh.PublicKey) (*ECDH, error) {
	c, ok := curveOf(private.Curve())
	if !ok || recipient != nil && recipient.Curve() != private.Curve() {
		return nil, fmt.Errorf("a raw ECDH key: %w: both keys are of one curve, P-256, P-384 or P-521", envelope.ErrUnsupported)
	}
	return &ECDH{c, private, recipient}, nil
}

// NewECDHEphemeral makes a raw ECDH keyring that wraps to the recipient with a
// new key each time ("EphemeralPrivateKeyToStaticPublicKey"). It unwraps
// nothing.
func NewECDHEphemeral(recipient *ecdh.PublicKey) (*ECDH, error) {
	c, ok := curveOf(recipient.Curve())
	if !ok {
		return nil, fmt.Errorf("a raw ECDH key: %w: the curve is P-256, P-384 or P-521", envelope.ErrUnsupported)
	}
	return &ECDH{c, nil, recipient}, nil
}

// ParseECDH makes a raw ECDH keyring that unwraps, of a private key in PEM
// (PKCS #8 or SEC 1).
func ParseECDH(text []byte) (*ECDH, error) {
	key, err := parsePEM(text)
	if err != nil {
		return nil, fmt.Errorf("the raw ECDH key: %w", err)
	}
	private, ok := key.(*ecdsa.PrivateKey)
	if !ok {
		return nil, fmt.Errorf("the raw ECDH key: %w: the PEM file has a key of another kind (%T)", envelope.ErrFormat, key)
	}
	k, err := private.ECDH()
	if err != nil {
		return nil, fmt.Errorf("the raw ECDH key: %w: the curve is P-256, P-384 or P-521", envelope.ErrUnsupported)
	}
	return NewECDH(k, nil)
}

// Unwrap implements envelope.Keyring ("OnDecrypt"). The ciphertext is salt 32 ‖
// commitment 32 ‖ wrapped key ‖ tag 16.
func (k *ECDH) Unwrap(_ context.Context, edk envelope.EncryptedDataKey, encryptionContext map[string]string) (envelope.DataKey, error) {
	key, err := k.unwrap(edk, encryptionContext)
	if err != nil {
		return envelope.DataKey{}, fmt.Errorf("unwrapping a data key: %w", err)
	}
	return key, nil
}

func (k *ECDH) unwrap(edk envelope.EncryptedDataKey, encryptionContext map[string]string) (envelope.DataKey, error) {
	if edk.Provider != providerECDH || k.private == nil {
		return envelope.DataKey{}, fmt.Errorf("%w: it is not under this raw ECDH key", envelope.ErrNoKey)
	}
	recipient, sender, err := k.curve.parties(edk.Info)
	if err != nil {
		return envelope.DataKey{}, err
	}
	other := sender
	switch own := k.curve.compress(k.private.PublicKey()); {
	case bytes.Equal(own, recipient):
	case bytes.Equal(own, sender):
		other = recipient
	default:
		return envelope.DataKey{}, fmt.Errorf("%w: it is under another key of %s", envelope.ErrNoKey, k.curve.name)
	}
	peer, err := k.curve.decompress(other)
	if err != nil {
		return envelope.DataKey{}, err
	}
	b := edk.Ciphertext
	const before = ecdhSaltLen + commitmentLen
	if len(b) <= before+tagLen || len(b) > before+maxDataKey+tagLen {
		return envelope.DataKey{}, fmt.Errorf("%w: a wrapped key of %d bytes; under ECDH it has %d to %d", envelope.ErrFormat, len(b), before+tagLen+1, before+maxDataKey+tagLen)
	}
	fixed, err := k.curve.fixedInfo(recipient, sender, encryptionContext)
	if err != nil {
		return envelope.DataKey{}, err
	}
	derived, err := derive(k.private, peer, fixed, b[:ecdhSaltLen])
	if err != nil {
		return envelope.DataKey{}, err
	}
	defer clear(derived)
	if subtle.ConstantTimeCompare(derived[:commitmentLen], b[ecdhSaltLen:before]) != 1 {
		return envelope.DataKey{}, fmt.Errorf("%w: the commitment to the shared secret, parties and encryption context does not hold; the wrapped key or the context was changed", envelope.ErrTampered)
	}
	aead, err := newGCM(derived[commitmentLen:])
	if err != nil {
		return envelope.DataKey{}, err
	}
	key, err := aead.Open(nil, make([]byte, ivLen), b[before:], fixed)
	if err != nil {
		return envelope.DataKey{}, fmt.Errorf("%w: the wrapped key was changed; its commitment holds, its tag does not", envelope.ErrTampered)
	}
	return dataKey(key)
}

// derive is the commitment and the wrapping key.
func derive(private *ecdh.PrivateKey, peer *ecdh.PublicKey, fixed, salt []byte) ([]byte, error) {
	z, err := private.ECDH(peer)
	if err != nil {
		return nil, fmt.Errorf("%w: the two keys share no secret", envelope.ErrFormat)
	}
	defer clear(z)
	return kbkdf(sha512.New384, z, fixed, salt, commitmentLen+32), nil
}

// Wrap implements envelope.Keyring ("OnEncrypt").
func (k *ECDH) Wrap(_ context.Context, key envelope.DataKey, encryptionContext map[string]string) (envelope.EncryptedDataKey, error) {
	edk, err := k.wrap(key, encryptionContext)
	if err != nil {
		return envelope.EncryptedDataKey{}, fmt.Errorf("wrapping a data key: %w", err)
	}
	return edk, nil
}

func (k *ECDH) wrap(key envelope.DataKey, encryptionContext map[string]string) (envelope.EncryptedDataKey, error) {
	if k.recipient == nil {
		return envelope.EncryptedDataKey{}, fmt.Errorf("%w: this raw ECDH keyring only unwraps; give it a recipient's public key", envelope.ErrUnsupported)
	}
	if err := wrappable(key); err != nil {
		return envelope.EncryptedDataKey{}, err
	}
	private := k.private
	if private == nil {
		var err error
		if private, err = k.curve.dh.GenerateKey(rand.Reader); err != nil {
			return envelope.EncryptedDataKey{}, fmt.Errorf("%w: making an ephemeral key: %w", envelope.ErrUnavailable, err)
		}
	}
	recipient, sender := k.curve.compress(k.recipient), k.curve.compress(private.PublicKey())
	fixed, err := k.curve.fixedInfo(recipient, sender, encryptionContext)
	if err != nil {
		return envelope.EncryptedDataKey{}, err
	}
	salt := random(ecdhSaltLen)
	derived, err := derive(private, k.recipient, fixed, salt)
	if err != nil {
		return envelope.EncryptedDataKey{}, err
	}
	defer clear(derived)
	aead, err := newGCM(derived[commitmentLen:])
	if err != nil {
		return envelope.EncryptedDataKey{}, err
	}
	b := append(salt, derived[:commitmentLen]...)
	return envelope.EncryptedDataKey{Provider: providerECDH, Info: providerInfo(recipient, sender), Ciphertext: aead.Seal(b, make([]byte, ivLen), key.Bytes(), fixed)}, nil
}
