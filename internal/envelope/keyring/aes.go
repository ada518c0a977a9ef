package keyring

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/binary"
	"fmt"

	"github.com/sealaudit/sealaudit/internal/envelope"
)

const (
	ivLen  = 12
	tagLen = 16
)

// AES is a raw AES keyring (AWS Encryption SDK specification,
// framework/raw-aes-keyring.md): AES-GCM with a 128, 192 or 256-bit wrapping
// key, the encryption context as additional data.
type AES struct {
	namespace, name string
	aead            cipher.AEAD
}

// NewAES makes a raw AES keyring of a key of 16, 24 or 32 bytes, which it does
// not keep. Namespace and name are the provider id and the key name that its
// messages carry.
func NewAES(namespace, name string, key []byte) (*AES, error) {
	aead, err := newGCM(key)
	if err != nil {
		return nil, fmt.Errorf("the raw AES key %q: %w", name, err)
	}
	if err := checkNames(namespace, name); err != nil {
		return nil, fmt.Errorf("the raw AES key %q: %w", name, err)
	}
	return &AES{namespace, name, aead}, nil
}

// checkNames refuses names that no message could carry, and the provider ids
// that belong to KMS.
func checkNames(namespace, name string) error {
	switch {
	case namespace == "" || name == "":
		return fmt.Errorf("%w: it needs a namespace and a name, as its messages carry them", envelope.ErrFormat)
	case len(namespace) > 1<<15 || len(name) > 1<<15:
		return fmt.Errorf("%w: its namespace or name is too long; take up to %d bytes", envelope.ErrFormat, 1<<15)
	case namespace == providerKMS:
		return fmt.Errorf("%w: the namespace %s is that of KMS keys; take another", envelope.ErrFormat, providerKMS)
	}
	return nil
}

func newGCM(key []byte) (cipher.AEAD, error) {
	if n := len(key); n != 16 && n != 24 && n != 32 {
		return nil, fmt.Errorf("%w: %d bytes; an AES key has 16, 24 or 32", envelope.ErrFormat, n)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", envelope.ErrFormat, err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", envelope.ErrFormat, err)
	}
	return aead, nil
}

// iv reads the provider information: key name, tag length in bits (4 bytes),
// IV length (4 bytes), IV ("Key Provider Information").
func (k *AES) iv(edk envelope.EncryptedDataKey) ([]byte, error) {
	parameters, named := bytes.CutPrefix(edk.Info, []byte(k.name))
	if edk.Provider != k.namespace || !named || len(parameters) != 8+ivLen {
		return nil, fmt.Errorf("%w: it is not under the raw AES key %q of %q", envelope.ErrNoKey, k.name, k.namespace)
	}
	if bits, n := binary.BigEndian.Uint32(parameters), binary.BigEndian.Uint32(parameters[4:]); bits != 8*tagLen || n != ivLen {
		return nil, fmt.Errorf("%w: it claims a tag of %d bits and an IV of %d bytes; a raw AES keyring has %d and %d", envelope.ErrFormat, bits, n, 8*tagLen, ivLen)
	}
	return parameters[8:], nil
}

// Unwrap implements envelope.Keyring ("OnDecrypt").
func (k *AES) Unwrap(_ context.Context, edk envelope.EncryptedDataKey, encryptionContext map[string]string) (envelope.DataKey, error) {
	iv, err := k.iv(edk)
	if err != nil {
		return envelope.DataKey{}, fmt.Errorf("unwrapping a data key: %w", err)
	}
	aad, err := envelope.AppendContext(nil, encryptionContext)
	if err != nil {
		return envelope.DataKey{}, fmt.Errorf("unwrapping a data key: %w", err)
	}
	if n := len(edk.Ciphertext); n <= tagLen || n > maxDataKey+tagLen {
		return envelope.DataKey{}, fmt.Errorf("unwrapping a data key: %w: a wrapped key of %d bytes; under AES-GCM it has %d to %d", envelope.ErrFormat, n, tagLen+1, tagLen+maxDataKey)
	}
	b, err := k.aead.Open(nil, iv, edk.Ciphertext, aad)
	if err != nil {
		return envelope.DataKey{}, fmt.Errorf("unwrapping a data key: %w: the raw AES key %q does not open it under this encryption context; check that it is the key, and that nothing was changed", envelope.ErrWrongKey, k.name)
	}
	return dataKey(b)
}

// Wrap implements envelope.Keyring ("OnEncrypt").
func (k *AES) Wrap(_ context.Context, key envelope.DataKey, encryptionContext map[string]string) (envelope.EncryptedDataKey, error) {
	if err := wrappable(key); err != nil {
		return envelope.EncryptedDataKey{}, fmt.Errorf("wrapping a data key: %w", err)
	}
	aad, err := envelope.AppendContext(nil, encryptionContext)
	if err != nil {
		return envelope.EncryptedDataKey{}, fmt.Errorf("wrapping a data key: %w", err)
	}
	info := binary.BigEndian.AppendUint32([]byte(k.name), 8*tagLen)
	info = binary.BigEndian.AppendUint32(info, ivLen)
	iv := random(ivLen)
	return envelope.EncryptedDataKey{Provider: k.namespace, Info: append(info, iv...), Ciphertext: k.aead.Seal(nil, iv, key.Bytes(), aad)}, nil
}

func random(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails (crypto/rand)
	return b
}
