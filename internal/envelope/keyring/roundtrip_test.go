package keyring

import (
	"bytes"
	"context"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/sealaudit/sealaudit/internal/envelope"
)

var ctx = context.Background()

// pair is a keyring that wraps and one that unwraps.
type pair struct {
	name          string
	wrap, unwrap  envelope.Keyring
	binds         bool // the encryption context
	ownCommitment bool // a change is seen to be one
}

func pairs(t testing.TB) []pair {
	t.Helper()
	must := func(k envelope.Keyring, err error) envelope.Keyring {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return k
	}
	var out []pair
	for _, n := range []int{16, 24, 32} {
		k := must(NewAES("ns", "aes", random(n)))
		out = append(out, pair{fmt.Sprintf("aes-%d", 8*n), k, k, true, false})
	}
	branch := must(NewHierarchy("branch", "e9ce18a3-edb5-4272-9f86-1cacb7997ff6", random(32)))
	out = append(out, pair{"hierarchy", branch, branch, true, false})
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range Paddings()[:4] {
		out = append(out, pair{string(p), must(NewRSAPublic("ns", "rsa", p, &key.PublicKey)), must(NewRSA("ns", "rsa", p, key)), false, false})
	}
	for _, c := range []ecdh.Curve{ecdh.P256(), ecdh.P384(), ecdh.P521()} {
		ours, _ := c.GenerateKey(rand.Reader)
		theirs, _ := c.GenerateKey(rand.Reader)
		name := fmt.Sprint(c)
		out = append(out,
			pair{name + " static", must(NewECDH(ours, theirs.PublicKey())), must(NewECDH(theirs, nil)), true, true},
			pair{name + " own", must(NewECDH(ours, theirs.PublicKey())), must(NewECDH(ours, nil)), true, true},
			pair{name + " ephemeral", must(NewECDHEphemeral(theirs.PublicKey())), must(NewECDH(theirs, nil)), true, true})
	}
	return append(out, kmsPairs(t)...)
}

func TestRoundTrips(t *testing.T) {
	contexts := []map[string]string{nil, {"a": "1"}, {"": "", "z": strings.Repeat("y", 1<<16-1), "ü": "é"}}
	for _, p := range pairs(t) {
		for _, n := range []int{1, 16, 24, 32, 48} {
			for i, ec := range contexts {
				want := random(n)
				edk, err := p.wrap.Wrap(ctx, envelope.NewDataKey(bytes.Clone(want)), ec)
				if err != nil {
					t.Fatalf("%s: %v", p.name, err)
				}
				got, err := p.unwrap.Unwrap(ctx, edk, ec)
				if err != nil || !bytes.Equal(got.Bytes(), want) {
					t.Errorf("%s, %d bytes, context %d: %v", p.name, n, i, err)
				}
				_, err = p.unwrap.Unwrap(ctx, edk, map[string]string{"another": "pair"})
				if p.binds != (err != nil) || err != nil && envelope.Says(err) != envelope.Refuted {
					t.Errorf("%s: another context: %v", p.name, err)
				}
				if p.ownCommitment != errors.Is(err, envelope.ErrTampered) {
					t.Errorf("%s: another context: %v", p.name, err)
				}
			}
		}
	}
}

// Two wraps of one key share nothing that must not repeat.
func TestWrapsDiffer(t *testing.T) {
	for _, p := range pairs(t) {
		seen := map[string]bool{}
		for range 50 {
			edk, err := p.wrap.Wrap(ctx, envelope.NewDataKey(make([]byte, 32)), nil)
			if err != nil {
				t.Fatal(err)
			}
			if s := string(edk.Ciphertext); seen[s] {
				t.Errorf("%s: the same wrapped key twice", p.name)
			} else {
				seen[s] = true
			}
		}
	}
}

// Every single-bit flip of the ciphertext, the provider and its information is
// refused, and so is every cut.
func TestFlipsAreRefused(t *testing.T) {
	ec := map[string]string{"a": "1"}
	for _, p := range pairs(t) {
		edk, err := p.wrap.Wrap(ctx, envelope.NewDataKey(random(32)), ec)
		if err != nil {
			t.Fatal(err)
		}
		try := func(what string, changed envelope.EncryptedDataKey) {
			t.Helper()
			if _, err := p.unwrap.Unwrap(ctx, changed, ec); err == nil {
				t.Errorf("%s: %s opens", p.name, what)
			} else if envelope.Says(err) != envelope.Refuted && !errors.Is(err, envelope.ErrNoKey) {
				t.Errorf("%s: %s: %v", p.name, what, err)
			}
		}
		step := 1
		switch { // the slow ones by every so many bits, which is odd to every byte
		case strings.HasPrefix(p.name, "oaep"):
			step = 37
		case strings.HasPrefix(p.name, "RSAES"):
			step = 101
		case strings.HasPrefix(p.name, "ECC"):
			step = 43
		case strings.HasPrefix(p.name, "P-384"), strings.HasPrefix(p.name, "P-521"):
			step = 13
		}
		for i := 0; i < 8*len(edk.Ciphertext); i += step {
			c := edk
			c.Ciphertext = flipped(edk.Ciphertext, i)
			try(fmt.Sprintf("bit %d of the ciphertext", i), c)
		}
		for i := 0; i < 8*len(edk.Info); i += step {
			c := edk
			c.Info = flipped(edk.Info, i)
			try(fmt.Sprintf("bit %d of the information", i), c)
		}
		for i := range 8 * len(edk.Provider) {
			c := edk
			c.Provider = string(flipped([]byte(edk.Provider), i))
			try(fmt.Sprintf("bit %d of the provider", i), c)
		}
		for n := 0; n < len(edk.Ciphertext); n += step {
			c := edk
			c.Ciphertext = edk.Ciphertext[:n]
			try(fmt.Sprintf("a cut to %d bytes", n), c)
		}
		for n := range len(edk.Info) {
			c := edk
			c.Info = edk.Info[:n]
			try(fmt.Sprintf("information cut to %d bytes", n), c)
		}
		for _, n := range []int{1, 2000} {
			c := edk
			c.Ciphertext = append(bytes.Clone(edk.Ciphertext), make([]byte, n)...)
			try("bytes more", c)
		}
	}
}

func flipped(b []byte, bit int) []byte {
	b = bytes.Clone(b)
	b[bit/8] ^= 1 << (bit % 8)
	return b
}

// The right name with another key is a wrong key; another name is none.
func TestWrongKeyAndNoKey(t *testing.T) {
	all := pairs(t)
	for _, p := range all {
		edk, err := p.wrap.Wrap(ctx, envelope.NewDataKey(random(32)), nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, q := range all {
			_, err := q.unwrap.Unwrap(ctx, edk, nil)
			want := envelope.ErrNoKey
			switch {
			case strings.HasPrefix(p.name, "RSAES") && strings.HasPrefix(q.name, "RSAES") && p.name != q.name:
				want = envelope.ErrTampered // one key, the other algorithm
			case strings.HasPrefix(p.name, "ECC") && err == nil && p.name[:13] == q.name[:13]: // to the key, and by it
				continue
			case p.name == q.name, strings.HasPrefix(p.name, "P-") && strings.Fields(p.name)[0] == strings.Fields(q.name)[0] && err == nil:
				continue
			case strings.HasPrefix(p.name, "aes") && strings.HasPrefix(q.name, "aes"), strings.HasPrefix(p.name, "oaep") && strings.HasPrefix(q.name, "oaep"):
				want = envelope.ErrWrongKey
			}
			if !errors.Is(err, want) {
				t.Errorf("%s under %s: %v, want %v", p.name, q.name, err, want)
			}
		}
	}
}

func TestKeysThatAreNone(t *testing.T) {
	small, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	p256, _ := ecdh.P256().GenerateKey(rand.Reader)
	p384, _ := ecdh.P384().GenerateKey(rand.Reader)
	x25519, _ := ecdh.X25519().GenerateKey(rand.Reader)
	long := strings.Repeat("n", 1<<15+1)
	for name, tc := range map[string]struct {
		make func() (envelope.Keyring, error)
		want error
	}{
		"15 bytes":         {func() (envelope.Keyring, error) { return NewAES("ns", "n", make([]byte, 15)) }, envelope.ErrFormat},
		"no namespace":     {func() (envelope.Keyring, error) { return NewAES("", "n", make([]byte, 16)) }, envelope.ErrFormat},
		"no name":          {func() (envelope.Keyring, error) { return NewAES("ns", "", make([]byte, 16)) }, envelope.ErrFormat},
		"a long name":      {func() (envelope.Keyring, error) { return NewAES("ns", long, make([]byte, 16)) }, envelope.ErrFormat},
		"KMS's namespace":  {func() (envelope.Keyring, error) { return NewAES("aws-kms", "n", make([]byte, 16)) }, envelope.ErrFormat},
		"RSA without name": {func() (envelope.Keyring, error) { return NewRSA("ns", "", OAEPSHA256, small) }, envelope.ErrFormat},
		"no padding":       {func() (envelope.Keyring, error) { return NewRSA("ns", "n", "none", small) }, envelope.ErrUnsupported},
		"short branch key": {func() (envelope.Keyring, error) {
			return NewHierarchy("b", "e9ce18a3-edb5-4272-9f86-1cacb7997ff6", make([]byte, 31))
		}, envelope.ErrFormat},
		"no version":        {func() (envelope.Keyring, error) { return NewHierarchy("b", "e9ce18a3", make([]byte, 32)) }, envelope.ErrFormat},
		"X25519":            {func() (envelope.Keyring, error) { return NewECDH(x25519, nil) }, envelope.ErrUnsupported},
		"X25519 ephemeral":  {func() (envelope.Keyring, error) { return NewECDHEphemeral(x25519.PublicKey()) }, envelope.ErrUnsupported},
		"two curves":        {func() (envelope.Keyring, error) { return NewECDH(p256, p384.PublicKey()) }, envelope.ErrUnsupported},
		"no KMS ARN":        {func() (envelope.Keyring, error) { return NewKMS(nil, "alias/x") }, envelope.ErrFormat},
		"an alias's ARN":    {func() (envelope.Keyring, error) { return NewKMS(nil, "arn:aws:kms:r:1:alias/x") }, envelope.ErrFormat},
		"an MRK that is no": {func() (envelope.Keyring, error) { return NewKMSMRK(nil, "x") }, envelope.ErrFormat},
	} {
		if _, err := tc.make(); !errors.Is(err, tc.want) {
			t.Errorf("%s: %v, want %v", name, err, tc.want)
		}
	}
	if _, err := NewRSAPublic("ns", "n", OAEPSHA256, &rsa.PublicKey{N: elliptic.P256().Params().N, E: 65537}); !errors.Is(err, envelope.ErrUnsupported) {
		t.Errorf("a tiny RSA key: %v", err)
	}
}

func TestWrapsThatCannotBe(t *testing.T) {
	small, _ := rsa.GenerateKey(rand.Reader, 1024)
	p256, _ := ecdh.P256().GenerateKey(rand.Reader)
	reads, _ := NewRSA("ns", "n", PKCS1, small)
	narrow, _ := NewRSA("ns", "n", OAEPSHA512, small)
	unwraps, _ := NewECDH(p256, nil)
	for name, k := range map[string]envelope.Keyring{"PKCS #1": reads, "too narrow": narrow, "no recipient": unwraps} {
		if _, err := k.Wrap(ctx, envelope.NewDataKey(make([]byte, 32)), nil); !errors.Is(err, envelope.ErrUnsupported) {
			t.Errorf("%s: %v", name, err)
		}
	}
	public, _ := NewRSAPublic("ns", "n", OAEPSHA256, &small.PublicKey)
	edk, _ := public.Wrap(ctx, envelope.NewDataKey(make([]byte, 16)), nil)
	if _, err := public.Unwrap(ctx, edk, nil); !errors.Is(err, envelope.ErrNoKey) {
		t.Errorf("a public key unwraps: %v", err)
	}
	for _, p := range pairs(t) {
		for _, n := range []int{0, 1025} {
			if _, err := p.wrap.Wrap(ctx, envelope.NewDataKey(make([]byte, n)), nil); !errors.Is(err, envelope.ErrFormat) {
				t.Errorf("%s wraps %d bytes: %v", p.name, n, err)
			}
		}
		long := map[string]string{"k": strings.Repeat("v", 1<<16)}
		_, err := p.wrap.Wrap(ctx, envelope.NewDataKey(make([]byte, 32)), long)
		if p.binds && !errors.Is(err, envelope.ErrFormat) {
			t.Errorf("%s wraps under a context that is too long: %v", p.name, err)
		}
		edk, err := p.wrap.Wrap(ctx, envelope.NewDataKey(make([]byte, 32)), nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := p.unwrap.Unwrap(ctx, edk, long); p.binds && !errors.Is(err, envelope.ErrFormat) {
			t.Errorf("%s unwraps under a context that is too long: %v", p.name, err)
		}
	}
}

func TestPEM(t *testing.T) {
	key, _ := rsa.GenerateKey(rand.Reader, 2048)
	ec, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	p224, _ := ecdsa.GenerateKey(elliptic.P224(), rand.Reader)
	_, ed, _ := ed25519.GenerateKey(rand.Reader)
	text := func(kind string, der []byte, err error) []byte {
		if err != nil {
			t.Fatal(err)
		}
		return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
	}
	pkcs8 := func(k any) []byte { der, err := x509.MarshalPKCS8PrivateKey(k); return text("PRIVATE KEY", der, err) }
	pkix := func(k any) []byte { der, err := x509.MarshalPKIXPublicKey(k); return text("PUBLIC KEY", der, err) }
	sec1 := func(k *ecdsa.PrivateKey) []byte {
		der, err := x509.MarshalECPrivateKey(k)
		return text("EC PRIVATE KEY", der, err)
	}
	for name, tc := range map[string]struct {
		text          []byte
		rsaErr, ecErr error
	}{
		"PKCS #8":        {pkcs8(key), nil, envelope.ErrFormat},
		"PKCS #1":        {text("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(key), nil), nil, envelope.ErrFormat},
		"PKIX":           {pkix(&key.PublicKey), nil, envelope.ErrFormat},
		"PKCS #1 public": {text("RSA PUBLIC KEY", x509.MarshalPKCS1PublicKey(&key.PublicKey), nil), nil, envelope.ErrFormat},
		"EC":             {pkcs8(ec), envelope.ErrFormat, nil},
		"SEC 1":          {sec1(ec), envelope.ErrFormat, nil},
		"P-224":          {sec1(p224), envelope.ErrFormat, envelope.ErrUnsupported},
		"Ed25519":        {pkcs8(ed), envelope.ErrFormat, envelope.ErrFormat},
		"encrypted":      {text("ENCRYPTED PRIVATE KEY", []byte{1}, nil), envelope.ErrUnsupported, envelope.ErrUnsupported},
		"broken":         {text("PRIVATE KEY", []byte{1}, nil), envelope.ErrFormat, envelope.ErrFormat},
		"no PEM":         {[]byte("key"), envelope.ErrFormat, envelope.ErrFormat},
	} {
		if _, err := ParseRSA("ns", "n", OAEPSHA256, tc.text); !errors.Is(err, tc.rsaErr) {
			t.Errorf("%s as RSA: %v, want %v", name, err, tc.rsaErr)
		}
		if _, err := ParseECDH(tc.text); !errors.Is(err, tc.ecErr) {
			t.Errorf("%s as ECDH: %v, want %v", name, err, tc.ecErr)
		}
	}
}
