package keyring

import (
	"bytes"
	"context"
	"crypto/ecdh"
	"crypto/rand"
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

// ECDH is a keyring of an elliptic-curve key over P-256, P-384 or P-521: a raw
// ECDH keyring (framework/raw-ecdh-keyring.md), or one whose private key is in
// KMS ([NewKMSECDH]). Both write the same, under another provider id.
type ECDH struct {
	provider  string
	curve     curve
	own       *ecdh.PublicKey // nil: an ephemeral one for each wrap
	recipient *ecdh.PublicKey // nil: unwraps only
	agree     agreement       // of our private key
}

// NewECDH makes a raw ECDH keyring of our private key: it unwraps what was
// wrapped to it or by it, and wraps to the recipient, if one is given
// ("RawPrivateKeyToStaticPublicKey", "PublicKeyDiscovery").
func NewECDH(private *ecdh.PrivateKey, recipient *ecdh.PublicKey) (*ECDH, error) {
	k, err := newECDH(providerECDH, private.PublicKey(), recipient)
	if err != nil {
		return nil, fmt.Errorf("a raw ECDH key: %w", err)
	}
	k.agree = agreeing(private)
	return k, nil
}

func newECDH(provider string, own, recipient *ecdh.PublicKey) (*ECDH, error) {
	c, ok := curveOf(own.Curve())
	if !ok || recipient != nil && recipient.Curve() != own.Curve() {
		return nil, fmt.Errorf("%w: both keys are of one curve, P-256, P-384 or P-521", envelope.ErrUnsupported)
	}
	return &ECDH{provider: provider, curve: c, own: own, recipient: recipient}, nil
}

// NewECDHEphemeral makes a raw ECDH keyring that wraps to the recipient with a
// new key each time ("EphemeralPrivateKeyToStaticPublicKey"). It unwraps
// nothing.
func NewECDHEphemeral(recipient *ecdh.PublicKey) (*ECDH, error) {
	c, ok := curveOf(recipient.Curve())
	if !ok {
		return nil, fmt.Errorf("a raw ECDH key: %w: the curve is P-256, P-384 or P-521", envelope.ErrUnsupported)
	}
	return &ECDH{provider: providerECDH, curve: c, recipient: recipient}, nil
}

// ParseECDH makes a raw ECDH keyring that unwraps, of a private key in PEM
// (PKCS #8 or SEC 1).
func ParseECDH(text []byte) (*ECDH, error) {
	private, err := parseECDH(text)
	if err != nil {
		return nil, fmt.Errorf("the raw ECDH key: %w", err)
	}
	return NewECDH(private, nil)
}

// Unwrap implements envelope.Keyring ("OnDecrypt"). The ciphertext is salt 32 ‖
// commitment 32 ‖ wrapped key ‖ tag 16.
func (k *ECDH) Unwrap(ctx context.Context, edk envelope.EncryptedDataKey, encryptionContext map[string]string) (envelope.DataKey, error) {
	key, err := k.unwrap(ctx, edk, encryptionContext)
	if err != nil {
		return envelope.DataKey{}, fmt.Errorf("unwrapping a data key: %w", err)
	}
	return key, nil
}

func (k *ECDH) unwrap(ctx context.Context, edk envelope.EncryptedDataKey, encryptionContext map[string]string) (envelope.DataKey, error) {
	if edk.Provider != k.provider || k.own == nil {
		return envelope.DataKey{}, fmt.Errorf("%w: it is not under this key of %s", envelope.ErrNoKey, k.provider)
	}
	recipient, sender, err := k.curve.parties(edk.Info)
	if err != nil {
		return envelope.DataKey{}, err
	}
	other := sender
	switch own := k.curve.compress(k.own); {
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
	derived, err := derive(ctx, k.agree, peer, fixed, b[:ecdhSaltLen])
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

// Wrap implements envelope.Keyring ("OnEncrypt").
func (k *ECDH) Wrap(ctx context.Context, key envelope.DataKey, encryptionContext map[string]string) (envelope.EncryptedDataKey, error) {
	edk, err := k.wrap(ctx, key, encryptionContext)
	if err != nil {
		return envelope.EncryptedDataKey{}, fmt.Errorf("wrapping a data key: %w", err)
	}
	return edk, nil
}

func (k *ECDH) wrap(ctx context.Context, key envelope.DataKey, encryptionContext map[string]string) (envelope.EncryptedDataKey, error) {
	if k.recipient == nil {
		return envelope.EncryptedDataKey{}, fmt.Errorf("%w: this keyring only unwraps; give it a recipient's public key", envelope.ErrUnsupported)
	}
	if err := wrappable(key); err != nil {
		return envelope.EncryptedDataKey{}, err
	}
	own, agree := k.own, k.agree
	if own == nil {
		private, err := k.curve.dh.GenerateKey(rand.Reader)
		if err != nil {
			return envelope.EncryptedDataKey{}, fmt.Errorf("%w: making an ephemeral key: %w", envelope.ErrUnavailable, err)
		}
		own, agree = private.PublicKey(), agreeing(private)
	}
	recipient, sender := k.curve.compress(k.recipient), k.curve.compress(own)
	fixed, err := k.curve.fixedInfo(recipient, sender, encryptionContext)
	if err != nil {
		return envelope.EncryptedDataKey{}, err
	}
	salt := random(ecdhSaltLen)
	derived, err := derive(ctx, agree, k.recipient, fixed, salt)
	if err != nil {
		return envelope.EncryptedDataKey{}, err
	}
	defer clear(derived)
	aead, err := newGCM(derived[commitmentLen:])
	if err != nil {
		return envelope.EncryptedDataKey{}, err
	}
	b := append(salt, derived[:commitmentLen]...)
	return envelope.EncryptedDataKey{Provider: k.provider, Info: providerInfo(recipient, sender), Ciphertext: aead.Seal(b, make([]byte, ivLen), key.Bytes(), fixed)}, nil
}
