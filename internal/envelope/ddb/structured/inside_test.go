package structured

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"hash"
	"os"
	"strings"
	"testing"

	"github.com/sealaudit/sealaudit/internal/envelope"
	"github.com/sealaudit/sealaudit/internal/envelope/ddb/item"
)

// kbkdf is SP 800-108 in counter mode, apart from the keyring's.
func kbkdf(h func() hash.Hash, key, fixed []byte, n int) []byte {
	var out []byte
	for i := uint32(1); len(out) < n; i++ {
		mac := hmac.New(h, key)
		mac.Write(binary.BigEndian.AppendUint32(nil, i))
		mac.Write(fixed)
		out = mac.Sum(out)
	}
	return out[:n]
}

func TestKBKDFVectors(t *testing.T) {
	text, err := os.ReadFile("../../../../fixtures/vectors/nist-cavp/kbkdf_ctr32_before.json")
	if err != nil {
		t.Fatal(err)
	}
	var vectors []struct {
		PRF           string
		L             int
		Ki, Fixed, Ko string
	}
	if err := json.Unmarshal(text, &vectors); err != nil {
		t.Fatal(err)
	}
	for i, v := range vectors {
		ki, _ := hex.DecodeString(v.Ki)
		fixed, _ := hex.DecodeString(v.Fixed)
		h := sha256.New
		if v.PRF == "HMAC_SHA384" {
			h = sha512.New384
		}
		if got := hex.EncodeToString(kbkdf(h, ki, fixed, v.L/8)); got != v.Ko {
			t.Errorf("%d: got %s, want %s", i, got, v.Ko)
		}
	}
	if len(vectors) != 80 {
		t.Errorf("%d vectors", len(vectors))
	}
}

// branch is a hierarchical keyring that is not the keyring package's, so that
// the published items prove this package's half alone.
type branch struct{ key, version []byte }

func (b branch) Unwrap(_ context.Context, edk envelope.EncryptedDataKey, full map[string]string) (envelope.DataKey, error) {
	ct := edk.Ciphertext
	fixed := append([]byte("aws-kms-hierarchy\x00"), ct[:16]...)
	aead := gcm(kbkdf(sha256.New, b.key, binary.BigEndian.AppendUint32(fixed, 256), 32))
	aad, err := envelope.AppendContext(append([]byte(edk.Provider+string(edk.Info)), b.version...), full)
	if err != nil {
		return envelope.DataKey{}, err
	}
	key, err := aead.Open(nil, ct[16:28], ct[44:], aad)
	if err != nil {
		return envelope.DataKey{}, envelope.ErrWrongKey
	}
	return envelope.NewDataKey(key), nil
}

func (branch) Wrap(context.Context, envelope.DataKey, map[string]string) (envelope.EncryptedDataKey, error) {
	return envelope.EncryptedDataKey{}, envelope.ErrUnsupported
}

const published = "../../../../fixtures/vectors/dbesdk/"

// vector is the first published item of a file.
func vector(t testing.TB, file, number string) item.Item {
	t.Helper()
	text, err := os.ReadFile(published + file)
	if err != nil {
		t.Fatal(err)
	}
	var manifest struct {
		Tests map[string]struct{ Encrypted json.RawMessage }
	}
	if err := json.Unmarshal(text, &manifest); err != nil {
		t.Fatal(err)
	}
	it, err := item.Parse(manifest.Tests[number].Encrypted)
	if err != nil {
		t.Fatal(err)
	}
	return it
}

func publishedBranch(t testing.TB) branch {
	t.Helper()
	text, err := os.ReadFile(published + "keys.json")
	if err != nil {
		t.Fatal(err)
	}
	var keys struct {
		Keys map[string]struct {
			Version   string `json:"branchKeyVersion"`
			BranchKey []byte `json:"branchKey"`
		}
	}
	if err := json.Unmarshal(text, &keys); err != nil {
		t.Fatal(err)
	}
	k := keys.Keys["static-branch-key-1"]
	version, err := hex.DecodeString(strings.ReplaceAll(k.Version, "-", ""))
	if err != nil {
		t.Fatal(err)
	}
	return branch{k.BranchKey, version}
}

func TestPublishedItemUnderOwnKeyring(t *testing.T) {
	c := Config{Table: "GazelleVectorTable", Partition: "RecNum"}
	if _, err := Open(context.Background(), vector(t, "decrypt_dotnet_33.json", "11"), publishedBranch(t), c); err != nil {
		t.Error(err)
	}
}

func TestHeaders(t *testing.T) {
	good := []byte(vector(t, "decrypt_dotnet_33.json", "11")[HeaderAttribute].Data)
	h, err := parseHeader(good)
	if err != nil {
		t.Fatal(err)
	}
	written, err := h.append(nil)
	if err != nil || !bytes.Equal(written, h.partial) {
		t.Errorf("written it is %x, %v", written, err)
	}
	for n := range good {
		if _, err := parseHeader(good[:n]); err == nil {
			t.Errorf("accepted its first %d bytes", n)
		}
	}
	change := func(f func(*header)) []byte {
		h, _ := parseHeader(good)
		f(&h)
		b, err := h.append(nil)
		if err != nil {
			t.Fatal(err)
		}
		return append(b, h.commit...)
	}
	none := bytes.Clone(good[:2+messageIDLen])
	for name, c := range map[string]struct {
		b    []byte
		want error
	}{
		"behind":     {append(bytes.Clone(good), 0), envelope.ErrFormat},
		"version 0":  {change(func(h *header) { h.version = 0 }), envelope.ErrUnsupported},
		"version 3":  {change(func(h *header) { h.version = 3 }), envelope.ErrUnsupported},
		"flavor 2":   {change(func(h *header) { h.flavor = 2 }), envelope.ErrUnsupported},
		"flavor 0":   {change(func(h *header) { h.flavor = 0 }), envelope.ErrFormat},
		"legend":     {change(func(h *header) { h.legend = []byte("x") }), envelope.ErrFormat},
		"legend v1":  {change(func(h *header) { h.version, h.legend = 1, []byte("c") }), envelope.ErrFormat},
		"unsigned":   {change(func(h *header) { h.context = map[string]string{} }), envelope.ErrFormat},
		"not text":   {change(func(h *header) { h.context["\xff"] = "" }), envelope.ErrFormat},
		"no keys":    {append(append(none, 0, 0, 0, 0, 0), make([]byte, 32)...), envelope.ErrFormat},
		"key twice":  {append(bytes.Clone(none), 0, 0, 0, 2, 0, 1, 'a', 0, 0, 0, 1, 'a', 0, 0), envelope.ErrFormat},
		"long count": {append(bytes.Clone(none), 0, 0, 255, 255), envelope.ErrFormat},
	} {
		if _, err := parseHeader(c.b); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestStoredMayNotStandIn(t *testing.T) {
	it := item.Item{"id": item.Text("")}
	c := Config{Table: "T", Partition: "id"}
	if _, err := fullContext(it, c, 1, map[string]string{contextTable: "T"}, nil); !errors.Is(err, envelope.ErrFormat) {
		t.Error(err)
	}
}

// U+1F600 comes before U+FFFF, as its surrogates do.
func TestOrderOfUTF16(t *testing.T) {
	set, err := appendValue(nil, item.Value{Type: item.SS, Set: []string{"\uffff", "😀"}})
	if want := "\x00\x00\x00\x02\x00\x00\x00\x04😀\x00\x00\x00\x03\uffff"; err != nil || string(set) != want {
		t.Errorf("got %q, %v", set, err)
	}
	m, err := appendValue(nil, item.Value{Type: item.M, Map: map[string]item.Value{"\uffff": {Type: item.Null}, "😀": {Type: item.Null}}})
	const null = "\x00\x00\x00\x00\x00\x00"
	if want := "\x00\x00\x00\x02\x00\x01\x00\x00\x00\x04😀" + null + "\x00\x01\x00\x00\x00\x03\uffff" + null; err != nil || string(m) != want {
		t.Errorf("got %q, %v", m, err)
	}
}

func TestValuesRefused(t *testing.T) {
	deep := strings.Repeat("\x00\x00\x00\x01\x03\x00\xff\xff\xff\xff", 3)
	for name, c := range map[string]struct {
		t item.Type
		b string
	}{
		"null": {item.Null, "x"}, "bool": {item.Bool, "\x02"}, "bool empty": {item.Bool, ""}, "text": {item.S, "\xff"}, "number": {item.N, "x"},
		"set count": {item.SS, "\xff\xff\xff\xff"}, "set cut": {item.SS, "\x00\x00\x00\x01\x00\x00\x00\x09"}, "set number": {item.NS, "\x00\x00\x00\x01\x00\x00\x00\x01x"}, "set behind": {item.BS, "\x00\x00\x00\x00x"},
		"list count": {item.L, "\xff\xff\xff\xff"}, "list type": {item.L, "\x00\x00\x00\x01\x09\x09\x00\x00\x00\x00"}, "list cut": {item.L, deep}, "list behind": {item.L, "\x00\x00\x00\x00x"},
		"map count": {item.M, "\x00\x00\x00\x09"}, "map key type": {item.M, "\x00\x00\x00\x01\x00\x02\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"}, "map behind": {item.M, "\x00\x00\x00\x00x"},
		"map key cut": {item.M, "\x00\x00\x00\x01\x00\x01\x00\x00\x00\x99\x00\x00\x00\x00\x00\x00"}, "map key text": {item.M, "\x00\x00\x00\x01\x00\x01\x00\x00\x00\x01\xff\x00\x00\x00\x00\x00\x00"},
		"map value cut": {item.M, "\x00\x00\x00\x01\x00\x01\x00\x00\x00\x05abcde\x00"},
		"map twice":     {item.M, "\x00\x00\x00\x02" + strings.Repeat("\x00\x01\x00\x00\x00\x01a\x00\x00\x00\x00\x00\x00", 2)},
	} {
		if _, err := parseValue(c.t, []byte(c.b), 0); !errors.Is(err, envelope.ErrFormat) {
			t.Errorf("%s: %v", name, err)
		}
	}
	b, v := []byte(nil), item.Value{Type: item.L}
	for range item.MaxDepth + 2 {
		v = item.Value{Type: item.L, List: []item.Value{v}}
	}
	b, _ = appendValue(b, v)
	if _, err := parseValue(item.L, b, 0); !errors.Is(err, envelope.ErrFormat) {
		t.Errorf("deep: %v", err)
	}
}

func TestPublicKeysRefused(t *testing.T) {
	for _, text := range []string{"", "*", "AAAA", strings.Repeat("A", 68)} {
		if _, err := parsePublic(text); !errors.Is(err, envelope.ErrFormat) {
			t.Errorf("%q: %v", text, err)
		}
	}
	h := header{flavor: 1, context: map[string]string{publicKey: ""}}
	if err := (footer{}).verify(h, nil); !errors.Is(err, envelope.ErrFormat) {
		t.Error(err)
	}
}

// A field whose signed type is not DynamoDB's, or whose key is shorter than
// the tag before it, is refused even by who holds the keys.
func TestFieldsAndKeysRefused(t *testing.T) {
	keys := newFieldKeys(envelope.NewDataKey(make([]byte, 32)), [messageIDLen]byte{})
	bad := item.Bytes(append([]byte{9, 9}, make([]byte, 16)...))
	if _, _, err := openField(keys, 0, field{value: bad}); !errors.Is(err, envelope.ErrFormat) {
		t.Error(err)
	}
	if _, _, err := openField(keys, 0, field{value: item.Bytes(make([]byte, 18))}); !errors.Is(err, envelope.ErrTampered) {
		t.Error(err)
	}
	short := []envelope.EncryptedDataKey{{Ciphertext: make([]byte, wrappedLen)}}
	if _, err := unwrap(context.Background(), branch{}, short, nil); !errors.Is(err, envelope.ErrFormat) {
		t.Error(err)
	}
	if got := printable("a\x00"); got != `"a\x00"` {
		t.Error(got)
	}
}

func FuzzHeader(f *testing.F) {
	for _, n := range []string{"1", "7", "11"} {
		f.Add([]byte(vector(f, "decrypt_dotnet_33.json", n)[HeaderAttribute].Data))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		h, err := parseHeader(b)
		if err != nil {
			return
		}
		if len(h.partial)+commitmentLen != len(b) {
			t.Fatal("bytes are not accounted for")
		}
		written, err := h.append(nil)
		if err != nil || len(written) != len(h.partial) { // the context's order may differ
			t.Fatalf("%v", err)
		}
	})
}

func FuzzValue(f *testing.F) {
	f.Add("L", []byte("\x00\x00\x00\x01\x00\x01\x00\x00\x00\x01a"))
	f.Add("M", []byte("\x00\x00\x00\x01\x00\x01\x00\x00\x00\x01a\x00\x00\x00\x00\x00\x00"))
	f.Add("NS", []byte("\x00\x00\x00\x01\x00\x00\x00\x011"))
	f.Fuzz(func(t *testing.T, name string, b []byte) {
		if _, ok := typeID(item.Type(name)); !ok {
			return
		}
		v, err := parseValue(item.Type(name), b, 0)
		if err != nil {
			return
		}
		out, err := appendValue(nil, v)
		if err != nil {
			t.Fatal(err)
		}
		if again, err := parseValue(v.Type, out, 0); err != nil || !again.Equal(v) {
			t.Fatalf("%q: %v", b, err)
		}
	})
}

// Nothing but a published item verifies, whatever its header, footer and
// fields are changed to.
func FuzzVerify(f *testing.F) {
	k := publishedBranch(f)
	items := map[string]item.Item{}
	for _, n := range []string{"1", "7", "11"} {
		it := vector(f, "decrypt_dotnet_33.json", n)
		items[it[HeaderAttribute].Data] = it
		f.Add([]byte(it[HeaderAttribute].Data), []byte(it[FooterAttribute].Data), []byte(it["Stuff"].Data), []byte(it["Junk"].Data), "1")
	}
	c := Config{Table: "GazelleVectorTable", Partition: "RecNum"}
	f.Fuzz(func(t *testing.T, head, foot, stuff, junk []byte, number string) {
		it := item.Item{
			HeaderAttribute: item.Bytes(head), FooterAttribute: item.Bytes(foot),
			"Stuff": item.Bytes(stuff), "Junk": item.Bytes(junk), "RecNum": item.Number(number),
		}
		proof, err := Verify(context.Background(), it, guard{k}, c)
		if (err == nil) != (proof.Verdict == envelope.Verified) {
			t.Fatalf("%v, %s", err, proof.Verdict)
		}
		if err == nil && !item.Equal(it, items[string(head)]) {
			t.Fatalf("accepted %v", it)
		}
	})
}

// guard refuses what the test keyring would panic on.
type guard struct{ branch }

func (g guard) Unwrap(ctx context.Context, edk envelope.EncryptedDataKey, full map[string]string) (envelope.DataKey, error) {
	if len(edk.Ciphertext) < 44 {
		return envelope.DataKey{}, envelope.ErrFormat
	}
	return g.branch.Unwrap(ctx, edk, full)
}

// TestSigned: signatures have the length that the SDKs write, and hold.
func TestSigned(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for range 20 { // of which ten are negated
		digest := random(48).Bytes()
		signature, err := signed(key, digest)
		sum := sha512.Sum384(digest)
		if err != nil || len(signature) != signatureLen || !ecdsa.VerifyASN1(&key.PublicKey, sum[:], signature) {
			t.Fatalf("%d bytes, %v", len(signature), err)
		}
	}
	if _, err := negated([]byte("no DER"), key.Params().N); err == nil {
		t.Error("what is no signature is negated")
	}
}
