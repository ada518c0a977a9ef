package legacy_test

import (
	"context"
	"crypto/rsa"
	"crypto/x509"
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
	"github.com/sealaudit/sealaudit/internal/envelope/ddb/legacy"
)

const vectors = "../../../../fixtures/vectors/ddbec-legacy-python/encrypted_item"

func read(t testing.TB, path string, into any) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, into); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
}

// keys are the published keys.
func published(t testing.TB) (aes, mac envelope.DataKey, wrap, sign *rsa.PrivateKey) {
	t.Helper()
	var keys map[string]struct{ Material []byte }
	read(t, filepath.Join(vectors, "keys.json"), &keys)
	private := func(name string) *rsa.PrivateKey {
		k, err := x509.ParsePKCS8PrivateKey(keys[name].Material)
		if err != nil {
			t.Fatal(err)
		}
		return k.(*rsa.PrivateKey)
	}
	return envelope.NewDataKey(keys["aesKey"].Material), envelope.NewDataKey(keys["hmacKey"].Material), private("rsaEncPriv"), private("rsaSignPriv")
}

type scenario struct {
	Version, Provider, Ciphertext string
	MaterialName                  string `json:"material_name"`
	Keys                          map[string]string
	Network                       bool
	Metastore                     *struct {
		TableName  string `json:"table_name"`
		Provider   string
		Keys       map[string]string
		Ciphertext string
	}
}

func (s scenario) name() string { return strings.TrimPrefix(s.Ciphertext, "file://ciphertext/") }

// A case is one published item, with what it opens to.
type vector struct {
	name     string
	scenario scenario
	stored   item.Item
	plain    item.Item
	action   string
	config   legacy.Config
	offline  bool
}

type plaintexts struct {
	Actions map[string]struct {
		Default  string
		Override map[string]string
	}
	Items map[string]struct {
		Index struct{ Partition, Sort string }
		Items []struct {
			Attributes json.RawMessage
			Action     string
			Exact      bool
		}
	}
	Versions   map[string]map[string][]string
	Attributes map[string]json.RawMessage
}

func parse(t testing.TB, text []byte) item.Item {
	t.Helper()
	it, err := item.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return it
}

// cases are all published items.
func cases(t testing.TB) []vector {
	var all struct{ Scenarios []scenario }
	read(t, filepath.Join(vectors, "scenarios.json"), &all)
	var p plaintexts
	read(t, filepath.Join(vectors, "plaintext.json"), &p)
	var out []vector
	for _, s := range all.Scenarios {
		var tables map[string][]json.RawMessage
		read(t, filepath.Join(vectors, strings.TrimPrefix(s.Ciphertext, "file://")), &tables)
		for table, items := range tables {
			about := p.Items[table]
			for i, raw := range items {
				c := vector{name: fmt.Sprintf("%s/%s/%d", s.name(), table, i), scenario: s, stored: parse(t, raw), offline: offline(s)}
				c.config = legacy.Config{Table: table, Partition: about.Index.Partition, Sort: about.Index.Sort}
				for _, known := range about.Items {
					key := parse(t, known.Attributes)
					if !key[c.config.Partition].Equal(c.stored[c.config.Partition]) || !key[c.config.Sort].Equal(c.stored[c.config.Sort]) {
						continue
					}
					c.plain, c.action = key, known.Action
					if !known.Exact {
						for _, part := range append([]string{}, p.Versions[table][s.Version]...) {
							for name, v := range parse(t, p.Attributes[part]) {
								c.plain[name] = v
							}
						}
					}
					c.config = withActions(c.config, p, known.Action)
				}
				out = append(out, c)
			}
		}
	}
	return out
}

func withActions(c legacy.Config, p plaintexts, name string) legacy.Config {
	words := map[string]legacy.Action{"encrypt": legacy.EncryptAndSign, "sign": legacy.SignOnly, "nothing": legacy.DoNothing}
	c.Default = words[p.Actions[name].Default]
	c.Actions = map[string]legacy.Action{}
	for attribute, action := range p.Actions[name].Override {
		c.Actions[attribute] = words[action]
	}
	return c
}

func offline(s scenario) bool {
	return s.Provider != "awskms" && (s.Metastore == nil || s.Metastore.Provider != "awskms")
}

// provider makes a scenario's.
func provider(t testing.TB, s scenario) legacy.Provider {
	t.Helper()
	if s.Metastore == nil {
		return simple(t, s.Provider, s.Keys["decrypt"])
	}
	var tables map[string][]json.RawMessage
	read(t, filepath.Join(vectors, strings.TrimPrefix(s.Metastore.Ciphertext, "file://")), &tables)
	stored := parse(t, tables[s.Metastore.TableName][0])
	return legacy.MostRecent{
		Table: s.Metastore.TableName, Provider: simple(t, s.Metastore.Provider, s.Metastore.Keys["decrypt"]), Name: s.MaterialName,
		Get: func(context.Context, string, int64) (item.Item, error) { return stored, nil },
	}
}

func simple(t testing.TB, kind, key string) legacy.Provider {
	t.Helper()
	aes, mac, wrap, sign := published(t)
	switch {
	case kind == "static":
		return legacy.Static{Key: aes, Signing: legacy.Signing{HMAC: mac}}
	case kind == "wrapped" && key == "aesKey":
		return legacy.Wrapped{AES: aes, Signing: legacy.Signing{HMAC: mac}}
	case kind == "wrapped":
		return legacy.Wrapped{Private: wrap, Signing: legacy.Signing{Public: &sign.PublicKey}}
	case kind == "awskms":
		return legacy.KMSDirect{Client: denied{}}
	}
	t.Fatalf("provider %q", kind)
	return nil
}

// denied is a KMS that the tests may not use.
type denied struct{}

func (denied) Decrypt(context.Context, string, []byte, map[string]string) (envelope.DataKey, error) {
	return envelope.DataKey{}, fmt.Errorf("%w: access denied", envelope.ErrRefused)
}

func (denied) GenerateDataKey(context.Context, string, int, map[string]string) (envelope.DataKey, []byte, error) {
	return envelope.DataKey{}, nil, fmt.Errorf("%w: access denied", envelope.ErrRefused)
}

// dropVersion forgets the attribute that Java's mapper counts up, which the
// published plaintext has stale.
func dropVersion(it item.Item) item.Item {
	out := item.Item{}
	for name, v := range it {
		if name != "version" {
			out[name] = v
		}
	}
	return out
}

func TestPublishedItems(t *testing.T) {
	ctx := context.Background()
	got := map[string]int{}
	for _, c := range cases(t) {
		t.Run(c.name, func(t *testing.T) {
			p := provider(t, c.scenario)
			switch {
			case !legacy.Recognise(c.stored):
				got["unsigned"]++
				if c.action != "nothing" {
					t.Errorf("an item with action %q is not recognised", c.action)
				}
				return
			case !c.offline:
				got["needs KMS"]++
				proof, err := legacy.Verify(ctx, c.stored, p, c.config)
				if !errors.Is(err, envelope.ErrRefused) || proof.Verdict != envelope.Unknown {
					t.Errorf("without KMS: %v, %s", err, proof.Verdict)
				}
				return
			}
			if c.plain == nil { // two items of a static key, in two files
				got["plaintext not published"]++
				p = simple(t, "static", "aesKey")
			}
			opened, err := legacy.Open(ctx, c.stored, p, c.config)
			if err != nil {
				t.Fatal(err)
			}
			if c.plain != nil && !item.Equal(dropVersion(c.plain), dropVersion(opened)) {
				t.Errorf("got %v, want %v", opened, c.plain)
			}
			got["opened"]++
			proof, err := legacy.Verify(ctx, c.stored, p, c.config)
			if err != nil || proof.Verdict != envelope.Verified {
				t.Fatalf("given actions: %v, %+v", err, proof)
			}
			got["verified"]++
			c.config.Actions, c.config.Default = nil, ""
			opened2, err := legacy.Open(ctx, c.stored, p, c.config)
			if err != nil {
				t.Fatalf("inferred actions: %v", err)
			}
			if !item.Equal(opened, opened2) {
				t.Errorf("inferred actions open to another item")
			}
			got["inferred"]++
		})
	}
	want := map[string]int{
		"opened": 274, "verified": 274, "inferred": 274, "plaintext not published": 4,
		"unsigned":  22, // every attribute left out, so there is nothing to check
		"needs KMS": 60, // aws-kms-direct-1 and metastore-data-tables-3, of Java and Python
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("counts (-want +got):\n%s", diff)
	}
}

func TestPublishedMetastores(t *testing.T) {
	ctx := context.Background()
	var all struct{ Scenarios []scenario }
	read(t, filepath.Join(vectors, "scenarios.json"), &all)
	got := map[string]int{}
	for _, s := range all.Scenarios {
		if s.Metastore == nil {
			continue
		}
		var tables map[string][]json.RawMessage
		read(t, filepath.Join(vectors, strings.TrimPrefix(s.Metastore.Ciphertext, "file://")), &tables)
		stored := parse(t, tables[s.Metastore.TableName][0])
		if !legacy.IsMetaStore(stored) {
			t.Errorf("%s is not recognised", s.Metastore.Ciphertext)
		}
		p := simple(t, s.Metastore.Provider, s.Metastore.Keys["decrypt"])
		config := legacy.Config{Table: s.Metastore.TableName, Partition: "N", Sort: "V"}
		proof, err := legacy.Verify(ctx, stored, p, config)
		if s.Metastore.Provider == "awskms" {
			got["needs KMS"]++
			if !errors.Is(err, envelope.ErrRefused) {
				t.Errorf("%s: %v", s.Metastore.Ciphertext, err)
			}
			continue
		}
		if err != nil || proof.Verdict != envelope.Verified {
			t.Errorf("%s: %v", s.Metastore.Ciphertext, err)
		}
		got["verified"]++
	}
	if diff := cmp.Diff(map[string]int{"verified": 4, "needs KMS": 2}, got); diff != "" {
		t.Errorf("counts (-want +got):\n%s", diff)
	}
}
