package kms_test

import (
	"bytes"
	"context"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"fmt"
	"testing"

	"github.com/sealaudit/sealaudit/internal/envelope"
	"github.com/sealaudit/sealaudit/internal/envelope/keyring"
	"github.com/sealaudit/sealaudit/internal/envelope/kms"
)

var _ keyring.AsymmetricKMS = (*kms.Service)(nil)

// The sizes are those of the KMS API reference, Encrypt, "Plaintext".
func TestRSAKeys(t *testing.T) {
	for spec, most := range map[kms.Spec]map[string]int{
		kms.RSA2048: {kms.OAEPSHA1: 214, kms.OAEPSHA256: 190},
		kms.RSA3072: {kms.OAEPSHA1: 342, kms.OAEPSHA256: 318},
		kms.RSA4096: {kms.OAEPSHA1: 470, kms.OAEPSHA256: 446},
	} {
		s, key := newKey(t, kms.KeySpec{Spec: spec})
		for algorithm, n := range most {
			want := bytes.Repeat([]byte{7}, n)
			blob, err := s.EncryptRSA(ctx, key, algorithm, envelope.NewDataKey(want))
			if err != nil {
				t.Fatalf("%s %s: %v", spec, algorithm, err)
			}
			got, err := s.DecryptRSA(ctx, key, algorithm, blob)
			if err != nil || !bytes.Equal(got.Bytes(), want) {
				t.Errorf("%s %s: %v", spec, algorithm, err)
			}
			_, err = s.EncryptRSA(ctx, key, algorithm, envelope.NewDataKey(make([]byte, n+1)))
			refused(t, "a byte more", err, "ValidationException", envelope.ErrFormat)
			says(t, err, fmt.Sprintf("Algorithm %s and key spec %s cannot encrypt data larger than %d bytes.", algorithm, spec, n))
			other := map[string]string{kms.OAEPSHA1: kms.OAEPSHA256, kms.OAEPSHA256: kms.OAEPSHA1}[algorithm]
			_, err = s.DecryptRSA(ctx, key, other, blob)
			refused(t, "the other algorithm", err, "InvalidCiphertextException", envelope.ErrTampered)
			blob[len(blob)-1] ^= 1
			_, err = s.DecryptRSA(ctx, key, algorithm, blob)
			refused(t, "a flipped bit", err, "InvalidCiphertextException", envelope.ErrTampered)
			_, err = s.DecryptRSA(ctx, key, algorithm, blob[1:])
			refused(t, "a byte less", err, "InvalidCiphertextException", envelope.ErrFormat)
		}
		_, err := s.EncryptRSA(ctx, key, kms.OAEPSHA1, envelope.NewDataKey(nil))
		refused(t, "nothing", err, "ValidationException", envelope.ErrFormat)
		_, err = s.EncryptRSA(ctx, key, "SM2PKE", envelope.NewDataKey([]byte{1}))
		refused(t, "another algorithm", err, "ValidationException", envelope.ErrFormat)
	}
}

// Who has the public key can encrypt without KMS.
func TestPublicKeyEncrypts(t *testing.T) {
	s, key := newKey(t, kms.KeySpec{Spec: kms.RSA2048})
	der, err := s.GetPublicKey(ctx, key)
	if err != nil {
		t.Fatal(err)
	}
	public, err := x509.ParsePKIXPublicKey(der)
	if err != nil {
		t.Fatal(err)
	}
	blob, err := rsa.EncryptOAEP(sha256.New(), rand.Reader, public.(*rsa.PublicKey), []byte("text"), nil)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := s.DecryptRSA(ctx, key, kms.OAEPSHA256, blob); err != nil || string(got.Bytes()) != "text" {
		t.Error(err)
	}
}

func TestSharedSecrets(t *testing.T) {
	for spec, curve := range map[kms.Spec]ecdh.Curve{kms.P256: ecdh.P256(), kms.P384: ecdh.P384(), kms.P521: ecdh.P521()} {
		s, key := newKey(t, kms.KeySpec{Spec: spec})
		der, err := s.GetPublicKey(ctx, key)
		if err != nil {
			t.Fatal(err)
		}
		parsed, err := x509.ParsePKIXPublicKey(der)
		if err != nil {
			t.Fatal(err)
		}
		public, err := parsed.(*ecdsa.PublicKey).ECDH()
		if err != nil {
			t.Fatal(err)
		}
		mine, err := curve.GenerateKey(rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		want, err := mine.ECDH(public)
		if err != nil {
			t.Fatal(err)
		}
		peer, err := x509.MarshalPKIXPublicKey(mine.PublicKey())
		if err != nil {
			t.Fatal(err)
		}
		got, err := s.DeriveSharedSecret(ctx, key, peer)
		if err != nil || !bytes.Equal(got.Bytes(), want) {
			t.Errorf("%s: another secret: %v", spec, err)
		}
		p224, _ := ecdsa.GenerateKey(elliptic.P224(), rand.Reader)
		alien, _ := x509.MarshalPKIXPublicKey(&p224.PublicKey)
		for what, bad := range map[string][]byte{"no key": nil, "another curve": alien, "a byte more": append(bytes.Clone(peer), 0)} {
			_, err = s.DeriveSharedSecret(ctx, key, bad)
			refused(t, what, err, "ValidationException", envelope.ErrFormat)
		}
	}
}

// A key does only what its usage says, in AWS's words.
func TestKeyUsage(t *testing.T) {
	s, symmetric := newKey(t, kms.KeySpec{})
	create := func(spec kms.KeySpec) string {
		t.Helper()
		k, err := s.CreateKey(spec)
		if err != nil {
			t.Fatal(err)
		}
		return k.ARN
	}
	decrypts, signs, agrees := create(kms.KeySpec{Spec: kms.RSA2048}), create(kms.KeySpec{Spec: kms.P256, Usage: kms.SignVerify}), create(kms.KeySpec{Spec: kms.P256})
	_, blob, err := s.GenerateDataKey(ctx, symmetric, 32, nil)
	if err != nil {
		t.Fatal(err)
	}
	key := envelope.NewDataKey([]byte{1})
	encrypt := func(id string) error { _, err := s.Encrypt(ctx, id, key, nil); return err }
	encryptRSA := func(id string) error { _, err := s.EncryptRSA(ctx, id, kms.OAEPSHA1, key); return err }
	generate := func(id string) error { _, _, err := s.GenerateDataKey(ctx, id, 32, nil); return err }
	derive := func(id string) error { _, err := s.DeriveSharedSecret(ctx, id, nil); return err }
	reencrypt := func(id string) error {
		_, err := s.ReEncrypt(ctx, blob, kms.Blob{}, kms.Blob{KeyID: id})
		return err
	}
	for _, tc := range []struct {
		err  error
		says string
	}{
		{encrypt(signs), signs + " key usage is SIGN_VERIFY which is not valid for Encrypt."},
		{encryptRSA(signs), signs + " key usage is SIGN_VERIFY which is not valid for Encrypt."},
		{derive(signs), signs + " key usage is SIGN_VERIFY which is not valid for DeriveSharedSecret."},
		{derive(decrypts), decrypts + " key usage is ENCRYPT_DECRYPT which is not valid for DeriveSharedSecret."},
		{derive(symmetric), symmetric + " key usage is ENCRYPT_DECRYPT which is not valid for DeriveSharedSecret."},
		{generate(agrees), agrees + " key usage is KEY_AGREEMENT which is not valid for GenerateDataKey."},
		{generate(decrypts), "Algorithm SYMMETRIC_DEFAULT is incompatible with key spec RSA_2048."},
		{encryptRSA(symmetric), "Algorithm RSAES_OAEP_SHA_1 is incompatible with key spec SYMMETRIC_DEFAULT."},
		{reencrypt(decrypts), "Algorithm SYMMETRIC_DEFAULT is incompatible with key spec RSA_2048."},
	} {
		refused(t, tc.says, tc.err, "InvalidKeyUsageException", envelope.ErrUnsupported)
		says(t, tc.err, tc.says)
	}
	_, err = s.Decrypt(ctx, decrypts, blob, nil)
	refused(t, "a blob under another key", err, "IncorrectKeyException", envelope.ErrWrongKey)
	_, err = s.GetPublicKey(ctx, symmetric)
	refused(t, "a symmetric key's public key", err, "UnsupportedOperationException", envelope.ErrUnsupported)
	refused(t, "rotating", s.RotateKey(decrypts), "UnsupportedOperationException", envelope.ErrUnsupported)
	_, err = s.Rotations(decrypts)
	refused(t, "rotations", err, "UnsupportedOperationException", envelope.ErrUnsupported)
}

func TestAsymmetricStates(t *testing.T) {
	s, pair := newKey(t, kms.KeySpec{Spec: kms.RSA2048})
	agrees, err := s.CreateKey(kms.KeySpec{Spec: kms.P256})
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(s.DisableKey(pair), s.ScheduleKeyDeletion(agrees.ARN, 7)); err != nil {
		t.Fatal(err)
	}
	_, err = s.DecryptRSA(ctx, pair, kms.OAEPSHA1, make([]byte, 256))
	refused(t, "decrypting", err, "DisabledException", envelope.ErrRefused)
	_, err = s.GetPublicKey(ctx, pair)
	refused(t, "a public key", err, "DisabledException", envelope.ErrRefused)
	says(t, err, pair+" is disabled.")
	_, err = s.DeriveSharedSecret(ctx, agrees.ARN, nil)
	refused(t, "agreeing", err, "KMSInvalidStateException", envelope.ErrRefused)
	_, err = s.GetPublicKey(ctx, agrees.ARN)
	says(t, err, agrees.ARN+" is pending deletion.")
	_, err = s.GetPublicKey(ctx, "nobody")
	refused(t, "no key", err, "NotFoundException", envelope.ErrRefused)
	over, cancel := context.WithCancel(ctx)
	cancel()
	_, err = s.GetPublicKey(over, pair)
	_, err2 := s.DecryptRSA(over, pair, kms.OAEPSHA1, nil)
	_, err3 := s.DeriveSharedSecret(over, pair, nil)
	for _, err := range []error{err, err2, err3} {
		if !errors.Is(err, envelope.ErrUnavailable) {
			t.Error(err)
		}
	}
}

func TestImportedPairs(t *testing.T) {
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	s, key := newKey(t, kms.KeySpec{Spec: kms.RSA2048, External: true})
	_, err = s.GetPublicKey(ctx, key)
	refused(t, "pending import", err, "KMSInvalidStateException", envelope.ErrRefused)
	refused(t, "32 bytes", s.ImportKeyMaterial(key, make([]byte, 32)), "IncorrectKeyMaterialException", envelope.ErrWrongKey)
	if err := s.ImportKeyMaterial(key, der); err != nil {
		t.Fatal(err)
	}
	blob, err := s.EncryptRSA(ctx, key, kms.OAEPSHA256, envelope.NewDataKey([]byte("text")))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := rsa.DecryptOAEP(sha256.New(), nil, private, blob, nil); err != nil || string(got) != "text" {
		t.Error(err)
	}
	curve, err := s.CreateKey(kms.KeySpec{Spec: kms.P256, External: true})
	if err != nil {
		t.Fatal(err)
	}
	refused(t, "RSA for a curve", s.ImportKeyMaterial(curve.ARN, der), "IncorrectKeyMaterialException", envelope.ErrWrongKey)
}

func TestAsymmetricReplicas(t *testing.T) {
	s, primary := newKey(t, kms.KeySpec{Spec: kms.RSA2048, MultiRegion: true})
	replica, err := s.ReplicateKey(primary, "eu-west-1")
	if err != nil || replica.Spec != kms.RSA2048 || replica.Usage != kms.EncryptDecrypt {
		t.Fatalf("%+v %v", replica, err)
	}
	blob, err := s.EncryptRSA(ctx, primary, kms.OAEPSHA1, envelope.NewDataKey([]byte("text")))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.DecryptRSA(ctx, replica.ARN, kms.OAEPSHA1, blob); err != nil {
		t.Error(err)
	}
}

// An AWS managed key is used and not changed.
func TestManagedKeys(t *testing.T) {
	s, key := newKey(t, kms.KeySpec{Manager: kms.AWS})
	if k, err := s.Describe(key); err != nil || k.Manager != kms.AWS {
		t.Errorf("%+v %v", k, err)
	}
	if _, _, err := s.GenerateDataKey(ctx, key, 32, nil); err != nil {
		t.Error(err)
	}
	for what, err := range map[string]error{"disabling": s.DisableKey(key), "deleting": s.ScheduleKeyDeletion(key, 7)} {
		refused(t, what, err, "AccessDeniedException", envelope.ErrRefused)
	}
	refused(t, "rotating", s.RotateKey(key), "UnsupportedOperationException", envelope.ErrUnsupported)
}

func TestDryRun(t *testing.T) {
	s, key := newKey(t, kms.KeySpec{})
	_, err := s.Encrypt(ctx, key, envelope.NewDataKey([]byte{1}), nil)
	err = kms.DryRun(err)
	refused(t, "what would have succeeded", err, "DryRunOperationException", envelope.ErrUnsupported)
	says(t, err, "The request would have succeeded, but the DryRun option is set.")
	_, err = s.Encrypt(ctx, "nobody", envelope.NewDataKey([]byte{1}), nil)
	refused(t, "what would have failed", kms.DryRun(err), "NotFoundException", envelope.ErrRefused)
}

func TestKindsThatAreNone(t *testing.T) {
	s := kms.New(kms.Config{})
	for what, spec := range map[string]kms.KeySpec{
		"no such spec": {Spec: "HMAC_256"}, "RSA that agrees": {Spec: kms.RSA2048, Usage: kms.KeyAgreement},
		"a curve that encrypts": {Spec: kms.P256, Usage: kms.EncryptDecrypt}, "a symmetric key that signs": {Usage: kms.SignVerify},
		"no such usage": {Usage: "DREAM"}, "no such manager": {Manager: "ME"}, "a managed pair": {Manager: kms.AWS, Spec: kms.P256},
	} {
		_, err := s.CreateKey(spec)
		refused(t, what, err, "ValidationException", envelope.ErrFormat)
	}
	_, err := s.CreateKey(kms.KeySpec{Spec: kms.RSA2048, Usage: kms.KeyAgreement})
	says(t, err, "KeyUsage KEY_AGREEMENT is not compatible with KeySpec RSA_2048")
}
