//go:build crosscheck

package crosscheck

import (
	"crypto"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"sync"
	"testing"

	"github.com/sealaudit/sealaudit/internal/envelope"
	"github.com/sealaudit/sealaudit/internal/envelope/keyring"
)

// key tells a peer which keyring or provider to make. Keys in PEM are PKCS #8
// and PKIX.
type key struct {
	Kind      string `json:"kind,omitempty"`
	Namespace string `json:"namespace,omitempty"`
	Name      string `json:"name,omitempty"`

	AES         []byte `json:"aes,omitempty"`
	HMAC        []byte `json:"hmac,omitempty"`
	Padding     string `json:"padding,omitempty"`
	Private     string `json:"private,omitempty"`
	Public      string `json:"public,omitempty"`
	SignPrivate string `json:"signPrivate,omitempty"`
	SignPublic  string `json:"signPublic,omitempty"`
	Curve       string `json:"curve,omitempty"`
	Scheme      string `json:"scheme,omitempty"`

	ARN     string `json:"arn,omitempty"`
	Table   string `json:"table,omitempty"`
	Logical string `json:"logical,omitempty"`
	Of      []key  `json:"of,omitempty"`
}

// route is a way to wrap a data key, on both sides. What is nil or has no kind
// is not possible there.
type route struct {
	name                 string
	ourSeal, ourOpen     envelope.Keyring
	theirSeal, theirOpen key
	unsigned             bool // takes no suite with a signature
}

// routes are all keyrings that both sides have, the raw AES-256 one first.
func routes(t *testing.T, w *world, p *peer) []route {
	t.Helper()
	out := aesRoutes(t)
	out = append(out, rsaRoutes(t)...)
	for _, c := range []struct {
		name  string
		curve elliptic.Curve
	}{{"P256", elliptic.P256()}, {"P384", elliptic.P384()}, {"P521", elliptic.P521()}} {
		out = append(out, ecdhRoutes(t, c.name, c.curve)...)
	}
	out = append(out, kmsRoutes(t, w)...)
	out = append(out, asymmetricRoutes(t, w)...)
	out = append(out, branchRoutes(t, w, p)...)
	return append(out, route{name: "several",
		ourSeal: keyring.Multi{out[0].ourSeal, out[3].ourSeal}, ourOpen: out[3].ourOpen,
		theirSeal: key{Kind: "multi", Of: []key{out[0].theirSeal, out[3].theirSeal}}, theirOpen: out[3].theirOpen})
}

// both is a route whose keyrings seal and open.
func both(name string, ours envelope.Keyring, theirs key) route {
	return route{name: name, ourSeal: ours, ourOpen: ours, theirSeal: theirs, theirOpen: theirs}
}

func aesRoutes(t *testing.T) []route {
	t.Helper()
	var out []route
	for _, bits := range []int{256, 192, 128} {
		wrapping := random(bits / 8)
		ring := ring(keyring.NewAES("namespace", "näme", wrapping))(t)
		k := key{Kind: "raw-aes", Namespace: "namespace", Name: "näme", AES: wrapping}
		out = append(out, both(fmt.Sprintf("raw AES-%d", bits), ring, k))
	}
	return out
}

func rsaRoutes(t *testing.T) []route {
	t.Helper()
	private, public := pems(t, rsaKey())
	var out []route
	for _, padding := range []keyring.Padding{keyring.OAEPSHA256, keyring.OAEPSHA1, keyring.OAEPSHA384, keyring.OAEPSHA512, keyring.PKCS1} {
		ours := ring(keyring.NewRSA("rsa", "name", padding, rsaKey()))(t)
		k := key{Kind: "raw-rsa", Namespace: "rsa", Name: "name", Padding: string(padding), Private: private, Public: public}
		r := both("raw RSA "+string(padding), ours, k)
		if padding == keyring.PKCS1 {
			r.ourSeal = nil // read only
		}
		out = append(out, r)
	}
	return out
}

func ecdhRoutes(t *testing.T, name string, curve elliptic.Curve) []route {
	t.Helper()
	one, oneECDH := ecdhKey(t, curve)
	two, twoECDH := ecdhKey(t, curve)
	onePrivate, onePublic := pems(t, one)
	twoPrivate, twoPublic := pems(t, two)
	discovery := key{Kind: "raw-ecdh", Curve: name, Scheme: "discovery", Private: twoPrivate}
	toTwo := key{Kind: "raw-ecdh", Curve: name, Scheme: "static", Private: onePrivate, Public: twoPublic}
	toOne := key{Kind: "raw-ecdh", Curve: name, Scheme: "static", Private: twoPrivate, Public: onePublic}
	opens := ring(keyring.NewECDH(twoECDH, nil))(t)
	return []route{
		{name: "raw ECDH " + name + " static, recipient opens",
			ourSeal: ring(keyring.NewECDH(oneECDH, twoECDH.PublicKey()))(t), ourOpen: opens, theirSeal: toTwo, theirOpen: discovery},
		{name: "raw ECDH " + name + " static, sender opens",
			ourSeal: ring(keyring.NewECDH(twoECDH, oneECDH.PublicKey()))(t), ourOpen: opens, theirSeal: toOne, theirOpen: toOne},
		{name: "raw ECDH " + name + " ephemeral",
			ourSeal: ring(keyring.NewECDHEphemeral(twoECDH.PublicKey()))(t), ourOpen: opens,
			theirSeal: key{Kind: "raw-ecdh", Curve: name, Scheme: "ephemeral", Public: twoPublic}, theirOpen: discovery},
	}
}

// ring is a keyring, or the end of the test.
func ring[K envelope.Keyring](k K, err error) func(*testing.T) envelope.Keyring {
	return func(t *testing.T) envelope.Keyring {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return k
	}
}

// rsaKey wraps, and rsaSigning signs items.
var (
	rsaKey     = sync.OnceValue(makeRSA)
	rsaSigning = sync.OnceValue(makeRSA)
)

func makeRSA() *rsa.PrivateKey {
	k, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return k
}

func ecdhKey(t *testing.T, curve elliptic.Curve) (*ecdsa.PrivateKey, *ecdh.PrivateKey) {
	t.Helper()
	k, err := ecdsa.GenerateKey(curve, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	dh, err := k.ECDH()
	if err != nil {
		t.Fatal(err)
	}
	return k, dh
}

// pems are a private key and its public half.
func pems(t *testing.T, k interface{ Public() crypto.PublicKey }) (private, public string) {
	t.Helper()
	a, err := x509.MarshalPKCS8PrivateKey(k)
	if err != nil {
		t.Fatal(err)
	}
	b, err := x509.MarshalPKIXPublicKey(k.Public())
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: a})), string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: b}))
}

func random(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails
	return b
}
