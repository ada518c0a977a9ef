package ddb_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sealaudit/sealaudit/internal/envelope"
	"github.com/sealaudit/sealaudit/internal/envelope/ddb"
	"github.com/sealaudit/sealaudit/internal/envelope/ddb/item"
	"github.com/sealaudit/sealaudit/internal/envelope/ddb/legacy"
	"github.com/sealaudit/sealaudit/internal/envelope/keyring"
)

func keys(t testing.TB) ddb.Keys {
	t.Helper()
	ring, err := keyring.NewAES("test", "key", make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	key := func() envelope.DataKey { return envelope.NewDataKey(bytes.Repeat([]byte{3}, 32)) }
	return ddb.Keys{Keyring: ring, Legacy: legacy.Static{Key: key(), Signing: legacy.Signing{HMAC: key()}}}
}

func parse(t testing.TB, text string) ddb.Item {
	t.Helper()
	it, err := ddb.Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return it
}

func TestFormats(t *testing.T) {
	ctx, k := context.Background(), keys(t)
	plain := parse(t, `{"id":{"S":"7"},"s":{"S":"secret text"},"n":{"N":"1.5"}}`)
	meta := parse(t, `{"N":{"S":"m"},"V":{"N":"0"},"t":{"S":"0"},"encAlg":{"S":"AES"},"enc":{"B":"AAAA"},"intAlg":{"S":"HmacSHA256"},"int":{"B":"AAAA"}}`)
	config := ddb.Config{
		Table: "T", Partition: "id", Default: item.EncryptAndSign,
		Actions: map[string]ddb.Action{"id": item.SignOnly, "n": item.SignOnly},
	}
	metaConfig := config
	metaConfig.Partition, metaConfig.Sort, metaConfig.Actions = "N", "V", nil
	for _, c := range []struct {
		format ddb.Format
		item   ddb.Item
		config ddb.Config
	}{{ddb.Legacy, plain, config}, {ddb.Structured, plain, config}, {ddb.MetaStore, meta, metaConfig}} {
		sealed, err := ddb.Seal(ctx, c.item, c.format, k, c.config)
		if err != nil {
			t.Fatal(err)
		}
		if got := ddb.Recognise(sealed); got != c.format {
			t.Errorf("recognised as %q, want %q", got, c.format)
		}
		reading := ddb.Config{Table: "T", Partition: c.config.Partition, Sort: c.config.Sort}
		proof, err := ddb.Verify(ctx, sealed, k, reading)
		if err != nil || proof.Verdict != envelope.Verified {
			t.Errorf("%s: %v, %+v", c.format, err, proof)
		}
		opened, err := ddb.Open(ctx, sealed, k, reading)
		if err != nil || !item.Equal(opened, c.item) {
			t.Errorf("%s: %v, %v", c.format, err, opened)
		}
		proof, err = ddb.Inspect(sealed, reading)
		if err != nil || proof.Verdict != envelope.Unknown {
			t.Errorf("%s: %v, %+v", c.format, err, proof)
		}
		for _, s := range proof.Context {
			if s.Value != "" {
				t.Errorf("%s: a value of %s is shown", c.format, s.Key)
			}
		}
		if proof, err := ddb.Verify(ctx, sealed, ddb.Keys{}, reading); !errors.Is(err, envelope.ErrNoKey) || proof.Verdict != envelope.Unknown {
			t.Errorf("%s without keys: %v", c.format, err)
		}
	}
}

func TestOtherItems(t *testing.T) {
	ctx, k := context.Background(), keys(t)
	for want, it := range map[error]ddb.Item{envelope.ErrFormat: parse(t, `{"id":{"S":"7"}}`), envelope.ErrUnsupported: branchItem(t)} {
		if _, err := ddb.Open(ctx, it, k, ddb.Config{}); !errors.Is(err, want) {
			t.Errorf("open: %v", err)
		}
		if proof, err := ddb.Verify(ctx, it, k, ddb.Config{}); !errors.Is(err, want) || proof.Verdict != envelope.Says(want) {
			t.Errorf("verify: %v", err)
		}
		if _, err := ddb.Inspect(it, ddb.Config{}); !errors.Is(err, want) {
			t.Errorf("inspect: %v", err)
		}
	}
	if _, err := ddb.Seal(ctx, ddb.Item{}, ddb.KeyStore, k, ddb.Config{}); !errors.Is(err, envelope.ErrUnsupported) {
		t.Error(err)
	}
	if _, err := ddb.Seal(ctx, ddb.Item{}, ddb.Structured, ddb.Keys{}, ddb.Config{Table: "T", Partition: "id"}); err == nil {
		t.Error("sealed without a keyring")
	}
}

const uuid = "e9ce18a3-edb5-4272-9f86-1cacb7997ff6"

func branchItem(t testing.TB) ddb.Item {
	t.Helper()
	return parse(t, `{"branch-key-id":{"S":"tenant"},"type":{"S":"branch:ACTIVE"},"version":{"S":"branch:version:`+uuid+`"},"enc":{"B":"AQID"},
		"create-time":{"S":"2024-01-02T03:04:05.000006Z"},"kms-arn":{"S":"arn:aws:kms:us-west-2:111122223333:key/k"},"hierarchy-version":{"N":"1"},"aws-crypto-ec:team":{"S":"x"}}`)
}

// kms has one key, under one context.
type kms struct {
	want map[string]string
	t    testing.TB
}

func (k kms) Decrypt(_ context.Context, keyID string, blob []byte, got map[string]string) (envelope.DataKey, error) {
	if keyID == "" {
		return envelope.DataKey{}, fmt.Errorf("%w", envelope.ErrRefused)
	}
	if diff := cmp.Diff(k.want, got); diff != "" || string(blob) != "\x01\x02\x03" {
		k.t.Errorf("asked for %x (-want +got):\n%s", blob, diff)
	}
	return envelope.NewDataKey(make([]byte, 32)), nil
}

func (kms) GenerateDataKey(context.Context, string, int, map[string]string) (envelope.DataKey, []byte, error) {
	return envelope.DataKey{}, nil, envelope.ErrUnsupported
}

func TestBranchKey(t *testing.T) {
	ctx, it := context.Background(), branchItem(t)
	if got := ddb.Recognise(it); got != ddb.KeyStore {
		t.Errorf("recognised as %q", got)
	}
	k, err := ddb.ParseBranchKey(it, "Keys")
	if err != nil {
		t.Fatal(err)
	}
	if k.ID != "tenant" || k.Version != uuid {
		t.Errorf("%+v", k)
	}
	client := kms{t: t, want: map[string]string{
		"branch-key-id": "tenant", "type": "branch:ACTIVE", "version": "branch:version:" + uuid, "create-time": "2024-01-02T03:04:05.000006Z",
		"kms-arn": "arn:aws:kms:us-west-2:111122223333:key/k", "hierarchy-version": "1", "aws-crypto-ec:team": "x", "tablename": "Keys",
	}}
	ring, err := k.Keyring(ctx, client)
	if err != nil {
		t.Fatal(err)
	}
	config := ddb.Config{Table: "T", Partition: "id", Default: item.SignOnly}
	sealed, err := ddb.Seal(ctx, parse(t, `{"id":{"S":"7"}}`), ddb.Structured, ddb.Keys{Keyring: ring}, config)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ddb.Verify(ctx, sealed, ddb.Keys{Keyring: ring}, config); err != nil {
		t.Error(err)
	}
	k.KMSKey = ""
	if _, err := k.Keyring(ctx, client); !errors.Is(err, envelope.ErrRefused) {
		t.Error(err)
	}
	k.Version = ""
	if _, err := k.Keyring(ctx, client); !errors.Is(err, envelope.ErrNoKey) {
		t.Error(err)
	}
}

func TestParseBranchKeyRefuses(t *testing.T) {
	with := func(name string, v item.Value) ddb.Item {
		it := maps.Clone(branchItem(t))
		it[name] = v
		return it
	}
	for name, c := range map[string]struct {
		item ddb.Item
		want error
	}{
		"no key store": {ddb.Item{}, envelope.ErrFormat},
		"hierarchy":    {with("hierarchy-version", item.Number("2")), envelope.ErrUnsupported},
		"type":         {with("type", item.Text("other")), envelope.ErrFormat},
		"version":      {with("version", item.Text(uuid)), envelope.ErrFormat},
		"map":          {with("x", item.Value{Type: item.M}), envelope.ErrFormat},
		"table name":   {with("tablename", item.Text("Keys")), envelope.ErrFormat},
	} {
		if _, err := ddb.ParseBranchKey(c.item, "Keys"); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for typ, want := range map[string]string{"beacon:ACTIVE": "", "branch:version:" + uuid: uuid} {
		k, err := ddb.ParseBranchKey(with("type", item.Text(typ)), "Keys")
		if err != nil || k.Version != want {
			t.Errorf("%s: %+v, %v", typ, k, err)
		}
	}
}

// Nothing of what is secret is in a proof or an error, whatever fails.
func TestNothingSecretIsShown(t *testing.T) {
	ctx, k := context.Background(), keys(t)
	plain := parse(t, `{"id":{"S":"secret-id"},"s":{"S":"secret-text"},"u":{"S":"secret-free"}}`)
	config := ddb.Config{Table: "secret-table", Partition: "id", Default: item.EncryptAndSign, Unsigned: []string{"u"},
		Actions: map[string]ddb.Action{"id": item.SignOnly, "u": item.DoNothing}}
	for _, format := range []ddb.Format{ddb.Legacy, ddb.Structured} {
		sealed, err := ddb.Seal(ctx, plain, format, k, config)
		if err != nil {
			t.Fatal(err)
		}
		for name, v := range sealed {
			for i := range len(v.Data) + 1 {
				changed := maps.Clone(sealed)
				if b := []byte(v.Data); i < len(b) {
					b[i] ^= 0x10
					changed[name] = item.Value{Type: v.Type, Data: string(b)}
				}
				proof, err := ddb.Verify(ctx, changed, k, config)
				if text := fmt.Sprintf("%+v %v", proof, err); bytes.Contains([]byte(text), []byte("secret")) || bytes.Contains([]byte(text), bytes.Repeat([]byte{3}, 8)) {
					t.Fatalf("%s: %s", format, text)
				}
			}
		}
	}
}
