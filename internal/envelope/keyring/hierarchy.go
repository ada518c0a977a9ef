package keyring

import (
	"context"
	"crypto/cipher"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/sealaudit/sealaudit/internal/envelope"
)

const (
	providerHierarchy = "aws-kms-hierarchy"
	saltLen           = 16
	versionLen        = 16
)

// Hierarchy is a KMS hierarchical keyring whose branch key is given
// (framework/aws-kms/aws-kms-hierarchical-keyring.md): the wrapping key is
// derived from it, so KMS is not asked.
type Hierarchy struct {
	id      string
	version [versionLen]byte
	key     []byte
}

// NewHierarchy makes a hierarchical keyring of one version of a branch key: its
// id, the version's UUID and the 32 bytes of the key, of which it keeps a copy.
// Several versions are a [Multi], the active one first.
func NewHierarchy(id, version string, key []byte) (*Hierarchy, error) {
	k := &Hierarchy{id: id, key: append([]byte(nil), key...)}
	if id == "" || len(id) > 1<<15 || len(key) != 32 {
		return nil, fmt.Errorf("the branch key %q: %w: it has an id and 32 bytes, here %d", id, envelope.ErrFormat, len(key))
	}
	raw, err := hex.DecodeString(strings.ReplaceAll(version, "-", ""))
	if err != nil || len(raw) != versionLen || len(version) != 36 {
		return nil, fmt.Errorf("the branch key %q: %w: its version is not a UUID", id, envelope.ErrFormat)
	}
	k.version = [versionLen]byte(raw)
	return k, nil
}

// wrapping derives the wrapping key ("Branch Key Wrapping and Unwrapping") and
// its additional data: provider id ‖ branch key id ‖ version ‖ context.
func (k *Hierarchy) wrapping(salt []byte, encryptionContext map[string]string) (cipher.AEAD, []byte, error) {
	aad := append([]byte(providerHierarchy+k.id), k.version[:]...)
	aad, err := envelope.AppendContext(aad, encryptionContext)
	if err != nil {
		return nil, nil, err
	}
	derived := kbkdf(sha256.New, k.key, []byte(providerHierarchy), salt, 32)
	defer clear(derived)
	aead, err := newGCM(derived)
	return aead, aad, err
}

// Unwrap implements envelope.Keyring ("OnDecrypt"). The ciphertext is salt 16 ‖
// IV 12 ‖ version 16 ‖ wrapped key ‖ tag 16.
func (k *Hierarchy) Unwrap(_ context.Context, edk envelope.EncryptedDataKey, encryptionContext map[string]string) (envelope.DataKey, error) {
	if edk.Provider != providerHierarchy || string(edk.Info) != k.id {
		return envelope.DataKey{}, fmt.Errorf("unwrapping a data key: %w: it is not under the branch key %q", envelope.ErrNoKey, k.id)
	}
	b := edk.Ciphertext
	const before = saltLen + ivLen + versionLen
	if len(b) <= before+tagLen || len(b) > before+maxDataKey+tagLen {
		return envelope.DataKey{}, fmt.Errorf("unwrapping a data key: %w: a wrapped key of %d bytes; under a branch key it has %d to %d", envelope.ErrFormat, len(b), before+tagLen+1, before+maxDataKey+tagLen)
	}
	if [versionLen]byte(b[saltLen+ivLen:]) != k.version {
		return envelope.DataKey{}, fmt.Errorf("unwrapping a data key: %w: it is under another version of the branch key %q; give version %x", envelope.ErrNoKey, k.id, b[saltLen+ivLen:before])
	}
	aead, aad, err := k.wrapping(b[:saltLen], encryptionContext)
	if err != nil {
		return envelope.DataKey{}, fmt.Errorf("unwrapping a data key: %w", err)
	}
	key, err := aead.Open(nil, b[saltLen:saltLen+ivLen], b[before:], aad)
	if err != nil {
		return envelope.DataKey{}, fmt.Errorf("unwrapping a data key: %w: the branch key %q does not open it under this encryption context; check that it is the key, and that nothing was changed", envelope.ErrWrongKey, k.id)
	}
	return dataKey(key)
}

// Wrap implements envelope.Keyring ("OnEncrypt").
func (k *Hierarchy) Wrap(_ context.Context, key envelope.DataKey, encryptionContext map[string]string) (envelope.EncryptedDataKey, error) {
	if err := wrappable(key); err != nil {
		return envelope.EncryptedDataKey{}, fmt.Errorf("wrapping a data key: %w", err)
	}
	b := random(saltLen + ivLen)
	aead, aad, err := k.wrapping(b[:saltLen], encryptionContext)
	if err != nil {
		return envelope.EncryptedDataKey{}, fmt.Errorf("wrapping a data key: %w", err)
	}
	iv := b[saltLen:]
	b = aead.Seal(append(b, k.version[:]...), iv, key.Bytes(), aad)
	return envelope.EncryptedDataKey{Provider: providerHierarchy, Info: []byte(k.id), Ciphertext: b}, nil
}
