package ddb_test

import (
	"maps"
	"slices"
	"testing"

	"github.com/sealaudit/sealaudit/internal/envelope"
	"github.com/sealaudit/sealaudit/internal/envelope/ddb"
	"github.com/sealaudit/sealaudit/internal/envelope/ddb/item"
	"github.com/sealaudit/sealaudit/internal/envelope/ddb/legacy"
	"github.com/sealaudit/sealaudit/internal/envelope/ddb/structured"
	"github.com/sealaudit/sealaudit/internal/envelope/keyring"
)

// Two items share a data key, and an initialisation vector under it, when they
// share what wraps them. A copy shares nothing, and neither do items of one
// key.
func TestRunFindsSharedKeys(t *testing.T) {
	aes, err := keyring.NewAES("ns", "n", make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	keys := ddb.Keys{Keyring: aes, Legacy: legacy.Wrapped{AES: envelope.NewDataKey(make([]byte, 32)), Signing: legacy.Signing{HMAC: envelope.NewDataKey(make([]byte, 32))}}}
	c := ddb.Config{Table: "t", Partition: "id", Actions: map[string]ddb.Action{"id": item.SignOnly}, Default: item.EncryptAndSign}
	seal := func(f ddb.Format, text string) ddb.Item {
		t.Helper()
		plain, err := ddb.Parse([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		out, err := ddb.Seal(t.Context(), plain, f, keys, c)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	for f, own := range map[ddb.Format][2]string{
		ddb.Structured: {structured.HeaderAttribute, structured.FooterAttribute},
		ddb.Legacy:     {legacy.DescriptionAttribute, legacy.SignatureAttribute},
	} {
		one, two := seal(f, `{"id": {"S": "1"}, "a": {"S": "one"}}`), seal(f, `{"id": {"S": "2"}, "a": {"S": "two"}}`)
		reused := maps.Clone(two) // the first one's key, and what it encrypted, elsewhere
		reused[own[0]], reused["a"] = one[own[0]], one["a"]
		broken := maps.Clone(one)
		broken[own[0]] = item.Bytes([]byte{9})
		run := ddb.NewRun()
		for _, step := range []struct {
			what string
			it   ddb.Item
			weak []string
		}{
			{"the first", one, nil}, {"a copy", maps.Clone(one), nil}, {"another", two, nil}, {"a broken header", broken, nil},
			{"the first one's key", reused, []string{"duplicate-data-key", "duplicate-iv"}},
			{"a plain item", ddb.Item{"id": item.Text("1")}, nil},
		} {
			var p envelope.Proof
			run.Note(&p, step.it)
			var got []string
			for _, w := range p.Weaknesses {
				got = append(got, w.ID)
			}
			if slices.Sort(got); !slices.Equal(got, step.weak) {
				t.Errorf("%s: %s has %v, want %v", f, step.what, got, step.weak)
			}
		}
	}
}
