package lab

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"hash"
	"slices"
	"strconv"

	"github.com/sealaudit/sealaudit/internal/envelope"
	"github.com/sealaudit/sealaudit/internal/lab/wire"
)

// generateDataKeyPair makes a pair that KMS does not keep, with its private
// key, a PKCS #8 document, under a symmetric key (KMS API, GenerateDataKeyPair).
func generateDataKeyPair(l *Lab, q *wire.Request) answer {
	spec := q.String("KeyPairSpec")
	arn, a := l.symmetricKey(q, q.String("KeyId"))
	if a.failure != nil {
		return a
	}
	pair, err := newPair(spec)
	if pair == nil || err != nil {
		a.failure = constraint(spec, "keyPairSpec", "Member must satisfy enum value set: [RSA_2048, RSA_3072, RSA_4096, ECC_NIST_P256, ECC_NIST_P384, ECC_NIST_P521]")
		return a
	}
	private, err := x509.MarshalPKCS8PrivateKey(pair)
	public, err2 := x509.MarshalPKIXPublicKey(pair.Public())
	if err != nil || err2 != nil {
		a.failure = refuse(500, "KMSInternalException", "The pair can't be encoded.")
		return a
	}
	data := envelope.NewDataKey(private)
	defer data.Zero()
	blob, err := l.keys.Encrypt(context.Background(), arn, data, pairs(q, "EncryptionContext"))
	if a.failure = kmsFailure(err); a.failure == nil {
		a.failure = dryRun(q)
	}
	a.output = map[string]any{"KeyId": arn, "KeyPairSpec": spec, "PublicKey": encoded(public), "PrivateKeyCiphertextBlob": encoded(blob), "KeyMaterialId": l.materialOf(arn, nil)}
	if q.Operation == "GenerateDataKeyPair" {
		a.output["PrivateKeyPlaintext"] = encoded(private)
	}
	return a
}

// oaep finds the pair and the hash of an operation with an RSA key.
func (l *Lab) oaep(k *Key, arn, algorithm string) (*rsa.PrivateKey, hash.Hash, *wire.Failure) {
	spec := text(k.Output, "KeySpec")
	if !slices.Contains(encryptionAlgorithms(spec), algorithm) {
		return nil, nil, refuse(400, "InvalidKeyUsageException", "Algorithm "+firstOf(algorithm, "SYMMETRIC_DEFAULT")+" is incompatible with key spec "+spec+".")
	}
	if failure := stateRefusal(arn, firstOf(text(k.Output, "KeyState"), "Enabled")); failure != nil {
		return nil, nil, failure
	}
	pair, failure := l.pair(arn, k)
	if failure != nil {
		return nil, nil, failure
	}
	private, ok := pair.(*rsa.PrivateKey)
	if !ok {
		return nil, nil, refuse(400, "UnsupportedOperationException", "")
	}
	if algorithm == "RSAES_OAEP_SHA_1" {
		return private, sha1.New(), nil //nolint:gosec // as the algorithm says
	}
	return private, sha256.New(), nil
}

// encryptRSA encrypts under an RSA key (KMS API, Encrypt). Limits and messages
// are recorded (test_encrypt_validate_plaintext_size_per_key_type).
func (l *Lab) encryptRSA(q *wire.Request, member string, k *Key, arn string, plain []byte) ([]byte, *wire.Failure) {
	algorithm := q.String(member) // which names the algorithm
	private, h, failure := l.oaep(k, arn, algorithm)
	if failure != nil {
		return nil, failure
	}
	if most := private.Size() - 2*h.Size() - 2; len(plain) > most {
		return nil, refuse(400, "ValidationException", "Algorithm "+algorithm+" and key spec "+text(k.Output, "KeySpec")+" cannot encrypt data larger than "+strconv.Itoa(most)+" bytes.")
	}
	blob, err := rsa.EncryptOAEP(h, rand.Reader, &private.PublicKey, plain, nil)
	if err != nil {
		return nil, refuse(500, "KMSInternalException", "The plaintext can't be encrypted.")
	}
	return blob, nil
}

func (l *Lab) decryptRSA(q *wire.Request, member string, k *Key, arn string, blob []byte) ([]byte, *wire.Failure) {
	private, h, failure := l.oaep(k, arn, q.String(member))
	if failure != nil {
		return nil, failure
	}
	plain, err := rsa.DecryptOAEP(h, nil, private, blob, nil)
	if err != nil {
		return nil, refuse(400, "InvalidCiphertextException", "")
	}
	return plain, nil
}

// asymmetric is the key that an id names, if it is one of this account's RSA
// keys.
func (l *Lab) asymmetric(q *wire.Request, id string) *Key {
	if id == "" || l.isForeign(id) {
		return nil
	}
	k, failure := l.findKey(q, id)
	if failure != nil || firstOf(text(k.Output, "KeySpec"), "SYMMETRIC_DEFAULT") == "SYMMETRIC_DEFAULT" {
		return nil
	}
	return k
}
