package main

import (
	"context"
	"fmt"

	"github.com/sealaudit/sealaudit/internal/envelope"
	"github.com/sealaudit/sealaudit/internal/envelope/keyring"
	"github.com/sealaudit/sealaudit/internal/envelope/kms"
)

// kmsPairs are the RSA and elliptic-curve keys of a kms-file.
type kmsPairs struct {
	service *kms.Service
	only    string // ARN; "" is every key of the file
}

// Unwrap implements envelope.Keyring. A message does not say with which
// algorithm RSA wrapped its data key, nor which key of a curve it is under.
func (p kmsPairs) Unwrap(ctx context.Context, edk envelope.EncryptedDataKey, encryptionContext map[string]string) (envelope.DataKey, error) {
	rings := keyring.Multi{}
	var errs []error
	add := func(ring envelope.Keyring, err error) {
		if err != nil {
			errs = append(errs, err)
			return
		}
		rings = append(rings, ring)
	}
	for _, k := range p.keys() {
		switch {
		case edk.Provider == "aws-kms-rsa" && string(edk.Info) == k.ARN && k.Usage == kms.EncryptDecrypt:
			for _, algorithm := range []string{kms.OAEPSHA256, kms.OAEPSHA1} {
				add(keyring.NewKMSRSA(ctx, p.service, k.ARN, algorithm))
			}
		case edk.Provider == "aws-kms-ecdh" && k.Usage == kms.KeyAgreement:
			add(keyring.NewKMSECDH(ctx, p.service, k.ARN, nil))
		}
	}
	if len(rings)+len(errs) == 0 {
		return envelope.DataKey{}, fmt.Errorf("unwrapping a data key: %w: it is under no RSA or elliptic-curve key of the kms-file", envelope.ErrNoKey)
	}
	if len(rings) == 0 {
		return envelope.DataKey{}, keyring.Join(errs...)
	}
	key, err := rings.Unwrap(ctx, edk, encryptionContext)
	if err != nil {
		return envelope.DataKey{}, keyring.Join(append(errs, err)...)
	}
	return key, nil
}

// Wrap implements envelope.Keyring: under an RSA key with SHA-256, or from a
// key of a curve to itself.
func (p kmsPairs) Wrap(ctx context.Context, key envelope.DataKey, encryptionContext map[string]string) (envelope.EncryptedDataKey, error) {
	k, err := p.service.Describe(p.only)
	if err != nil {
		return envelope.EncryptedDataKey{}, err
	}
	if k.Usage == kms.EncryptDecrypt {
		ring, err := keyring.NewKMSRSA(ctx, p.service, k.ARN, kms.OAEPSHA256)
		if err != nil {
			return envelope.EncryptedDataKey{}, err
		}
		return ring.Wrap(ctx, key, encryptionContext)
	}
	own, err := keyring.KMSPublicECDH(ctx, p.service, k.ARN)
	if err != nil {
		return envelope.EncryptedDataKey{}, err
	}
	ring, err := keyring.NewKMSECDH(ctx, p.service, k.ARN, own)
	if err != nil {
		return envelope.EncryptedDataKey{}, err
	}
	return ring.Wrap(ctx, key, encryptionContext)
}

// keys are the pairs that may be used.
func (p kmsPairs) keys() []kms.Key {
	var out []kms.Key
	for _, k := range p.service.Keys() {
		if k.Spec != kms.Symmetric && (p.only == "" || p.only == k.ARN) {
			out = append(out, k)
		}
	}
	return out
}
