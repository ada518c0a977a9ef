package kms

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/rsa"
	_ "crypto/sha1" // for OAEP
	_ "crypto/sha256"
	"crypto/x509"
	"fmt"

	"github.com/sealaudit/sealaudit/internal/envelope"
)

// The encryption algorithms of RSA keys (KMS API, EncryptionAlgorithm). OAEP
// masks with the hash that it hashes with, over an empty label.
const (
	OAEPSHA1   = "RSAES_OAEP_SHA_1"
	OAEPSHA256 = "RSAES_OAEP_SHA_256"
)

func oaep(algorithm string) (crypto.Hash, error) {
	switch algorithm {
	case OAEPSHA1:
		return crypto.SHA1, nil
	case OAEPSHA256:
		return crypto.SHA256, nil
	}
	return 0, fail(codeValidation, "Value '%.40s' at 'encryptionAlgorithm' failed to satisfy constraint: Member must satisfy enum value set: [%s, %s]", algorithm, OAEPSHA1, OAEPSHA256)
}

// EncryptRSA encrypts under an RSA key (KMS API, Encrypt). The plaintext, which
// stands in a DataKey so that nothing shows it, has at least a byte and at most
// what RFC 8017, section 7.1.1 leaves: 214, 342 or 470 bytes with SHA-1 and
// 190, 318 or 446 with SHA-256.
func (s *Service) EncryptRSA(ctx context.Context, keyID, algorithm string, plaintext envelope.DataKey) ([]byte, error) {
	var out []byte
	err := s.withRSA(ctx, keyID, "Encrypt", algorithm, func(k *key, private *rsa.PrivateKey, hash crypto.Hash) error {
		most := private.Size() - 2*hash.Size() - 2
		switch n := plaintext.Len(); {
		case n < 1:
			return fail(codeValidation, "the plaintext has at least 1 byte")
		case n > most:
			return fail(codeValidation, "Algorithm %s and key spec %s cannot encrypt data larger than %d bytes.", algorithm, k.Spec, most)
		}
		var err error
		out, err = rsa.EncryptOAEP(hash.New(), rand.Reader, &private.PublicKey, plaintext.Bytes(), nil)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("encrypting: %w", err)
	}
	return out, nil
}

// DecryptRSA decrypts what EncryptRSA, or anyone with the public key, encrypted
// (KMS API, Decrypt). Another key, another algorithm and a changed ciphertext
// are one error, as KMS has it.
func (s *Service) DecryptRSA(ctx context.Context, keyID, algorithm string, ciphertext []byte) (envelope.DataKey, error) {
	var out envelope.DataKey
	err := s.withRSA(ctx, keyID, "Decrypt", algorithm, func(k *key, private *rsa.PrivateKey, hash crypto.Hash) error {
		if len(ciphertext) != private.Size() {
			return malformedBlob(fmt.Sprintf("%d bytes; under %s it has %d", len(ciphertext), k.Spec, private.Size()))
		}
		b, err := private.Decrypt(nil, ciphertext, &rsa.OAEPOptions{Hash: hash})
		if err != nil {
			return fail(codeInvalidCiphertext, "%s does not open it with %s: key or algorithm is another, or it was changed", k.ARN, algorithm)
		}
		out = envelope.NewDataKey(b)
		return nil
	})
	if err != nil {
		return envelope.DataKey{}, fmt.Errorf("decrypting: %w", err)
	}
	return out, nil
}

func (s *Service) withRSA(ctx context.Context, keyID, operation, algorithm string, with func(*key, *rsa.PrivateKey, crypto.Hash) error) error {
	hash, err := oaep(algorithm)
	if err == nil {
		err = ended(ctx)
	}
	if err != nil {
		return err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	k, err := s.usable(keyID, operation, EncryptDecrypt)
	if err != nil {
		return err
	}
	if k.Spec.bits() == 0 {
		return fail(codeInvalidKeyUsage, "Algorithm %s is incompatible with key spec %s.", algorithm, k.Spec)
	}
	private, err := k.Spec.rsa(s.material(k)[0].Key)
	if err != nil {
		return err
	}
	return with(k, private, hash)
}

// DeriveSharedSecret agrees on a secret with the owner of a public key (KMS
// API, DeriveSharedSecret with ECDH; NIST SP 800-56A rev. 3, section 5.7.1.2).
// The public key is a SubjectPublicKeyInfo in DER on the key's own curve; the
// secret is the x-coordinate: 32, 48 or 66 bytes.
func (s *Service) DeriveSharedSecret(ctx context.Context, keyID string, publicKey []byte) (envelope.DataKey, error) {
	secret, err := s.derive(ctx, keyID, publicKey)
	if err != nil {
		return envelope.DataKey{}, fmt.Errorf("deriving a shared secret: %w", err)
	}
	return envelope.NewDataKey(secret), nil
}

func (s *Service) derive(ctx context.Context, keyID string, publicKey []byte) ([]byte, error) {
	if err := ended(ctx); err != nil {
		return nil, err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	k, err := s.usable(keyID, "DeriveSharedSecret", KeyAgreement)
	if err != nil {
		return nil, err
	}
	private, err := k.Spec.ecdh(s.material(k)[0].Key)
	if err != nil {
		return nil, err
	}
	parsed, err := x509.ParsePKIXPublicKey(publicKey)
	if peer, ok := parsed.(*ecdsa.PublicKey); err == nil && ok {
		if peer, err := peer.ECDH(); err == nil {
			if secret, err := private.ECDH(peer); err == nil {
				return secret, nil
			}
		}
	}
	return nil, fail(codeValidation, "the public key is not one of %s in DER", k.Spec)
}

// GetPublicKey is the public half of an asymmetric key, a SubjectPublicKeyInfo
// in DER (RFC 5280, section 4.1; KMS API, GetPublicKey).
func (s *Service) GetPublicKey(ctx context.Context, keyID string) ([]byte, error) {
	der, err := s.publicKey(ctx, keyID)
	if err != nil {
		return nil, fmt.Errorf("getting a public key: %w", err)
	}
	return der, nil
}

func (s *Service) publicKey(ctx context.Context, keyID string) ([]byte, error) {
	if err := ended(ctx); err != nil {
		return nil, err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	k, err := s.find(keyID)
	if err == nil {
		err = s.uses(k)
	}
	switch {
	case err != nil:
		return nil, err
	case k.Spec == Symmetric:
		return nil, fail(codeUnsupported, "%s is symmetric and has no public key", k.ARN)
	case k.Spec.bits() > 0:
		private, err := k.Spec.rsa(s.material(k)[0].Key)
		if err != nil {
			return nil, err
		}
		return x509.MarshalPKIXPublicKey(&private.PublicKey)
	}
	private, err := k.Spec.ecdh(s.material(k)[0].Key)
	if err != nil {
		return nil, err
	}
	return x509.MarshalPKIXPublicKey(private.PublicKey())
}
