package keyring

import (
	"context"
	"crypto/x509"
	"fmt"

	"github.com/sealaudit/sealaudit/internal/envelope"
)

// AsymmetricKMS is what the keyrings of asymmetric KMS keys need of AWS KMS.
//
// An implementation must pass keyID to KMS and must itself check that the
// reply's KeyId is keyID or what keyID stands for. Its errors wrap a class of
// package envelope.
type AsymmetricKMS interface {
	// DecryptRSA decrypts under an RSA key with an EncryptionAlgorithm (KMS
	// API, Decrypt).
	DecryptRSA(ctx context.Context, keyID, algorithm string, ciphertext []byte) (envelope.DataKey, error)
	// DeriveSharedSecret is the x-coordinate that an elliptic-curve key and a
	// public key, in SubjectPublicKeyInfo, agree on (KMS API,
	// DeriveSharedSecret with ECDH).
	DeriveSharedSecret(ctx context.Context, keyID string, publicKey []byte) (envelope.DataKey, error)
	// GetPublicKey is the public half of a key, in SubjectPublicKeyInfo (KMS
	// API, GetPublicKey).
	GetPublicKey(ctx context.Context, keyID string) ([]byte, error)
}

// publicKeyOf asks KMS for the public half of a key.
func publicKeyOf(ctx context.Context, client AsymmetricKMS, keyARN string) (any, error) {
	if _, err := parseARN(keyARN); err != nil {
		return nil, fmt.Errorf("the KMS key %q: %w; give the key ARN, not an alias", keyARN, err)
	}
	der, err := client.GetPublicKey(ctx, keyARN)
	if err != nil {
		return nil, fmt.Errorf("the KMS key %q: %w", keyARN, classed(err))
	}
	public, err := x509.ParsePKIXPublicKey(der)
	if err != nil {
		return nil, fmt.Errorf("the KMS key %q: %w: what KMS gave for its public key is not one", keyARN, envelope.ErrFormat)
	}
	return public, nil
}
