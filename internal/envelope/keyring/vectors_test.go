package keyring

import (
	"bytes"
	"context"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/hkdf"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"hash"
	"os"
	"path/filepath"
	"testing"

	"github.com/sealaudit/sealaudit/internal/envelope"
)

func load(t testing.TB, name string, into any) {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, into); err != nil {
		t.Fatal(err)
	}
}

// message is the header of a published message.
type message struct {
	Name       string            `json:"name"`
	Body       []byte            `json:"body"`
	Auth       []byte            `json:"auth"`
	Suite      string            `json:"suite"`
	Key        keySpec           `json:"key"`
	Reproduced map[string]string `json:"reproduced"`
}

type keySpec struct {
	Type       string    `json:"type"`
	Key        string    `json:"key"`
	Namespace  string    `json:"provider-id"`
	Algorithm  string    `json:"encryption-algorithm"`
	Padding    string    `json:"padding-algorithm"`
	Hash       string    `json:"padding-hash"`
	Schema     string    `json:"schema"`
	Recipient  string    `json:"recipient"`
	Sender     string    `json:"sender"`
	Underlying *keySpec  `json:"underlying"`
	Generator  *keySpec  `json:"generator"`
	Children   []keySpec `json:"childKeyrings"`
	Required   []string  `json:"requiredEncryptionContextKeys"`
}

type material struct {
	Material          string `json:"material"`
	KeyID             string `json:"key-id"`
	BranchKey         []byte `json:"branchKey"`
	BranchKeyVersion  string `json:"branchKeyVersion"`
	SenderMaterial    string `json:"sender-material"`
	RecipientMaterial string `json:"recipient-material"`
	RecipientPublic   []byte `json:"recipient-material-public-key"`
}

// keyring makes the keyring that the manifest describes.
func (s keySpec) keyring(t testing.TB, keys map[string]material) envelope.Keyring {
	t.Helper()
	must := func(k envelope.Keyring, err error) envelope.Keyring {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return k
	}
	m := keys[s.Key]
	switch {
	case s.Type == "multi-keyring":
		var rings Multi
		if s.Generator != nil {
			rings = append(rings, s.Generator.keyring(t, keys))
		}
		for _, c := range s.Children {
			rings = append(rings, c.keyring(t, keys))
		}
		return rings
	case s.Type == "required-encryption-context-cmm":
		return s.Underlying.keyring(t, keys)
	case s.Type == "aws-kms-hierarchy":
		return must(NewHierarchy(m.KeyID, m.BranchKeyVersion, m.BranchKey))
	case s.Type == "raw-ecdh":
		if s.Schema == "static" {
			return must(NewECDH(private(t, keys[s.Sender].SenderMaterial), public(t, keys[s.Recipient].RecipientPublic)))
		}
		return must(ParseECDH([]byte(keys[s.Recipient].RecipientMaterial)))
	case s.Algorithm == "aes":
		raw, err := base64.StdEncoding.DecodeString(m.Material)
		if err != nil {
			t.Fatal(err)
		}
		return must(NewAES(s.Namespace, m.KeyID, raw))
	case s.Algorithm == "rsa":
		p := PKCS1
		if s.Padding != "pkcs1" {
			p = Padding("oaep-" + s.Hash)
		}
		return must(ParseRSA(s.Namespace, m.KeyID, p, []byte(m.Material)))
	}
	t.Fatalf("no keyring for %+v", s)
	return nil
}

func private(t testing.TB, text string) *ecdh.PrivateKey {
	t.Helper()
	k, err := parseECDH([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func public(t testing.TB, der []byte) *ecdh.PublicKey {
	t.Helper()
	k, err := x509.ParsePKIXPublicKey(der)
	if err != nil {
		t.Fatal(err)
	}
	p, err := k.(*ecdsa.PublicKey).ECDH()
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func take(b *[]byte, n int) []byte { out := (*b)[:n]; *b = (*b)[n:]; return out }
func short(b *[]byte) []byte       { return take(b, int(binary.BigEndian.Uint16(take(b, 2)))) }

// parse reads a well-formed header.
func (m message) parse(t testing.TB) (edks []envelope.EncryptedDataKey, full map[string]string, id []byte) {
	t.Helper()
	b := m.Body
	if take(&b, 1)[0] == 1 {
		take(&b, 1)
	}
	take(&b, 2)
	id = take(&b, map[byte]int{1: 16, 2: 32}[m.Body[0]])
	full, err := envelope.ParseContext(short(&b))
	if err != nil {
		t.Fatal(err)
	}
	for k, v := range m.Reproduced {
		full[k] = v
	}
	for range binary.BigEndian.Uint16(take(&b, 2)) {
		edks = append(edks, envelope.EncryptedDataKey{Provider: string(short(&b)), Info: short(&b), Ciphertext: short(&b)})
	}
	return edks, full, id
}

// proves checks the header tag, which only the right data key does.
func (m message) proves(t testing.TB, key, id []byte) bool {
	t.Helper()
	suite, _ := hex.DecodeString(m.Suite)
	iv, tag := make([]byte, 12), m.Auth
	if m.Body[0] == 1 {
		iv, tag = m.Auth[:12], m.Auth[12:]
	}
	var err error
	switch suite[0] {
	case 0:
	case 1, 2:
		key, err = hkdf.Key(sha256.New, key, nil, string(suite)+string(id), len(key))
	case 3:
		key, err = hkdf.Key(sha512.New384, key, nil, string(suite)+string(id), len(key))
	default:
		key, err = hkdf.Key(sha512.New, key, id, string(suite)+"DERIVEKEY", 32)
	}
	if err != nil {
		t.Fatal(err)
	}
	aead, err := newGCM(key)
	if err != nil {
		return false
	}
	required := map[string]string{}
	for _, k := range m.Key.Required {
		required[k] = m.Reproduced[k]
	}
	aad, err := envelope.AppendContext(bytes.Clone(m.Body), required)
	if err != nil {
		t.Fatal(err)
	}
	_, err = aead.Open(nil, iv, tag, aad)
	return err == nil
}

func messages(t testing.TB) ([]message, map[string]material) {
	t.Helper()
	var all []message
	var keys map[string]material
	load(t, "esdk-headers.json", &all)
	load(t, "esdk-keys.json", &keys)
	return all, keys
}

// The keys of published messages unwrap, and the messages' own tags prove them.
func TestPublishedMessagesUnwrap(t *testing.T) {
	all, keys := messages(t)
	passed, refused := 0, 0
	for _, m := range all {
		edks, full, id := m.parse(t)
		ring := m.Key.keyring(t, keys)
		opened := false
		for _, edk := range edks {
			key, err := ring.Unwrap(context.Background(), edk, full)
			if err != nil {
				t.Errorf("%s (%s): %v", m.Name, m.Key.Type, err)
				continue
			}
			if opened = m.proves(t, key.Bytes(), id); opened {
				passed++
				break
			}
		}
		if !opened {
			t.Errorf("%s (%s): the data key does not prove the header", m.Name, m.Key.Type)
		}
		// Another encryption context opens nothing, but under RSA, which does not bind it.
		full["another"] = "pair"
		if key, err := ring.Unwrap(context.Background(), edks[0], full); err == nil && m.Key.Algorithm != "rsa" {
			t.Errorf("%s: %v opened under another encryption context", m.Name, key)
		} else if err != nil {
			if envelope.Says(err) != envelope.Refuted {
				t.Errorf("%s: another encryption context is not refuted: %v", m.Name, err)
			}
			refused++
		}
	}
	if passed != 57 || refused != 57-15 {
		t.Errorf("%d passed and %d refused another context; want 57 and 42", passed, refused)
	}
}

func TestKBKDFVectors(t *testing.T) {
	var all []struct {
		PRF           string
		L             int
		Ki, Fixed, Ko string
	}
	load(t, "kbkdf.json", &all)
	passed := 0
	for _, v := range all {
		newHash := map[string]func() hash.Hash{"HMAC_SHA256": sha256.New, "HMAC_SHA384": sha512.New384}[v.PRF]
		ki, _ := hex.DecodeString(v.Ki)
		fixed, _ := hex.DecodeString(v.Fixed)
		if got := hex.EncodeToString(counterMode(newHash, ki, fixed, v.L/8)); got != v.Ko {
			t.Errorf("%s L=%d: %s, want %s", v.PRF, v.L, got, v.Ko)
			continue
		}
		passed++
	}
	if passed != 80 {
		t.Errorf("%d passed, want 80", passed)
	}
}

func TestWycheproofRSA(t *testing.T) {
	var groups []struct {
		File, PEM string
		Padding   Padding
		Tests     []struct {
			TcID                   int
			Msg, Ct, Label, Result string
		}
	}
	load(t, "wycheproof-rsa.json", &groups)
	passed, refused, unusable := 0, 0, 0
	for _, g := range groups {
		ring, err := ParseRSA("ns", "name", g.Padding, []byte(g.PEM))
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range g.Tests {
			msg, _ := hex.DecodeString(v.Msg)
			ct, _ := hex.DecodeString(v.Ct)
			key, err := ring.Unwrap(context.Background(), envelope.EncryptedDataKey{Provider: "ns", Info: []byte("name"), Ciphertext: ct}, nil)
			switch {
			case v.Label != "" || v.Result == "valid" && len(msg) == 0:
				unusable++ // no keyring has a label, and no data key is empty
				if err == nil {
					t.Errorf("%s %d: opened", g.File, v.TcID)
				}
			case v.Result == "valid":
				if err != nil || !bytes.Equal(key.Bytes(), msg) {
					t.Errorf("%s %d: %v", g.File, v.TcID, err)
				}
				passed++
			default:
				if !errors.Is(err, envelope.ErrWrongKey) {
					t.Errorf("%s %d: %v, want a wrong key", g.File, v.TcID, err)
				}
				refused++
			}
		}
	}
	if passed != 47 || refused != 100 || unusable != 30 {
		t.Errorf("%d passed, %d refused, %d with a label or an empty message; want 47, 100 and 30", passed, refused, unusable)
	}
}

func TestWycheproofECDH(t *testing.T) {
	var all []struct {
		TcID                                           int
		Curve, Point, Private, Shared, Result, Comment string
	}
	load(t, "wycheproof-ecdh.json", &all)
	passed, refused := 0, 0
	for _, v := range all {
		var c curve
		for _, dh := range []ecdh.Curve{ecdh.P256(), ecdh.P384(), ecdh.P521()} {
			if known, _ := curveOf(dh); known.name == v.Curve {
				c = known
			}
		}
		point, _ := hex.DecodeString(v.Point)
		if point[0] == 4 {
			p, err := c.dh.NewPublicKey(point)
			if err != nil {
				t.Fatalf("%s %d: %v", v.Curve, v.TcID, err)
			}
			point = c.compress(p)
		}
		p, err := c.decompress(point)
		if v.Result == "invalid" {
			if !errors.Is(err, envelope.ErrFormat) {
				t.Errorf("%s %d (%s): %v, want a malformed point", v.Curve, v.TcID, v.Comment, err)
			}
			refused++
			continue
		}
		raw, _ := hex.DecodeString(v.Private)
		scalar := make([]byte, (c.ec.Params().BitSize+7)/8)
		raw = bytes.TrimLeft(raw, "\x00")
		copy(scalar[len(scalar)-len(raw):], raw)
		key, errKey := c.dh.NewPrivateKey(scalar)
		if err != nil || errKey != nil {
			t.Errorf("%s %d (%s): %v %v", v.Curve, v.TcID, v.Comment, err, errKey)
			continue
		}
		if z, err := key.ECDH(p); err != nil || hex.EncodeToString(z) != v.Shared {
			t.Errorf("%s %d (%s): another secret: %v", v.Curve, v.TcID, v.Comment, err)
		}
		passed++
	}
	if passed != 146 || refused != 19 {
		t.Errorf("%d passed and %d refused; want 146 and 19", passed, refused)
	}
}
