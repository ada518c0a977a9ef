package structured_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sealaudit/sealaudit/internal/envelope"
	"github.com/sealaudit/sealaudit/internal/envelope/ddb/item"
	"github.com/sealaudit/sealaudit/internal/envelope/ddb/structured"
	"github.com/sealaudit/sealaudit/internal/envelope/keyring"
)

const vectors = "../../../../fixtures/vectors/dbesdk"

func read(t testing.TB, name string, into any) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(vectors, name))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, into); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
}

// branchKey is the published branch key's keyring.
func branchKey(t testing.TB) envelope.Keyring {
	t.Helper()
	var all struct {
		Keys map[string]struct {
			ID        string `json:"key-id"`
			Version   string `json:"branchKeyVersion"`
			BranchKey []byte `json:"branchKey"`
		}
	}
	text, err := os.ReadFile(filepath.Join(vectors, "keys.json"))
	if err != nil {
		t.Fatal(err)
	}
	var raw struct{ Keys map[string]json.RawMessage }
	if err := json.Unmarshal(text, &raw); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(`{"keys":{"k":`+string(raw.Keys["static-branch-key-1"])+`}}`), &all); err != nil {
		t.Fatal(err)
	}
	k := all.Keys["k"]
	ring, err := keyring.NewHierarchy(k.ID, k.Version, k.BranchKey)
	if err != nil {
		t.Fatal(err)
	}
	return ring
}

// A vector is one published item.
type vector struct {
	name     string
	negative bool
	stored   item.Item
	plain    item.Item
	config   structured.Config
}

func all(t testing.TB) []vector {
	t.Helper()
	var out []vector
	for _, file := range []string{"decrypt_dotnet_32.json", "decrypt_dotnet_33.json", "decrypt_java_32.json"} {
		var manifest struct {
			Tests map[string]struct {
				Type, Description string
				Config            struct{ AllowedUnsignedAttributes []string }
				Plaintext         map[string]json.RawMessage
				Encrypted         json.RawMessage
			}
		}
		read(t, file, &manifest)
		for n, v := range manifest.Tests {
			stored, err := item.Parse(v.Encrypted)
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, vector{
				name: fmt.Sprintf("%s/%s %s", file, n, v.Description), negative: strings.HasPrefix(v.Type, "negative"),
				stored: stored, plain: plaintext(t, v.Plaintext),
				config: structured.Config{Table: "GazelleVectorTable", Partition: "RecNum", Unsigned: v.Config.AllowedUnsignedAttributes},
			})
		}
	}
	return out
}

// plaintext reads the manifest's short form: a text or number stands for S
// or N.
func plaintext(t testing.TB, raw map[string]json.RawMessage) item.Item {
	t.Helper()
	typed := map[string]json.RawMessage{}
	for name, v := range raw {
		typed[name] = long(t, v)
	}
	text, err := json.Marshal(typed)
	if err != nil {
		t.Fatal(err)
	}
	it, err := item.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return it
}

func long(t testing.TB, v json.RawMessage) json.RawMessage {
	t.Helper()
	switch v[0] {
	case '"':
		return json.RawMessage(`{"S":` + string(v) + `}`)
	case '{':
		var o map[string]json.RawMessage
		if err := json.Unmarshal(v, &o); err != nil {
			t.Fatal(err)
		}
		if l, ok := o["L"]; ok {
			var list []json.RawMessage
			if err := json.Unmarshal(l, &list); err != nil {
				t.Fatal(err)
			}
			for i := range list {
				list[i] = long(t, list[i])
			}
			o["L"], _ = json.Marshal(list)
		}
		if m, ok := o["M"]; ok {
			var inner map[string]json.RawMessage
			if err := json.Unmarshal(m, &inner); err != nil {
				t.Fatal(err)
			}
			for k := range inner {
				inner[k] = long(t, inner[k])
			}
			o["M"], _ = json.Marshal(inner)
		}
		out, _ := json.Marshal(o)
		return out
	}
	return json.RawMessage(`{"N":"` + string(v) + `"}`)
}

func TestPublishedItems(t *testing.T) {
	ctx, ring := context.Background(), branchKey(t)
	got := map[string]int{}
	for _, v := range all(t) {
		t.Run(v.name, func(t *testing.T) {
			proof, err := structured.Verify(ctx, v.stored, ring, v.config)
			opened, openErr := structured.Open(ctx, v.stored, ring, v.config)
			if v.negative {
				got["refused"]++
				if !errors.Is(err, envelope.ErrFormat) || !errors.Is(openErr, envelope.ErrFormat) || proof.Verdict != envelope.Refuted {
					t.Errorf("accepted: %v, %v, %+v", err, openErr, proof)
				}
				return
			}
			if err != nil || openErr != nil || proof.Verdict != envelope.Verified {
				t.Fatalf("%v, %v, %+v", err, openErr, proof)
			}
			if !item.Equal(v.plain, opened) {
				t.Errorf("opened to %v, want %v", opened, v.plain)
			}
			got["verified "+proof.Version+" "+proof.Suite[:4]]++
		})
	}
	want := map[string]int{
		"verified 1 6700": 6, "verified 1 6701": 18, "verified 2 6701": 3,
		"refused": 3, // attributes that the header has signed, configured as unsigned
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("counts (-want +got):\n%s", diff)
	}
}
