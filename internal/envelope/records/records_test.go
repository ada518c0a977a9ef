package records_test

import (
	"bytes"
	"compress/gzip"
	"crypto/md5"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/sealaudit/sealaudit/internal/envelope"
	"github.com/sealaudit/sealaudit/internal/envelope/esdk"
	"github.com/sealaudit/sealaudit/internal/envelope/keyring"
	"github.com/sealaudit/sealaudit/internal/envelope/kms"
	"github.com/sealaudit/sealaudit/internal/envelope/records"
)

// part is a field of a protocol buffer.
func part(number int, b []byte) []byte {
	out := binary.AppendUvarint(nil, uint64(number)<<3|2)
	return append(binary.AppendUvarint(out, uint64(len(b))), b...)
}

func number(field int, v uint64) []byte {
	return binary.AppendUvarint(binary.AppendUvarint(nil, uint64(field)<<3), v)
}

// sealed makes an aggregate of a protocol buffer.
func sealed(body ...[]byte) []byte {
	b := slices.Concat(body...)
	sum := md5.Sum(b)
	return slices.Concat([]byte("\xf3\x89\x9a\xc2"), b, sum[:])
}

func user(data []byte) []byte {
	return part(3, slices.Concat(number(1, 0), part(3, data)))
}

func message(t testing.TB, ring envelope.Keyring, o esdk.WriteOptions, plain []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := esdk.NewWriter(ctx, &b, ring, o)
	if err == nil {
		_, err = w.Write(plain)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// service is a key service with one key.
func service(t testing.TB) (*kms.Service, string) {
	t.Helper()
	s := kms.New(kms.Config{})
	k, err := s.CreateKey(kms.KeySpec{})
	if err != nil {
		t.Fatal(err)
	}
	return s, k.ARN
}

// activity makes a record as RDS does, of plaintext that is packed already.
func activity(t testing.TB, s *kms.Service, arn string, context map[string]string, packed []byte) []byte {
	t.Helper()
	key, blob, err := s.GenerateDataKey(ctx, arn, 32, context)
	if err != nil {
		t.Fatal(err)
	}
	ring, err := keyring.NewAES("BC", "DataKey", key.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	events := message(t, ring, esdk.WriteOptions{Suite: 0x0178, Policy: esdk.ForbidEncryptAllowDecrypt}, packed)
	text, err := json.Marshal(map[string]any{"type": "DatabaseActivityMonitoringRecords", "version": "1.2", "databaseActivityEvents": events, "key": blob, "more": []int{1}})
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func zipped(t testing.TB, plain []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write(plain); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// A record as RDS writes it comes back, and no flipped bit of it changes what
// comes back.
func TestActivityRoundTrip(t *testing.T) {
	s, arn := service(t)
	context := map[string]string{"aws:rds:dbc-id": "cluster-X"}
	plain := []byte(`{"type":"DatabaseActivityMonitoringRecord"}`)
	text := activity(t, s, arn, context, zipped(t, plain))
	open := func(text []byte) (string, envelope.Proof, error) {
		r, err := records.Parse(text)
		if r == nil || err != nil {
			return "", envelope.Proof{}, errors.Join(err, errors.New("no record"))
		}
		var b bytes.Buffer
		p, err := r.Open(ctx, &b, records.Keys{KMS: s}, options(context))
		return b.String(), p, err
	}
	got, p, err := open(text)
	if err != nil || got != string(plain) || p.Verdict != envelope.Verified || p.Version != "1.2" {
		t.Fatalf("%q %+v %v", got, p, err)
	}
	if !strings.HasPrefix(p.Keys[0].ID, "a key with the constant ") || !p.Keys[0].Used || p.Keys[1].Provider != "BC" || !p.Keys[1].Used {
		t.Errorf("%+v", p.Keys)
	}
	if p.Context[0] != (envelope.Pair{Key: "aws:rds:dbc-id"}) {
		t.Errorf("%+v", p.Context)
	}
	harmless := 0
	for i := range 8 * len(text) {
		b := bytes.Clone(text)
		b[i/8] ^= 1 << (i % 8)
		got, _, err := open(b)
		switch {
		case err == nil && got != string(plain):
			t.Fatalf("bit %d: it opens to another plaintext", i)
		case err == nil:
			harmless++ // a version, a field that is not read, a space
		case got != "":
			t.Fatalf("bit %d: plaintext of what was refused", i)
		}
	}
	if harmless > 80 {
		t.Errorf("%d flips are harmless", harmless)
	}
	if err := s.DisableKey(arn); err != nil {
		t.Fatal(err)
	}
	if _, p, _ := open(text); p.Verdict != envelope.Unknown {
		t.Errorf("under a disabled key it is %s", p.Verdict)
	}
}

type failingWriter struct{}

func (failingWriter) Write([]byte) (int, error) { return 0, errors.New("disk full") }

func TestActivityPlaintexts(t *testing.T) {
	s, arn := service(t)
	context := map[string]string{"aws:rds:db-id": "db-X"}
	keys := records.Keys{KMS: s, KMSKeyID: arn}
	whole := zipped(t, []byte("events"))
	for what, tc := range map[string]struct {
		packed []byte
		want   error
	}{
		"cut off": {whole[:len(whole)-1], envelope.ErrFormat}, "trailing bytes": {append(bytes.Clone(whole), 1), envelope.ErrFormat},
		"a changed checksum": {slices.Concat(whole[:len(whole)-8], make([]byte, 8)), envelope.ErrFormat},
		"too long":           {zipped(t, make([]byte, 64<<20+1)), envelope.ErrUnsupported},
		"whole":              {whole, nil},
	} {
		p, err := mustParse(t, activity(t, s, arn, context, tc.packed)).Verify(ctx, keys, options(context))
		if !errors.Is(err, tc.want) || p.Verdict != envelope.Says(err) {
			t.Errorf("%s: %s: %v", what, p.Verdict, err)
		}
	}
	p, err := mustParse(t, activity(t, s, arn, context, whole)).Open(ctx, failingWriter{}, keys, options(context))
	if err == nil || !strings.Contains(err.Error(), "disk full") || p.Verdict != envelope.Verified {
		t.Errorf("a full disk refutes: %s %v", p.Verdict, err)
	}
}

func TestActivitiesThatAreNone(t *testing.T) {
	const typed = `"type":"DatabaseActivityMonitoringRecords"`
	for _, text := range []string{
		"", "x", "DatabaseActivityMonitoringRecords", `{"type":{"S":"DatabaseActivityMonitoringRecords"}}`, `{"a":"DatabaseActivityMonitoringRecords"}`, `{"DatabaseActivityMonitoringRecords`,
	} {
		if r, err := records.Parse([]byte(text)); r != nil || err != nil {
			t.Errorf("%q is a record: %v", text, err)
		}
	}
	for what, text := range map[string]string{
		"no version": `{` + typed + `,"databaseActivityEvents":"","key":"AA=="}`, "a number": `{` + typed + `,"version":1,"databaseActivityEvents":"","key":"AA=="}`,
		"no base64": `{` + typed + `,"version":"1","databaseActivityEvents":"?","key":"AA=="}`, "no key": `{` + typed + `,"version":"1","databaseActivityEvents":"","key":""}`,
		"a name twice": `{` + typed + `,` + typed + `}`, "cut off": `{` + typed, "trailing": `{` + typed + `,"version":"1","databaseActivityEvents":"","key":"AA=="}{}`,
		"a value cut off": `{` + typed + `,"version":`, "a name cut off": `{` + typed + `,"ver`,
	} {
		if r, err := records.Parse([]byte(text)); r != nil || !errors.Is(err, envelope.ErrFormat) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func TestAggregatesThatAreNone(t *testing.T) {
	key := part(1, []byte("pk"))
	many := bytes.Repeat(part(1, nil), 1<<18+1)
	for what, tc := range map[string]struct {
		b    []byte
		want error
	}{
		"no table":             {sealed(user(nil)), envelope.ErrFormat},
		"a key out of it":      {sealed(key, part(3, slices.Concat(number(1, 1), part(3, nil)))), envelope.ErrFormat},
		"a hash out of it":     {sealed(key, part(3, slices.Concat(number(1, 0), number(2, 0), part(3, nil)))), envelope.ErrFormat},
		"no data":              {sealed(key, part(3, number(1, 0))), envelope.ErrFormat},
		"no key":               {sealed(key, part(3, part(3, nil))), envelope.ErrFormat},
		"a number for data":    {sealed(key, part(3, slices.Concat(number(1, 0), number(3, 0)))), envelope.ErrFormat},
		"bytes for a number":   {sealed(key, part(3, slices.Concat(part(1, nil), part(3, nil)))), envelope.ErrFormat},
		"a number for a table": {sealed(number(1, 1)), envelope.ErrFormat},
		"field 0":              {sealed(part(0, nil)), envelope.ErrFormat},
		"a field too high":     {sealed(binary.AppendUvarint(nil, 1<<32)), envelope.ErrFormat},
		"a group":              {sealed([]byte{0x0b}), envelope.ErrFormat},
		"a length that lies":   {sealed([]byte{0x0a, 0xff, 0xff, 0x03}), envelope.ErrFormat},
		"a huge length":        {sealed([]byte{0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1}), envelope.ErrFormat},
		"half a number":        {sealed([]byte{0x0a, 0x80}), envelope.ErrFormat},
		"half a tag":           {sealed([]byte{0x80}), envelope.ErrFormat},
		"a long number":        {sealed(bytes.Repeat([]byte{0xff}, 11)), envelope.ErrFormat},
		"half a record":        {sealed(key, part(3, []byte{0x08})), envelope.ErrFormat},
		"too many keys":        {sealed(many), envelope.ErrUnsupported},
	} {
		r, err := records.Parse(tc.b)
		if r != nil || !errors.Is(err, tc.want) {
			t.Errorf("%s: %v, want %v", what, err, tc.want)
		}
	}
	for what, b := range map[string][]byte{"nothing": nil, "the first bytes": []byte("\xf3\x89\x9a\xc2"), "a byte changed": flipped(sealed(key, user(nil)), 5)} {
		if records.IsAggregate(b) {
			t.Errorf("%s is an aggregate", what)
		}
		if _, err := records.Split(b); !errors.Is(err, envelope.ErrFormat) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if !records.BeginsAggregate([]byte("\xf3\x89\x9a\xc2…")) || records.BeginsAggregate([]byte("\xf3\x89")) {
		t.Error("the first bytes are not seen")
	}
}

func flipped(b []byte, at int) []byte {
	b = bytes.Clone(b)
	b[at] ^= 1
	return b
}

// Fields of later versions, fixed-length ones too, are passed over.
func TestAggregateFields(t *testing.T) {
	fixed := slices.Concat([]byte{9<<3 | 1}, make([]byte, 8), []byte{9<<3 | 5}, make([]byte, 4))
	record := slices.Concat(number(1, 0), number(2, 0), part(3, []byte("data")), part(4, nil), fixed)
	all, err := records.Split(sealed(part(3, record), part(1, []byte("pk")), part(2, []byte("hash")), fixed, part(1000, nil)))
	if err != nil || len(all) != 1 || string(all[0].Data) != "data" || all[0].PartitionKey != "pk" || all[0].ExplicitHashKey != "hash" {
		t.Errorf("%+v %v", all, err)
	}
}

// What is in an aggregate is seen for what it is.
func TestAggregateOfAnything(t *testing.T) {
	s, arn := service(t)
	context := map[string]string{"aws:rds:dbc-id": "cluster-X"}
	_, blob, err := s.GenerateDataKey(ctx, arn, 32, context)
	if err != nil {
		t.Fatal(err)
	}
	kmsRing, err := keyring.NewKMS(s, arn)
	if err != nil {
		t.Fatal(err)
	}
	text := message(t, kmsRing, esdk.WriteOptions{Suite: 0x0478, Context: context}, []byte("plain"))
	events := activity(t, s, arn, context, zipped(t, []byte("events")))
	key := part(1, []byte("pk"))
	keys := records.Keys{Keyring: kmsRing, KMS: s}
	for what, tc := range map[string]struct {
		b    []byte
		want envelope.Verdict
	}{
		"a message and an activity record": {sealed(key, user(text), user(events)), envelope.Verified},
		"a message in base64":              {sealed(key, user([]byte(base64.StdEncoding.EncodeToString(text)))), envelope.Verified},
		"a blob":                           {sealed(key, user(blob)), envelope.Verified},
		"a plain record":                   {sealed(key, user(text), user([]byte("plain"))), envelope.Unknown},
		"a broken activity record":         {sealed(key, user([]byte(`{"type":"DatabaseActivityMonitoringRecords"}`))), envelope.Refuted},
		"nothing":                          {sealed(key), envelope.Unknown},
		"a changed message":                {sealed(key, user(text), user(flipped(text, len(text)-1))), envelope.Refuted},
	} {
		r := mustParse(t, tc.b)
		p, err := r.Verify(ctx, keys, options(context))
		if p.Verdict != tc.want || (err == nil) != (tc.want == envelope.Verified) {
			t.Errorf("%s: %s, want %s: %v", what, p.Verdict, tc.want, err)
		}
		if p, _ := r.Inspect(ctx, records.Options{}); p.Verdict == envelope.Verified {
			t.Errorf("%s: an inspection verifies", what)
		}
		var out bytes.Buffer
		_, err = r.Open(ctx, &out, keys, options(context))
		if opens := tc.want == envelope.Verified && what != "a blob"; opens != (err == nil) || opens != (out.Len() > 0) {
			t.Errorf("%s: opening gives %d bytes: %v", what, out.Len(), err)
		}
	}
	r := mustParse(t, sealed(key, user(text)))
	if _, err := r.Open(ctx, failingWriter{}, keys, records.Options{}); err == nil || !strings.Contains(err.Error(), "disk full") {
		t.Errorf("a full disk: %v", err)
	}
	seen := 0
	o := records.Options{Seen: func(edks []envelope.EncryptedDataKey) bool { seen++; return seen > 1 && len(edks) == 1 }}
	if p, _ := mustParse(t, sealed(key, user(text), user(text))).Verify(ctx, keys, o); seen != 2 || !slices.Contains(weak(p), "duplicate-data-key") {
		t.Errorf("%d headers were seen: %v", seen, p.Weaknesses)
	}
}

func TestBlobs(t *testing.T) {
	s, arn := service(t)
	context := map[string]string{"purpose": "test"}
	for n := range map[int]bool{16: true, 24: true, 32: true, 1024: true} {
		_, b, err := s.GenerateDataKey(ctx, arn, n, context)
		if err != nil {
			t.Fatal(err)
		}
		again, ok := records.ParseBlob([]byte(base64.StdEncoding.EncodeToString(b) + "\n"))
		blob, ok2 := records.ParseBlob(b)
		if !ok || !ok2 || blob.Bytes != int64(n) || again.Constant != blob.Constant || !bytes.Contains(b, blob.Constant[:]) {
			t.Errorf("%d bytes: %v %v %d", n, ok, ok2, blob.Bytes)
		}
		if p, err := blob.Inspect(ctx, records.Options{}); err != nil || p.Verdict != envelope.Unknown || p.Bytes != int64(n) || p.Steps[0].Verdict != envelope.Verified {
			t.Errorf("%+v %v", p, err)
		}
		check := func(what string, keys records.Keys, context map[string]string, want envelope.Verdict) {
			t.Helper()
			if p, err := blob.Verify(ctx, keys, options(context)); p.Verdict != want || (err == nil) != (want == envelope.Verified) {
				t.Errorf("%s: %s, want %s: %v", what, p.Verdict, want, err)
			}
		}
		check("its context", records.Keys{KMS: s}, context, envelope.Verified)
		check("another context", records.Keys{KMS: s}, map[string]string{"purpose": "fraud"}, envelope.Refuted)
		check("no context", records.Keys{KMS: s}, nil, envelope.Unknown)
		check("no KMS", records.Keys{}, context, envelope.Unknown)
		var out bytes.Buffer
		if _, err := blob.Open(ctx, &out, records.Keys{KMS: s}, options(context)); !errors.Is(err, envelope.ErrUnsupported) || out.Len() > 0 {
			t.Errorf("a key is written: %v", err)
		}
		if _, err := blob.Open(ctx, &out, records.Keys{}, options(context)); !errors.Is(err, envelope.ErrNoKey) {
			t.Errorf("without KMS: %v", err)
		}
	}
	_, b, _ := s.GenerateDataKey(ctx, arn, 32, nil)
	for what, bad := range map[string][]byte{
		"nothing": nil, "cut off": b[:40], "a byte less": b[:len(b)-1], "a byte more": append(bytes.Clone(b), 0), "another first byte": flipped(b, 0), "another second": flipped(b, 1)[:], "another layout": flipped(b, 4),
		"another type": flipped(b, 52), "no base64": []byte("AQ?"), "too long": make([]byte, 13000), "bytes after it in its length": lengthened(b),
	} {
		if _, ok := records.ParseBlob(bad); ok && what != "another second" {
			t.Errorf("%s is a blob", what)
		}
	}
}

func lengthened(b []byte) []byte {
	b = append(bytes.Clone(b), 0)
	binary.BigEndian.PutUint32(b[37:], binary.BigEndian.Uint32(b[37:])+1)
	return b
}

// No plaintext and no key is in a proof or an error.
func TestRecordsShowNoSecret(t *testing.T) {
	v := activityVectors(t)
	for _, v := range v {
		r := mustParse(t, []byte(v.Data))
		p, err := r.Verify(ctx, records.Keys{KMS: publishedKMS{v.Key, v.Context}}, options(v.Context))
		text := fmt.Sprintf("%+v %v", p, err)
		for _, secret := range []string{string(v.Key), base64.StdEncoding.EncodeToString(v.Key), fmt.Sprintf("%x", v.Key), "cluster-EXAMPLE", "db-EXAMPLE", "heartbeat", "SELECT"} {
			if strings.Contains(text, secret) {
				t.Errorf("%s shows %q", v.Name, secret)
			}
		}
	}
}
