package keyring

import (
	"bytes"
	"context"
	"crypto/ecdh"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/sealaudit/sealaudit/internal/envelope"
	"github.com/sealaudit/sealaudit/internal/envelope/kms"
)

// asymmetric is a key service with a key of each kind, by spec. It is made once:
// an RSA key takes a while.
var asymmetric = sync.OnceValues(func() (*kms.Service, map[kms.Spec]string) {
	s := kms.New(kms.Config{})
	arns := map[kms.Spec]string{}
	for _, spec := range []kms.Spec{kms.Symmetric, kms.RSA2048, kms.P256, kms.P384, kms.P521} {
		k, err := s.CreateKey(kms.KeySpec{Spec: spec})
		if err != nil {
			panic(err)
		}
		arns[spec] = k.ARN
	}
	return s, arns
})

func mustRSA(t testing.TB, s AsymmetricKMS, arn, algorithm string) *KMSRSA {
	t.Helper()
	k, err := NewKMSRSA(ctx, s, arn, algorithm)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func mustECDH(t testing.TB, s AsymmetricKMS, arn string, recipient *ecdh.PublicKey) *ECDH {
	t.Helper()
	k, err := NewKMSECDH(ctx, s, arn, recipient)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// kmsPairs are the keyrings of asymmetric KMS keys: RSA with each algorithm,
// and each curve to a key of KMS (by one of ours) and by one (to ours).
func kmsPairs(t testing.TB) []pair {
	s, arns := asymmetric()
	var out []pair
	for _, algorithm := range []string{kms.OAEPSHA1, kms.OAEPSHA256} {
		reads := mustRSA(t, s, arns[kms.RSA2048], algorithm)
		writes, err := NewKMSRSAPublic(nil, arns[kms.RSA2048], algorithm, reads.public)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, pair{algorithm, writes, reads, true, true})
	}
	for spec, c := range map[kms.Spec]ecdh.Curve{kms.P256: ecdh.P256(), kms.P384: ecdh.P384(), kms.P521: ecdh.P521()} {
		theirs, _ := c.GenerateKey(rand.Reader)
		discovery := mustECDH(t, s, arns[spec], nil)
		out = append(out,
			pair{string(spec) + " by it", mustECDH(t, s, arns[spec], theirs.PublicKey()), discovery, true, true},
			pair{string(spec) + " to it", mustECDH(t, s, arns[spec], discovery.own), discovery, true, true})
	}
	return out
}

// What KMS's keyring wraps to a public key, the owner of its private key opens
// without KMS, and the other way round: the format is that of raw ECDH.
func TestKMSAndRawECDHAreOneFormat(t *testing.T) {
	s, arns := asymmetric()
	ours, _ := ecdh.P256().GenerateKey(rand.Reader)
	ec := map[string]string{"a": "b"}
	for name, tc := range map[string]struct {
		wrap, unwrap *ECDH
		provider     string
	}{
		"KMS to raw": {mustECDH(t, s, arns[kms.P256], ours.PublicKey()), must2(NewECDH(ours, nil)), providerECDH},
		"raw to KMS": {must2(NewECDH(ours, mustECDH(t, s, arns[kms.P256], nil).own)), mustECDH(t, s, arns[kms.P256], nil), providerKMSECDH},
	} {
		edk, err := tc.wrap.Wrap(ctx, envelope.NewDataKey(bytes.Repeat([]byte{9}, 32)), ec)
		if err != nil {
			t.Fatal(err)
		}
		edk.Provider = tc.provider
		if key, err := tc.unwrap.Unwrap(ctx, edk, ec); err != nil || key.Bytes()[0] != 9 {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func must2(k *ECDH, err error) *ECDH {
	if err != nil {
		panic(err)
	}
	return k
}

// The plaintext of aws-kms-rsa is a SHA-384 of the encryption context and the
// data key, to the byte.
func TestKMSRSALayout(t *testing.T) {
	s, arns := asymmetric()
	k := mustRSA(t, s, arns[kms.RSA2048], kms.OAEPSHA256)
	edk, err := k.Wrap(ctx, envelope.NewDataKey([]byte("0123456789abcdef")), nil)
	if err != nil {
		t.Fatal(err)
	}
	plain, err := s.DecryptRSA(ctx, arns[kms.RSA2048], kms.OAEPSHA256, edk.Ciphertext)
	// SHA-384 of nothing (FIPS 180-4's example value).
	const empty = "\x38\xb0\x60\xa7\x51\xac\x96\x38\x4c\xd9\x32\x7e\xb1\xb1\xe3\x6a\x21\xfd\xb7\x11\x14\xbe\x07\x43\x4c\x0c\xc7\xbf\x63\xf6\xe1\xda\x27\x4e\xde\xbf\xe7\x6f\x65\xfb\xd5\x1a\xd2\xf1\x48\x98\xb9\x5b"
	if err != nil || string(plain.Bytes()) != empty+"0123456789abcdef" || edk.Provider != "aws-kms-rsa" || string(edk.Info) != arns[kms.RSA2048] {
		t.Errorf("%x under %s %s: %v", plain.Bytes(), edk.Provider, edk.Info, err)
	}
	short, _ := s.EncryptRSA(ctx, arns[kms.RSA2048], kms.OAEPSHA256, envelope.NewDataKey([]byte(empty)))
	edk.Ciphertext = short
	if _, err := k.Unwrap(ctx, edk, nil); !errors.Is(err, envelope.ErrFormat) {
		t.Errorf("a digest without a key: %v", err)
	}
	signed := map[string]string{"aws-crypto-public-key": "x"}
	_, err = k.Unwrap(ctx, edk, signed)
	_, err2 := k.Wrap(ctx, envelope.NewDataKey(make([]byte, 32)), signed)
	if !errors.Is(err, envelope.ErrUnsupported) || !errors.Is(err2, envelope.ErrUnsupported) {
		t.Errorf("a signed message: %v, %v", err, err2)
	}
	if _, err := k.Wrap(ctx, envelope.NewDataKey(make([]byte, 150)), nil); !errors.Is(err, envelope.ErrUnsupported) {
		t.Errorf("more than fits: %v", err)
	}
}

// The keyring that unwrapped a data key says how, where the message does not.
func TestWrapIsSaid(t *testing.T) {
	s, arns := asymmetric()
	private, _ := rsa.GenerateKey(rand.Reader, 2048)
	raw := func(p Padding) envelope.Keyring {
		k, err := NewRSA("ns", "n", p, private)
		if err != nil {
			t.Fatal(err)
		}
		return k
	}
	//lint:ignore SA1019 to be read
	pkcs1, err := rsa.EncryptPKCS1v15(rand.Reader, &private.PublicKey, make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	for want, ring := range map[string]envelope.Keyring{
		"RSA PKCS #1 v1.5": raw(PKCS1), "RSA-OAEP-SHA1": raw(OAEPSHA1), "RSA-OAEP-SHA512": raw(OAEPSHA512),
		"RSA-OAEP-SHA256": mustRSA(t, s, arns[kms.RSA2048], kms.OAEPSHA256), "": mustECDH(t, s, arns[kms.P256], mustECDH(t, s, arns[kms.P256], nil).own),
	} {
		edk := envelope.EncryptedDataKey{Provider: "ns", Info: []byte("n"), Ciphertext: pkcs1}
		if want != "RSA PKCS #1 v1.5" {
			if edk, err = ring.Wrap(ctx, envelope.NewDataKey(make([]byte, 32)), nil); err != nil {
				t.Fatal(err)
			}
		}
		key, err := (Multi{ring}).Unwrap(ctx, edk, nil)
		if err != nil || key.Wrap() != want {
			t.Errorf("it says %q, want %q: %v", key.Wrap(), want, err)
		}
	}
	if key, err := mustRSA(t, s, arns[kms.RSA2048], kms.OAEPSHA1).Unwrap(ctx, wrapped(t, mustRSA(t, s, arns[kms.RSA2048], kms.OAEPSHA1)), nil); err != nil || key.Wrap() != WrapOAEPSHA1 {
		t.Errorf("%q %v", key.Wrap(), err)
	}
}

func wrapped(t *testing.T, k envelope.Keyring) envelope.EncryptedDataKey {
	t.Helper()
	edk, err := k.Wrap(ctx, envelope.NewDataKey(make([]byte, 32)), nil)
	if err != nil {
		t.Fatal(err)
	}
	return edk
}

// A key that may not be used says nothing about the ciphertext.
func TestAsymmetricKMSRefusals(t *testing.T) {
	s, arns := asymmetric()
	rings := map[string]envelope.Keyring{
		arns[kms.RSA2048]: mustRSA(t, s, arns[kms.RSA2048], kms.OAEPSHA1),
		arns[kms.P256]:    mustECDH(t, s, arns[kms.P256], mustECDH(t, s, arns[kms.P256], nil).own),
	}
	for arn, ring := range rings {
		edk := wrapped(t, ring)
		for code, class := range map[string]error{"AccessDeniedException": envelope.ErrRefused, "ThrottlingException": envelope.ErrUnavailable, "DisabledException": envelope.ErrRefused} {
			if err := s.Inject(arn, code); err != nil {
				t.Fatal(err)
			}
			if _, err := ring.Unwrap(ctx, edk, nil); !errors.Is(err, class) || envelope.Says(err) != envelope.Unknown || !strings.Contains(err.Error(), code) {
				t.Errorf("%s: %v", code, err)
			}
		}
		if err := s.Inject(arn, "DisabledException"); err != nil {
			t.Fatal(err)
		}
		if _, err := NewKMSRSA(ctx, s, arn, kms.OAEPSHA1); !errors.Is(err, envelope.ErrRefused) {
			t.Errorf("a public key that is denied: %v", err)
		}
		if err := s.Inject(arn, ""); err != nil {
			t.Fatal(err)
		}
		over, cancel := context.WithCancel(ctx)
		cancel()
		if _, err := ring.Unwrap(over, edk, nil); !errors.Is(err, envelope.ErrUnavailable) {
			t.Errorf("an ended context: %v", err)
		}
	}
}

// lying is a KMS that answers with a public key and a secret of its own.
type lying struct {
	der, secret []byte
}

func (l lying) DecryptRSA(context.Context, string, string, []byte) (envelope.DataKey, error) {
	return envelope.DataKey{}, errors.New("connection reset")
}

func (l lying) DeriveSharedSecret(context.Context, string, []byte) (envelope.DataKey, error) {
	return envelope.NewDataKey(bytes.Clone(l.secret)), nil
}
func (l lying) GetPublicKey(context.Context, string) ([]byte, error) { return l.der, nil }

func TestAsymmetricKeysThatAreNone(t *testing.T) {
	s, arns := asymmetric()
	arn := arns[kms.RSA2048]
	small, _ := rsa.GenerateKey(rand.Reader, 1024)
	der, _ := s.GetPublicKey(ctx, arns[kms.P256])
	p384, _ := ecdh.P384().GenerateKey(rand.Reader)
	for name, tc := range map[string]struct {
		err, want error
	}{
		"an alias":             {err2(NewKMSRSA(ctx, s, "alias/x", kms.OAEPSHA1)), envelope.ErrFormat},
		"an alias, with a key": {err2(NewKMSRSAPublic(s, "alias/x", kms.OAEPSHA1, &small.PublicKey)), envelope.ErrFormat},
		"no algorithm":         {err2(NewKMSRSA(ctx, s, arn, "SM2PKE")), envelope.ErrUnsupported},
		"a small key":          {err2(NewKMSRSAPublic(s, arn, kms.OAEPSHA1, &small.PublicKey)), envelope.ErrUnsupported},
		"a curve for RSA":      {err2(NewKMSRSA(ctx, s, arns[kms.P256], kms.OAEPSHA1)), envelope.ErrUnsupported},
		"RSA for a curve":      {err2(NewKMSECDH(ctx, s, arn, nil)), envelope.ErrUnsupported},
		"a symmetric key":      {err2(NewKMSECDH(ctx, s, arns[kms.Symmetric], nil)), envelope.ErrUnsupported},
		"two curves":           {err2(NewKMSECDH(ctx, s, arns[kms.P256], p384.PublicKey())), envelope.ErrUnsupported},
		"no key from KMS":      {err2(NewKMSECDH(ctx, lying{}, arn, nil)), envelope.ErrFormat},
	} {
		if !errors.Is(tc.err, tc.want) {
			t.Errorf("%s: %v, want %v", name, tc.err, tc.want)
		}
	}
	k := mustECDH(t, lying{der: der, secret: []byte("short")}, arn, mustECDH(t, s, arns[kms.P256], nil).own)
	if _, err := k.Wrap(ctx, envelope.NewDataKey(make([]byte, 32)), nil); !errors.Is(err, envelope.ErrFormat) {
		t.Errorf("a secret of another length: %v", err)
	}
	r := mustRSA(t, s, arn, kms.OAEPSHA1)
	edk := wrapped(t, r)
	if _, err := (&KMSRSA{lying{}, arn, kms.OAEPSHA1, r.hash, r.public}).Unwrap(ctx, edk, nil); !errors.Is(err, envelope.ErrUnavailable) {
		t.Errorf("an error without a class: %v", err)
	}
	if _, err := (&KMSRSA{nil, arn, kms.OAEPSHA1, r.hash, r.public}).Unwrap(ctx, edk, nil); !errors.Is(err, envelope.ErrNoKey) {
		t.Errorf("without KMS: %v", err)
	}
}

func err2[T any](_ T, err error) error { return err }

func TestPublicKeysOfRecipients(t *testing.T) {
	key, _ := ecdh.P521().GenerateKey(rand.Reader)
	der, _ := x509.MarshalPKIXPublicKey(key.PublicKey())
	got, err := ParsePublicECDH(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
	if err != nil || !got.Equal(key.PublicKey()) {
		t.Error(err)
	}
	pair, _ := rsa.GenerateKey(rand.Reader, 1024)
	der, _ = x509.MarshalPKIXPublicKey(&pair.PublicKey)
	for what, text := range map[string][]byte{"RSA": pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}), "no PEM": []byte("x")} {
		if _, err := ParsePublicECDH(text); !errors.Is(err, envelope.ErrFormat) {
			t.Errorf("%s: %v", what, err)
		}
	}
}
