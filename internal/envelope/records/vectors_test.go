package records_test

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/sealaudit/sealaudit/internal/envelope"
	"github.com/sealaudit/sealaudit/internal/envelope/keyring"
	"github.com/sealaudit/sealaudit/internal/envelope/records"
)

var ctx = context.Background()

// publishedKMS decrypts one blob, under one encryption context.
type publishedKMS struct {
	key     []byte
	context map[string]string
}

func (k publishedKMS) Decrypt(_ context.Context, _ string, blob []byte, context map[string]string) (envelope.DataKey, error) {
	if !maps.Equal(context, k.context) || string(blob) != "example-kms-ciphertext-blob" {
		return envelope.DataKey{}, fmt.Errorf("%w: InvalidCiphertextException", envelope.ErrTampered)
	}
	return envelope.NewDataKey(bytes.Clone(k.key)), nil
}

func (publishedKMS) GenerateDataKey(context.Context, string, int, map[string]string) (envelope.DataKey, []byte, error) {
	return envelope.DataKey{}, nil, envelope.ErrUnsupported
}

type activityVector struct {
	Name    string            `json:"name"`
	Data    string            `json:"kinesis_record_data"`
	Context map[string]string `json:"kms_encryption_context"`
	Key     []byte            `json:"kms_plaintext_data_key_b64"`
	Expect  string            `json:"expect"`
	Plain   string            `json:"plaintext_json"`
}

func vectors(t testing.TB, name string, into any) {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("..", "..", "..", "fixtures", "vectors", "kinesis-generated", name))
	if err == nil {
		err = json.Unmarshal(b, into)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func activityVectors(t testing.TB) []activityVector {
	var all struct{ Vectors []activityVector }
	vectors(t, "database-activity-streams.json", &all)
	return all.Vectors
}

func mustParse(t testing.TB, b []byte) records.Record {
	t.Helper()
	r, err := records.Parse(b)
	if err != nil || r == nil {
		t.Fatalf("%.60q is no record: %v", b, err)
	}
	return r
}

func options(context map[string]string) records.Options {
	var o records.Options
	o.Messages.Context = context
	return o
}

// Each published activity record opens, or is refused at the step that it is
// meant to be refused at.
func TestActivityVectors(t *testing.T) {
	refusedAt := map[string]string{
		"das-body-bit-flip": "body", "das-wrong-data-key": "data key", "das-wrong-provider-namespace": "producer",
		"das-not-gzip": "compression", "das-truncated-after-first-frame": "body",
	}
	opened, refused := 0, 0
	for _, v := range activityVectors(t) {
		r := mustParse(t, []byte(v.Data))
		keys := records.Keys{KMS: publishedKMS{v.Key, v.Context}}
		var plain bytes.Buffer
		p, err := r.Open(ctx, &plain, keys, options(v.Context))
		q, err2 := r.Verify(ctx, keys, options(v.Context))
		last := p.Steps[len(p.Steps)-1]
		if p.Verdict != q.Verdict || len(p.Steps) != len(q.Steps) || (err == nil) != (err2 == nil) {
			t.Errorf("%s: opening says %s, verifying %s", v.Name, p.Verdict, q.Verdict)
		}
		if v.Expect == "ok" {
			opened++
			if err != nil || plain.String() != v.Plain || p.Verdict != envelope.Verified || p.Bytes != int64(len(v.Plain)) || last.Name != "compression" {
				t.Errorf("%s: %v, %d bytes, %+v", v.Name, err, plain.Len(), p)
			}
			names := ""
			for _, s := range p.Steps {
				names += s.Name + ", "
			}
			if names != "record, producer, key, header, data key, header tag, body, compression, " {
				t.Errorf("%s: the steps are %s", v.Name, names)
			}
		} else {
			refused++
			if plain.Len() > 0 || p.Verdict != envelope.Refuted || last.Name != refusedAt[v.Name] || last.Verdict != envelope.Refuted || envelope.Says(err) != envelope.Refuted {
				t.Errorf("%s: refused at %q: %v", v.Name, last.Name, err)
			}
		}
		checkInspection(t, v, r)
	}
	if opened != 3 || refused != 5 {
		t.Errorf("%d opened and %d refused; want 3 and 5", opened, refused)
	}
}

func checkInspection(t *testing.T, v activityVector, r records.Record) {
	t.Helper()
	p, err := r.Inspect(ctx, records.Options{})
	broken := strings.Contains(v.Name, "truncated") || strings.Contains(v.Name, "namespace")
	if broken != (p.Verdict == envelope.Refuted) || broken != (err != nil) || !broken && p.Verdict != envelope.Unknown {
		t.Errorf("%s: an inspection says %s: %v", v.Name, p.Verdict, err)
	}
	if !broken && (p.Suite == "" || !slices.Contains(weak(p), "not-committing") || len(p.Keys) != 2) {
		t.Errorf("%s: %+v", v.Name, p)
	}
}

func weak(p envelope.Proof) (ids []string) {
	for _, w := range p.Weaknesses {
		ids = append(ids, w.ID)
	}
	return ids
}

// KMS does not tell another encryption context from a changed blob: without
// one that may be right, nothing is refuted.
func TestActivityContexts(t *testing.T) {
	v := activityVectors(t)[0]
	r := mustParse(t, []byte(v.Data))
	keys := records.Keys{KMS: publishedKMS{v.Key, v.Context}}
	for what, tc := range map[string]struct {
		context map[string]string
		keys    records.Keys
		want    envelope.Verdict
	}{
		"none":           {nil, keys, envelope.Unknown},
		"of other names": {map[string]string{"a": "b"}, keys, envelope.Unknown},
		"of another one": {map[string]string{"aws:rds:dbc-id": "cluster-OTHER"}, keys, envelope.Refuted},
		"no KMS":         {v.Context, records.Keys{}, envelope.Unknown},
		"a given key":    {nil, records.Keys{DataKey: envelope.NewDataKey(v.Key)}, envelope.Verified},
		"a short key":    {v.Context, records.Keys{KMS: publishedKMS{[]byte("short"), v.Context}}, envelope.Refuted},
	} {
		p, err := r.Verify(ctx, tc.keys, options(tc.context))
		if what == "a given key" && (err != nil || p.Keys[0].Used) {
			t.Errorf("%s: %+v %v", what, p, err)
		}
		if p.Verdict != tc.want || tc.want != envelope.Verified && (err == nil || p.Steps[len(p.Steps)-1].Name != "key") {
			t.Errorf("context %s: %s, want %s: %v", what, p.Verdict, tc.want, err)
		}
		if what == "none" && !strings.Contains(err.Error(), "aws:rds:dbc-id=") {
			t.Errorf("it does not say what to do: %v", err)
		}
	}
}

type aggregateVector struct {
	Name   string   `json:"name"`
	Record string   `json:"kinesis_record_hex"`
	Keys   []string `json:"partition_keys"`
	Texts  []string `json:"user_records_utf8"`
	User   []struct {
		Message string `json:"esdk_message_hex"`
		Plain   string `json:"plaintext"`
	} `json:"user_records"`
	Namespace string `json:"key_namespace"`
	KeyName   string `json:"key_name"`
	Key       []byte `json:"aes_key_b64"`
	Expect    string `json:"expect"`
}

func aggregateVectors(t testing.TB) []aggregateVector {
	var all struct{ Vectors []aggregateVector }
	vectors(t, "kpl-aggregated.json", &all)
	return all.Vectors
}

func TestAggregateVectors(t *testing.T) {
	split, verified, refused := 0, 0, 0
	for _, v := range aggregateVectors(t) {
		b, err := hex.DecodeString(v.Record)
		if err != nil {
			t.Fatal(err)
		}
		all, err := records.Split(b)
		if v.Expect != "ok" {
			refused++
			r, err2 := records.Parse(b)
			if !errors.Is(err, envelope.ErrFormat) || records.IsAggregate(b) || r != nil || err2 != nil {
				t.Errorf("%s is taken for an aggregate: %v", v.Name, err)
			}
			continue
		}
		split++
		if err != nil || len(all) != len(v.Texts)+len(v.User) {
			t.Fatalf("%s: %d records: %v", v.Name, len(all), err)
		}
		for i, want := range v.Texts {
			if string(all[i].Data) != want || all[i].PartitionKey != v.Keys[i] {
				t.Errorf("%s: record %d is %+v", v.Name, i, all[i])
			}
		}
		for i, want := range v.User {
			if hex.EncodeToString(all[i].Data) != want.Message || !slices.Contains(v.Keys, all[i].PartitionKey) {
				t.Errorf("%s: record %d is another", v.Name, i)
			}
		}
		if len(v.User) > 0 {
			verified++
			checkAggregate(t, v, mustParse(t, b))
		}
	}
	if split != 2 || verified != 1 || refused != 1 {
		t.Errorf("%d split, %d of them of messages, and %d refused; want 2, 1 and 1", split, verified, refused)
	}
}

func checkAggregate(t *testing.T, v aggregateVector, r records.Record) {
	t.Helper()
	ring, err := keyring.NewAES(v.Namespace, v.KeyName, v.Key)
	if err != nil {
		t.Fatal(err)
	}
	keys := records.Keys{Keyring: ring}
	var text bytes.Buffer
	p, err := r.Open(ctx, &text, keys, records.Options{})
	if err != nil || p.Verdict != envelope.Verified || p.Suite != "several" || p.Committing || p.Signed || !p.Authenticated {
		t.Errorf("%s: %v %+v", v.Name, err, p)
	}
	var got struct {
		Records []struct{ Data []byte }
	}
	if err := json.Unmarshal(text.Bytes(), &got); err != nil || len(got.Records) != len(v.User) {
		t.Fatalf("%s: %v", v.Name, err)
	}
	for i, want := range v.User {
		if string(got.Records[i].Data) != want.Plain {
			t.Errorf("%s: record %d opens to another plaintext", v.Name, i)
		}
	}
	for _, step := range []string{"aggregate", "record 1: header tag", "record 2: signature", "record 3: body"} {
		if !slices.ContainsFunc(p.Steps, func(s envelope.Step) bool { return s.Name == step && s.Verdict == envelope.Verified }) {
			t.Errorf("%s: no step %q", v.Name, step)
		}
	}
	if q, err := r.Verify(ctx, keys, records.Options{}); err != nil || q.Verdict != envelope.Verified || q.Bytes != p.Bytes || q.Bytes == 0 {
		t.Errorf("%s: verifying says %s: %v", v.Name, q.Verdict, err)
	}
	if q, err := r.Inspect(ctx, records.Options{}); err != nil || q.Verdict != envelope.Unknown || len(q.Keys) != 1 {
		t.Errorf("%s: inspecting says %s: %v %+v", v.Name, q.Verdict, err, q.Keys)
	}
	other, _ := keyring.NewAES(v.Namespace, v.KeyName, make([]byte, 32))
	if q, err := r.Verify(ctx, records.Keys{Keyring: other}, records.Options{}); err == nil || q.Verdict != envelope.Refuted {
		t.Errorf("%s: another key says %s", v.Name, q.Verdict)
	}
}
