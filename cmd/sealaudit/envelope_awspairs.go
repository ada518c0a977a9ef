package main

import (
	"context"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"

	"github.com/sealaudit/sealaudit/internal/envelope"
	"github.com/sealaudit/sealaudit/internal/envelope/keyring"
)

// awsPairs are the RSA and elliptic-curve keys of AWS KMS: those that were
// given, or any RSA key that a message names. A message under a curve's key
// names none.
type awsPairs struct{ client *awsKMS }

// Unwrap implements envelope.Keyring. A message does not say with which
// algorithm RSA wrapped its data key.
func (p awsPairs) Unwrap(ctx context.Context, edk envelope.EncryptedDataKey, encryptionContext map[string]string) (envelope.DataKey, error) {
	var errs []error
	try := func(ring envelope.Keyring, err error) (envelope.DataKey, bool) {
		var key envelope.DataKey
		if err == nil {
			key, err = ring.Unwrap(ctx, edk, encryptionContext)
		}
		errs = append(errs, err)
		return key, err == nil
	}
	switch arn := string(edk.Info); {
	case edk.Provider == "aws-kms-rsa" && (len(p.client.only) == 0 || slices.Contains(p.client.only, arn)):
		for _, algorithm := range []string{"RSAES_OAEP_SHA_256", "RSAES_OAEP_SHA_1"} {
			if key, ok := try(keyring.NewKMSRSA(ctx, p.client, arn, algorithm)); ok {
				return key, nil
			}
		}
	case edk.Provider == "aws-kms-ecdh":
		for _, arn := range p.client.only {
			if key, ok := try(keyring.NewKMSECDH(ctx, p.client, arn, nil)); ok {
				return key, nil
			}
		}
	}
	if len(errs) == 0 {
		return envelope.DataKey{}, fmt.Errorf("unwrapping a data key: %w: it is under no RSA key of KMS that may be asked, and a curve's key is to be named: --keyring aws-kms:ARN", envelope.ErrNoKey)
	}
	return envelope.DataKey{}, keyring.Join(errs...)
}

// Wrap implements envelope.Keyring.
func (p awsPairs) Wrap(context.Context, envelope.DataKey, map[string]string) (envelope.EncryptedDataKey, error) {
	return envelope.EncryptedDataKey{}, fmt.Errorf("%w: RSA and curve keys of AWS KMS are only read with here", envelope.ErrUnsupported)
}

// DecryptRSA implements keyring.AsymmetricKMS (KMS API, Decrypt).
func (k *awsKMS) DecryptRSA(ctx context.Context, keyID, algorithm string, ciphertext []byte) (envelope.DataKey, error) {
	ctx, cancel := context.WithTimeout(ctx, k.cloud.timeout)
	defer cancel()
	out, err := k.cloud.kms(arnRegion(keyID)).Decrypt(ctx, &kms.DecryptInput{KeyId: aws.String(keyID), CiphertextBlob: ciphertext, EncryptionAlgorithm: types.EncryptionAlgorithmSpec(algorithm)})
	if err != nil {
		return envelope.DataKey{}, kmsError(err)
	}
	return answeredWith(keyID, out.KeyId, out.Plaintext)
}

// DeriveSharedSecret implements keyring.AsymmetricKMS (KMS API,
// DeriveSharedSecret).
func (k *awsKMS) DeriveSharedSecret(ctx context.Context, keyID string, publicKey []byte) (envelope.DataKey, error) {
	ctx, cancel := context.WithTimeout(ctx, k.cloud.timeout)
	defer cancel()
	out, err := k.cloud.kms(arnRegion(keyID)).DeriveSharedSecret(ctx, &kms.DeriveSharedSecretInput{KeyId: aws.String(keyID), PublicKey: publicKey, KeyAgreementAlgorithm: types.KeyAgreementAlgorithmSpecEcdh})
	if err != nil {
		return envelope.DataKey{}, kmsError(err)
	}
	return answeredWith(keyID, out.KeyId, out.SharedSecret)
}

// GetPublicKey implements keyring.AsymmetricKMS (KMS API, GetPublicKey).
func (k *awsKMS) GetPublicKey(ctx context.Context, keyID string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, k.cloud.timeout)
	defer cancel()
	out, err := k.cloud.kms(arnRegion(keyID)).GetPublicKey(ctx, &kms.GetPublicKeyInput{KeyId: aws.String(keyID)})
	if err != nil {
		return nil, kmsError(err)
	}
	if aws.ToString(out.KeyId) != keyID {
		return nil, errOtherKey(keyID)
	}
	return out.PublicKey, nil
}
