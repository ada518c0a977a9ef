package kms

import (
	"context"
	"crypto/rand"
	"fmt"

	"github.com/sealaudit/sealaudit/internal/envelope"
)

const maxDataKey = 1024 // KMS API, GenerateDataKey, NumberOfBytes

// GenerateDataKey makes a data key of 1 to 1,024 bytes and encrypts it (KMS
// API, GenerateDataKey).
func (s *Service) GenerateDataKey(ctx context.Context, keyID string, bytes int, encryptionContext map[string]string) (envelope.DataKey, []byte, error) {
	if bytes < 1 || bytes > maxDataKey {
		return envelope.DataKey{}, nil, fmt.Errorf("generating a data key: %w", fail(codeValidation, "a data key has 1 to %d bytes, not %d", maxDataKey, bytes))
	}
	b := make([]byte, bytes)
	_, _ = rand.Read(b) // never fails
	key := envelope.NewDataKey(b)
	blob, err := s.encrypt(ctx, keyID, "GenerateDataKey", b, encryptionContext)
	if err != nil {
		key.Zero()
		return envelope.DataKey{}, nil, fmt.Errorf("generating a data key: %w", err)
	}
	return key, blob, nil
}

// GenerateDataKeyWithoutPlaintext makes a data key and returns only its blob
// (KMS API, GenerateDataKeyWithoutPlaintext).
func (s *Service) GenerateDataKeyWithoutPlaintext(ctx context.Context, keyID string, bytes int, encryptionContext map[string]string) ([]byte, error) {
	key, blob, err := s.GenerateDataKey(ctx, keyID, bytes, encryptionContext)
	key.Zero()
	return blob, err
}

// Encrypt encrypts 1 to 4,096 bytes, which stand in a DataKey so that nothing
// shows them (KMS API, Encrypt).
func (s *Service) Encrypt(ctx context.Context, keyID string, plaintext envelope.DataKey, encryptionContext map[string]string) ([]byte, error) {
	if n := plaintext.Len(); n < 1 || n > maxPlain {
		return nil, fmt.Errorf("encrypting: %w", fail(codeValidation, "the plaintext has 1 to %d bytes, not %d", maxPlain, n))
	}
	blob, err := s.encrypt(ctx, keyID, "Encrypt", plaintext.Bytes(), encryptionContext)
	if err != nil {
		return nil, fmt.Errorf("encrypting: %w", err)
	}
	return blob, nil
}

func (s *Service) encrypt(ctx context.Context, keyID, operation string, plaintext []byte, encryptionContext map[string]string) ([]byte, error) {
	if err := ended(ctx); err != nil {
		return nil, err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	k, err := s.symmetric(keyID, operation)
	if err != nil {
		return nil, err
	}
	return seal(k, s.material(k), plaintext, encryptionContext)
}

// Decrypt decrypts a blob under exactly the encryption context that it was
// encrypted under. keyID "" lets the blob name its key; any other must be the
// blob's key or a multi-Region relative (KMS API, Decrypt).
func (s *Service) Decrypt(ctx context.Context, keyID string, blob []byte, encryptionContext map[string]string) (envelope.DataKey, error) {
	key, _, err := s.DecryptNaming(ctx, keyID, blob, encryptionContext)
	return key, err
}

// DecryptNaming is Decrypt that also names the key that was used, as KMS's
// reply does: its Material is the one that decrypted, which is an older one
// after a rotation (KMS API, Decrypt: KeyMaterialId).
func (s *Service) DecryptNaming(ctx context.Context, keyID string, blob []byte, encryptionContext map[string]string) (envelope.DataKey, Key, error) {
	if err := ended(ctx); err != nil {
		return envelope.DataKey{}, Key{}, fmt.Errorf("decrypting: %w", err)
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	plaintext, k, used, err := s.decrypt(keyID, blob, encryptionContext)
	if err != nil {
		return envelope.DataKey{}, Key{}, fmt.Errorf("decrypting: %w", err)
	}
	out := s.described(k)
	out.Material = used
	return envelope.NewDataKey(plaintext), out, nil
}

func (s *Service) decrypt(keyID string, b []byte, encryptionContext map[string]string) (plaintext []byte, k *key, used string, err error) {
	if len(b) == 0 || len(b) > maxBlob {
		return nil, nil, "", fail(codeValidation, "a ciphertext blob has 1 to %d bytes, not %d", maxBlob, len(b))
	}
	parsed, err := parseBlob(b)
	if err != nil {
		return nil, nil, "", err
	}
	if keyID == "" {
		k, err = s.named(parsed.name)
	} else {
		k, err = s.find(keyID)
	}
	if err == nil {
		err = s.uses(k)
	}
	switch {
	case err != nil:
		return nil, nil, "", err
	case k.name() != parsed.name || k.Spec != Symmetric:
		return nil, nil, "", fail(codeIncorrectKey, "The key ID in the request does not identify a CMK that can perform this operation.")
	}
	plaintext, used, err = open(k, s.material(k), parsed, encryptionContext)
	return plaintext, k, used, err
}

// named is the key that a blob names, in the service's own region if it is
// there. KMS does not tell a key that does not exist from one that is denied.
func (s *Service) named(name [nameLen]byte) (*key, error) {
	var found *key
	for _, keyARN := range s.sorted() {
		k := s.keys[keyARN]
		a, _ := parseARN(keyARN)
		if k.name() != name || k.Spec != Symmetric || s.gone(k) {
			continue
		}
		if found == nil || a.region == s.home.region {
			found = k
		}
	}
	if found == nil {
		return nil, fail(codeAccessDenied, "The ciphertext refers to a key that does not exist, does not exist in this region, or you are not allowed to access.")
	}
	return found, nil
}

// Blob says under which key and encryption context a ciphertext is, or is to
// be.
type Blob struct {
	KeyID   string
	Context map[string]string
}

// ReEncrypt decrypts a blob and encrypts it anew, under another key or context;
// the plaintext does not leave (KMS API, ReEncrypt).
func (s *Service) ReEncrypt(ctx context.Context, blob []byte, from, to Blob) ([]byte, error) {
	if err := ended(ctx); err != nil {
		return nil, fmt.Errorf("re-encrypting: %w", err)
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	k, err := s.symmetric(to.KeyID, "ReEncrypt")
	if err != nil {
		return nil, fmt.Errorf("re-encrypting: %w", err)
	}
	plaintext, _, _, err := s.decrypt(from.KeyID, blob, from.Context)
	if err != nil {
		return nil, fmt.Errorf("re-encrypting: %w", err)
	}
	defer clear(plaintext)
	out, err := seal(k, s.material(k), plaintext, to.Context)
	if err != nil {
		return nil, fmt.Errorf("re-encrypting: %w", err)
	}
	return out, nil
}

func ended(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("%w: %w", envelope.ErrUnavailable, err)
	}
	return nil
}
