package esdk

import (
	"context"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/sealaudit/sealaudit/internal/envelope"
	"github.com/sealaudit/sealaudit/internal/envelope/keyring"
)

const vectorFolder = "../../../fixtures/vectors"

// vector is one published message.
type vector struct {
	source, name string
	message      []byte
	keyring      envelope.Keyring // nil: the key is not published
	context      map[string]string
	plaintext    []byte
	class        error // nil: it opens
}

// vectors are all published messages, by source.
func vectors(t testing.TB) []vector {
	t.Helper()
	return slices.Concat(
		manifest(t, "esdk-net-4.0.1", "manifest.json", nil),
		manifest(t, "esdk-net-4.0.0-valid", "manifest.json", nil),
		manifest(t, "esdk-net-4.0.0-invalid", "manifest.json", envelope.ErrTampered),
		manifest(t, "esdk-c-from-dafny", "decrypt-manifest.json", nil),
		commitments(t), javascript(t))
}

func readFile(t testing.TB, path ...string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(append([]string{vectorFolder}, path...)...))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func readJSON(t testing.TB, into any, path ...string) {
	t.Helper()
	if err := json.Unmarshal(readFile(t, path...), into); err != nil {
		t.Fatal(err)
	}
}

// test is a test of a decrypt manifest, in both of its versions.
type test struct {
	Ciphertext string            `json:"ciphertext"`
	MasterKeys []keySpec         `json:"master-keys"`
	Key        *keySpec          `json:"decryptKeyDescription"`
	Context    map[string]string `json:"encryption-context"`
	Reproduced map[string]string `json:"reproduced-encryption-context"`
	Scenario   *test             `json:"decryption-scenario"`
	Result     json.RawMessage   `json:"result"`
}

type keySpec struct {
	Type       string    `json:"type"`
	Key        string    `json:"key"`
	Namespace  string    `json:"provider-id"`
	Algorithm  string    `json:"encryption-algorithm"`
	Padding    string    `json:"padding-algorithm"`
	Hash       string    `json:"padding-hash"`
	Schema     string    `json:"schema"`
	Sender     string    `json:"sender"`
	Recipient  string    `json:"recipient"`
	Underlying *keySpec  `json:"underlying"`
	Generator  *keySpec  `json:"generator"`
	Children   []keySpec `json:"childKeyrings"`
}

type material struct {
	Material         string `json:"material"`
	KeyID            string `json:"key-id"`
	BranchKey        []byte `json:"branchKey"`
	BranchKeyVersion string `json:"branchKeyVersion"`
	Sender           string `json:"sender-material"`
	Recipient        string `json:"recipient-material"`
	RecipientPublic  []byte `json:"recipient-material-public-key"`
}

func manifest(t testing.TB, source, file string, class error) []vector {
	t.Helper()
	var m struct{ Tests map[string]test }
	readJSON(t, &m, source, file)
	var keys struct{ Keys map[string]material }
	readJSON(t, &keys, source, "keys.json")
	plaintext := readFile(t, source, "plaintexts", "small")
	var out []vector
	for _, name := range slices.Sorted(maps.Keys(m.Tests)) {
		c := m.Tests[name]
		if c.Scenario != nil {
			c = *c.Scenario
		}
		v := vector{source: source, name: name, class: class, plaintext: plaintext, context: c.Context}
		if c.Reproduced != nil {
			v.context = c.Reproduced
		}
		v.message = readFile(t, source, strings.TrimPrefix(c.Ciphertext, "file://"))
		specs := c.MasterKeys
		if c.Key != nil {
			specs = []keySpec{*c.Key}
		}
		if k := ring(t, specs, keys.Keys); k != nil {
			v.keyring = &once{Keyring: k}
		}
		out = append(out, v)
	}
	return out
}

// ring is the keyring of several specifications, nil if one needs KMS.
func ring(t testing.TB, specs []keySpec, keys map[string]material) envelope.Keyring {
	t.Helper()
	var all keyring.Multi
	for _, s := range specs {
		if strings.HasPrefix(s.Type, "aws-kms") && s.Type != "aws-kms-hierarchy" {
			return nil
		}
		k, err := s.keyring(t, keys)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, k)
	}
	return all
}

func (s keySpec) keyring(t testing.TB, keys map[string]material) (envelope.Keyring, error) {
	m := keys[s.Key]
	switch {
	case s.Type == "multi-keyring":
		return ring(t, append([]keySpec{*s.Generator}, s.Children...), keys), nil
	case s.Type == "required-encryption-context-cmm":
		return s.Underlying.keyring(t, keys)
	case s.Type == "aws-kms-hierarchy":
		return keyring.NewHierarchy(m.KeyID, m.BranchKeyVersion, m.BranchKey)
	case s.Type == "raw-ecdh" && s.Schema == "static":
		private, public := ecdhKeys(t, keys[s.Sender].Sender, keys[s.Recipient].RecipientPublic)
		return keyring.NewECDH(private, public)
	case s.Type == "raw-ecdh":
		return keyring.ParseECDH([]byte(keys[s.Recipient].Recipient))
	case s.Algorithm == "aes":
		raw, err := base64.StdEncoding.DecodeString(m.Material)
		if err != nil {
			return nil, err
		}
		return keyring.NewAES(s.Namespace, m.KeyID, raw)
	case s.Padding == "pkcs1":
		return keyring.ParseRSA(s.Namespace, m.KeyID, keyring.PKCS1, []byte(m.Material))
	case s.Algorithm == "rsa":
		return keyring.ParseRSA(s.Namespace, m.KeyID, keyring.Padding("oaep-"+s.Hash), []byte(m.Material))
	}
	return nil, fmt.Errorf("no keyring for %+v", s)
}

func ecdhKeys(t testing.TB, text string, public []byte) (*ecdh.PrivateKey, *ecdh.PublicKey) {
	t.Helper()
	block, _ := pem.Decode([]byte(text))
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	private, err := key.(*ecdsa.PrivateKey).ECDH()
	if err != nil {
		t.Fatal(err)
	}
	other, err := x509.ParsePKIXPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	peer, err := other.(*ecdsa.PublicKey).ECDH()
	if err != nil {
		t.Fatal(err)
	}
	return private, peer
}

// published is a keyring of one data key that a source publishes.
type published []byte

func (k published) Unwrap(context.Context, envelope.EncryptedDataKey, map[string]string) (envelope.DataKey, error) {
	return envelope.NewDataKey(slices.Clone(k)), nil
}

func (k published) Wrap(_ context.Context, key envelope.DataKey, _ map[string]string) (envelope.EncryptedDataKey, error) {
	copy(k, key.Bytes())
	return envelope.EncryptedDataKey{Provider: "published", Info: []byte("published"), Ciphertext: []byte("published")}, nil
}

func commitments(t testing.TB) []vector {
	t.Helper()
	var m struct {
		Tests []struct {
			Ciphertext []byte   `json:"ciphertext"`
			DataKey    []byte   `json:"decrypted-dek"`
			Frames     []string `json:"plaintext-frames"`
			Status     bool     `json:"status"`
			Comment    string   `json:"comment"`
		}
	}
	readJSON(t, &m, "esdk-commitment-kat", "commitment-test-vectors.json")
	var out []vector
	for _, c := range m.Tests {
		v := vector{source: "esdk-commitment-kat", name: c.Comment, message: c.Ciphertext, keyring: published(c.DataKey)}
		v.plaintext = []byte(strings.Join(c.Frames, ""))
		if !c.Status {
			v.class, v.plaintext = envelope.ErrTampered, nil
		}
		out = append(out, v)
	}
	return out
}

func javascript(t testing.TB) []vector {
	t.Helper()
	var m []struct{ Name, Ciphertext, Expect, Plaintext string }
	readJSON(t, &m, "esdk-javascript-static", "messages.json")
	var out []vector
	for _, c := range m {
		message, err := base64.StdEncoding.DecodeString(c.Ciphertext)
		if err != nil {
			t.Fatal(err)
		}
		p, _ := Suite(binary.BigEndian.Uint16(message[2:])).parameters()
		v := vector{source: "esdk-javascript-static", name: c.Name, message: message, keyring: published(make([]byte, p.key))}
		switch kind, text, _ := strings.Cut(c.Plaintext, ":"); {
		case c.Expect == "fail" && strings.HasPrefix(c.Name, "frameSequence"):
			v.class = envelope.ErrFormat
		case c.Expect == "fail":
			v.class = envelope.ErrTampered
		case kind == "utf8":
			v.plaintext = []byte(text)
		case kind == "b64":
			v.plaintext, err = base64.StdEncoding.DecodeString(text)
		case kind == "seq":
			v.plaintext = sequence(t, text)
		}
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, v)
	}
	return out
}

// sequence is the plaintext of the vector with long frames: bytes that count.
func sequence(t testing.TB, size string) []byte {
	t.Helper()
	var n int
	if _, err := fmt.Sscan(size, &n); err != nil {
		t.Fatal(err)
	}
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i)
	}
	return b
}
