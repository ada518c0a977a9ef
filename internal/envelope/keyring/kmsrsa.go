package keyring

import (
	"bytes"
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha512"
	"crypto/subtle"
	"fmt"

	"github.com/sealaudit/sealaudit/internal/envelope"
)

const (
	providerKMSRSA = "aws-kms-rsa"
	signingKey     = "aws-crypto-public-key" // in the encryption context of signed messages
)

// KMSRSA is a keyring of an RSA key in AWS KMS
// (framework/aws-kms/aws-kms-rsa-keyring.md). It wraps with the public key,
// without KMS, and unwraps with KMS. What it wraps is a SHA-384 of the
// encryption context and then the data key, so it binds the context, but
// anyone with the public key can wrap: a signature would prove nothing more,
// and signed messages are refused as the specification has it.
type KMSRSA struct {
	client    AsymmetricKMS
	keyARN    string
	algorithm string
	hash      crypto.Hash
	public    *rsa.PublicKey
}

// NewKMSRSA makes a keyring of an RSA key, named by its key ARN, with an
// EncryptionAlgorithm of KMS: RSAES_OAEP_SHA_1 or RSAES_OAEP_SHA_256. The
// message does not say which. It asks KMS for the public key.
func NewKMSRSA(ctx context.Context, client AsymmetricKMS, keyARN, algorithm string) (*KMSRSA, error) {
	public, err := publicKeyOf(ctx, client, keyARN)
	if err != nil {
		return nil, err
	}
	key, ok := public.(*rsa.PublicKey)
	if !ok {
		return nil, fmt.Errorf("the KMS key %q: %w: it is not an RSA key", keyARN, envelope.ErrUnsupported)
	}
	return NewKMSRSAPublic(client, keyARN, algorithm, key)
}

// NewKMSRSAPublic is NewKMSRSA with a public key that is at hand. To wrap it
// needs no client.
func NewKMSRSAPublic(client AsymmetricKMS, keyARN, algorithm string, public *rsa.PublicKey) (*KMSRSA, error) {
	if _, err := parseARN(keyARN); err != nil {
		return nil, fmt.Errorf("the KMS key %q: %w; give the key ARN, not an alias", keyARN, err)
	}
	hash := map[string]crypto.Hash{"RSAES_OAEP_SHA_1": crypto.SHA1, "RSAES_OAEP_SHA_256": crypto.SHA256}[algorithm]
	if hash == 0 {
		return nil, fmt.Errorf("the KMS key %q: %w: the encryption algorithm %q; take RSAES_OAEP_SHA_1 or RSAES_OAEP_SHA_256", keyARN, envelope.ErrUnsupported, algorithm)
	}
	if public.Size() < 256 {
		return nil, fmt.Errorf("the KMS key %q: %w: %d bits; an RSA key of KMS has 2048 or more", keyARN, envelope.ErrUnsupported, 8*public.Size())
	}
	return &KMSRSA{client, keyARN, algorithm, hash, public}, nil
}

// binding is the SHA-384 of the encryption context.
func (k *KMSRSA) binding(encryptionContext map[string]string) ([]byte, error) {
	if _, signed := encryptionContext[signingKey]; signed {
		return nil, fmt.Errorf("%w: an RSA key of KMS does not go with a signed message; take a suite without signature", envelope.ErrUnsupported)
	}
	text, err := envelope.AppendContext(nil, encryptionContext)
	if err != nil {
		return nil, err
	}
	sum := sha512.Sum384(text)
	return sum[:], nil
}

// Unwrap implements envelope.Keyring ("OnDecrypt").
func (k *KMSRSA) Unwrap(ctx context.Context, edk envelope.EncryptedDataKey, encryptionContext map[string]string) (envelope.DataKey, error) {
	if edk.Provider != providerKMSRSA || string(edk.Info) != k.keyARN || k.client == nil {
		return envelope.DataKey{}, fmt.Errorf("unwrapping a data key: %w: it is not under this RSA key of KMS", envelope.ErrNoKey)
	}
	key, err := k.unwrap(ctx, edk.Ciphertext, encryptionContext)
	if err != nil {
		return envelope.DataKey{}, fmt.Errorf("unwrapping a data key with an RSA key of KMS: %w", err)
	}
	return key.Wrapped(k.wrap()), nil
}

func (k *KMSRSA) unwrap(ctx context.Context, ciphertext []byte, encryptionContext map[string]string) (envelope.DataKey, error) {
	binding, err := k.binding(encryptionContext)
	if err == nil {
		err = ended(ctx)
	}
	if err != nil {
		return envelope.DataKey{}, err
	}
	plain, err := k.client.DecryptRSA(ctx, k.keyARN, k.algorithm, ciphertext)
	if err != nil {
		return envelope.DataKey{}, classed(err)
	}
	defer plain.Zero()
	b := plain.Bytes()
	if len(b) <= sha512.Size384 {
		return envelope.DataKey{}, fmt.Errorf("%w: it wraps %d bytes, where a digest of 48 and a data key belong", envelope.ErrFormat, len(b))
	}
	if subtle.ConstantTimeCompare(b[:sha512.Size384], binding) != 1 {
		return envelope.DataKey{}, fmt.Errorf("%w: the data key was wrapped under another encryption context", envelope.ErrTampered)
	}
	return dataKey(bytes.Clone(b[sha512.Size384:]))
}

// Wrap implements envelope.Keyring ("OnEncrypt").
func (k *KMSRSA) Wrap(_ context.Context, key envelope.DataKey, encryptionContext map[string]string) (envelope.EncryptedDataKey, error) {
	err := wrappable(key)
	var binding []byte
	if err == nil {
		binding, err = k.binding(encryptionContext)
	}
	if err != nil {
		return envelope.EncryptedDataKey{}, fmt.Errorf("wrapping a data key with an RSA key of KMS: %w", err)
	}
	plain := append(binding, key.Bytes()...)
	defer clear(plain)
	b, err := rsa.EncryptOAEP(k.hash.New(), rand.Reader, k.public, plain, nil)
	if err != nil {
		return envelope.EncryptedDataKey{}, fmt.Errorf("wrapping a data key with an RSA key of KMS: %w: %d bits cannot wrap %d bytes with %s", envelope.ErrUnsupported, 8*k.public.Size(), key.Len(), k.algorithm)
	}
	return envelope.EncryptedDataKey{Provider: providerKMSRSA, Info: []byte(k.keyARN), Ciphertext: b}, nil
}

func (k *KMSRSA) wrap() string {
	if k.hash == crypto.SHA1 {
		return WrapOAEPSHA1
	}
	return "RSA-OAEP-SHA256"
}
