package legacy

import (
	"bytes"
	"encoding/json"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sealaudit/sealaudit/internal/envelope/ddb/item"
)

const known = "../../../../fixtures/vectors/ddbec-legacy-python/"

func load(t testing.TB, name string, into any) {
	t.Helper()
	text, err := os.ReadFile(known + name)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, into); err != nil {
		t.Fatal(err)
	}
}

// one parses a value alone.
func one(t testing.TB, raw json.RawMessage) item.Value {
	t.Helper()
	it, err := item.Parse([]byte(`{"v":` + string(raw) + `}`))
	if err != nil {
		t.Fatal(err)
	}
	return it["v"]
}

type serialised struct {
	Attribute  json.RawMessage
	Serialized []byte
}

func TestKnownSerialisations(t *testing.T) {
	var vectors []serialised
	load(t, "serialize_attribute.json", &vectors)
	for i, v := range vectors {
		got, err := appendValue(nil, one(t, v.Attribute))
		if err != nil || !bytes.Equal(got, v.Serialized) {
			t.Errorf("%d: got %q, %v, want %q", i, got, err, v.Serialized)
		}
	}
	if len(vectors) != 22 {
		t.Errorf("%d vectors", len(vectors))
	}
}

func TestKnownDeserialisations(t *testing.T) {
	var vectors []serialised
	load(t, "deserialize_attribute.json", &vectors)
	for i, v := range vectors {
		got, err := parseValue(v.Serialized)
		if err != nil || !got.Equal(one(t, v.Attribute)) {
			t.Errorf("%d: got %v, %v, want %s", i, got, err, v.Attribute)
		}
		for n := range v.Serialized {
			if _, err := parseValue(v.Serialized[:n]); err == nil {
				t.Errorf("%d: accepted its first %d bytes", i, n)
			}
		}
		if _, err := parseValue(append(bytes.Clone(v.Serialized), 0)); err == nil {
			t.Errorf("%d: accepted a byte behind it", i)
		}
	}
	if len(vectors) != 15 {
		t.Errorf("%d vectors", len(vectors))
	}
}

func TestKnownDescriptions(t *testing.T) {
	var vectors []struct {
		Description map[string]string `json:"material_description"`
		Serialized  []byte
	}
	load(t, "material_description.json", &vectors)
	for i, v := range vectors {
		if got := appendDescription(nil, v.Description); !bytes.Equal(got, v.Serialized) {
			t.Errorf("%d: got %q, want %q", i, got, v.Serialized)
		}
		got, err := parseDescription(v.Serialized)
		if diff := cmp.Diff(v.Description, got); err != nil || diff != "" {
			t.Errorf("%d: %v (-want +got):\n%s", i, err, diff)
		}
	}
	if len(vectors) != 3 {
		t.Errorf("%d vectors", len(vectors))
	}
}

func TestKnownStringsToSign(t *testing.T) {
	var vectors []struct {
		Table string
		Item  map[string]struct {
			Value  json.RawMessage
			Action string
		}
		Text []byte `json:"string_to_sign"`
	}
	load(t, "string_to_sign.json", &vectors)
	words := map[string]Action{"encrypt": EncryptAndSign, "sign": SignOnly, "nothing": DoNothing}
	for i, v := range vectors {
		it := item.Item{}
		for name, a := range v.Item {
			it[name] = one(t, a.Value)
		}
		p, err := pieces(it, false)
		if err != nil {
			t.Fatal(err)
		}
		actions := make([]Action, len(p))
		for j := range p {
			actions[j] = words[v.Item[p[j].attribute].Action]
		}
		if got := appendText(nil, tableDigest(v.Table), p, actions); !bytes.Equal(got, v.Text) {
			t.Errorf("%d: got %x, want %x", i, got, v.Text)
		}
	}
	if len(vectors) != 4 {
		t.Errorf("%d vectors", len(vectors))
	}
}

// RFC 3394, section 4.
func TestKnownKeyWraps(t *testing.T) {
	key := []byte("\x00\x11\x22\x33\x44\x55\x66\x77\x88\x99\xaa\xbb\xcc\xdd\xee\xff")
	kek := []byte("\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f")
	want := []byte("\x1f\xa6\x8b\x0a\x81\x12\xb4\x47\xae\xf3\x4b\xd8\xfb\x5a\x7b\x82\x9d\x3e\x86\x23\x71\xd2\xcf\xe5")
	got, err := wrapKey(kek, key)
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("wrapped to %x, %v", got, err)
	}
	back, err := unwrapKey(kek, want)
	if err != nil || !bytes.Equal(back, key) {
		t.Errorf("unwrapped to %x, %v", back, err)
	}
	for bit := range 8 * len(want) {
		changed := bytes.Clone(want)
		changed[bit/8] ^= 1 << (bit % 8)
		if _, err := unwrapKey(kek, changed); err == nil {
			t.Errorf("accepted with bit %d changed", bit)
		}
	}
	for _, bad := range [][]byte{nil, want[:8], want[:17], bytes.Repeat(want, 100)} {
		if _, err := unwrapKey(kek, bad); err == nil {
			t.Errorf("accepted %d bytes", len(bad))
		}
	}
	if _, err := unwrapKey(kek[:5], want); err == nil {
		t.Error("accepted a key of 5 bytes")
	}
	if _, err := wrapKey(kek, key[:9]); err == nil {
		t.Error("wrapped 9 bytes")
	}
}
