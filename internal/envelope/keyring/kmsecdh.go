package keyring

import (
	"context"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/x509"
	"fmt"

	"github.com/sealaudit/sealaudit/internal/envelope"
)

const providerKMSECDH = "aws-kms-ecdh"

// NewKMSECDH makes a keyring of an elliptic-curve key in AWS KMS, named by its
// key ARN, which agrees on the shared secrets
// (framework/aws-kms/aws-kms-ecdh-keyring.md): it unwraps what was wrapped to
// the key or by it, and wraps to the recipient, if one is given
// ("KmsPrivateKeyToStaticPublicKey", "KmsPublicKeyDiscovery"). It asks KMS for
// the public key.
func NewKMSECDH(ctx context.Context, client AsymmetricKMS, keyARN string, recipient *ecdh.PublicKey) (*ECDH, error) {
	own, err := KMSPublicECDH(ctx, client, keyARN)
	if err != nil {
		return nil, err
	}
	k, err := newECDH(providerKMSECDH, own, recipient)
	if err != nil {
		return nil, fmt.Errorf("the KMS key %q: %w", keyARN, err)
	}
	k.agree = func(ctx context.Context, peer *ecdh.PublicKey) (envelope.DataKey, error) {
		if err := ended(ctx); err != nil {
			return envelope.DataKey{}, err
		}
		der, err := x509.MarshalPKIXPublicKey(peer)
		if err != nil {
			return envelope.DataKey{}, fmt.Errorf("%w: the other public key: %w", envelope.ErrFormat, err)
		}
		secret, err := client.DeriveSharedSecret(ctx, keyARN, der)
		if err != nil {
			return envelope.DataKey{}, classed(err)
		}
		if n := k.curve.size() - 1; secret.Len() != n {
			defer secret.Zero()
			return envelope.DataKey{}, fmt.Errorf("%w: KMS gave a shared secret of %d bytes; one of %s has %d", envelope.ErrFormat, secret.Len(), k.curve.name, n)
		}
		return secret, nil
	}
	return k, nil
}

// KMSPublicECDH is the public half of an elliptic-curve key in AWS KMS.
func KMSPublicECDH(ctx context.Context, client AsymmetricKMS, keyARN string) (*ecdh.PublicKey, error) {
	public, err := publicKeyOf(ctx, client, keyARN)
	if err != nil {
		return nil, err
	}
	if key, ok := public.(*ecdsa.PublicKey); ok {
		if own, err := key.ECDH(); err == nil {
			return own, nil
		}
	}
	return nil, fmt.Errorf("the KMS key %q: %w: it is not a key of P-256, P-384 or P-521", keyARN, envelope.ErrUnsupported)
}

// ParsePublicECDH reads the public key of a recipient from a PEM file (PKIX).
func ParsePublicECDH(text []byte) (*ecdh.PublicKey, error) {
	key, err := parsePEM(text)
	if err != nil {
		return nil, fmt.Errorf("the public key: %w", err)
	}
	if public, ok := key.(*ecdsa.PublicKey); ok {
		if out, err := public.ECDH(); err == nil {
			return out, nil
		}
	}
	return nil, fmt.Errorf("the public key: %w: it is not one of P-256, P-384 or P-521", envelope.ErrFormat)
}
