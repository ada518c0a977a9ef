package envelope_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sealaudit/sealaudit/collectors"
	"github.com/sealaudit/sealaudit/collectors/envelope"
	"github.com/sealaudit/sealaudit/collectors/kms"
	"github.com/sealaudit/sealaudit/internal/awsapi"
	"github.com/sealaudit/sealaudit/internal/awsapi/awsapitest"
	engine "github.com/sealaudit/sealaudit/internal/envelope"
	"github.com/sealaudit/sealaudit/internal/envelope/esdk"
	"github.com/sealaudit/sealaudit/internal/envelope/keyring"
	kmsfake "github.com/sealaudit/sealaudit/internal/envelope/kms"
	"github.com/sealaudit/sealaudit/internal/envelope/s3ec"
	"github.com/sealaudit/sealaudit/internal/envelope/ssec"
)

var sampling = collectors.Sampling{Size: 50, Seed: 1, List: 1000, MaxBytes: 1 << 20}

// objects runs the collector on the store.
func objects(t *testing.T, s *store, o envelope.Options) *awsapitest.Sink {
	t.Helper()
	return collect(t.Context(), t, s.session(t, nil), o)
}

func collect(ctx context.Context, t *testing.T, session *awsapi.Session, o envelope.Options) *awsapitest.Sink {
	t.Helper()
	if o.Sampling == (collectors.Sampling{}) {
		o.Sampling = sampling
	}
	c := envelope.NewObjects(envelope.NewRun(session, kms.NewKeys(session), o), []string{region})
	sink := awsapitest.Collect(ctx, t, c, awsapitest.Scope())
	for _, r := range sink.Resources {
		text, err := json.Marshal(r)
		if err != nil || strings.Contains(string(text), "null") {
			t.Errorf("%s: %s, %v", r.Name, text, err)
		}
	}
	return sink
}

// cohort is the row that has the example.
func cohort(t *testing.T, sink *awsapitest.Sink, example string) (collectors.Resource, envelope.ObjectFacts) {
	t.Helper()
	for _, r := range sink.Resources {
		f, _ := r.Facts.(envelope.ObjectFacts)
		for _, e := range f.Examples {
			if e == example {
				return r, f
			}
		}
	}
	t.Fatalf("no cohort has %s", example)
	return collectors.Resource{}, envelope.ObjectFacts{}
}

func key(t *testing.T, s *store) kmsfake.Key {
	t.Helper()
	k, err := s.keys.CreateKey(kmsfake.KeySpec{})
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// sealed is an object of the S3 Encryption Client.
func sealed(t *testing.T, s *store, keyARN string, o s3ec.SealOptions) (*stored, []byte) {
	t.Helper()
	var body bytes.Buffer
	o.Context = map[string]string{"tenant": "CANARY-CONTEXT"}
	meta, file, err := s3ec.Seal(t.Context(), &body, strings.NewReader(strings.Repeat(bodyText, 100)), s3ec.Keys{KMS: s.keys, KMSKeyID: keyARN}, o)
	if err != nil {
		t.Fatal(err)
	}
	return &stored{body: body.Bytes(), meta: meta, headers: map[string]string{"X-Amz-Server-Side-Encryption": "AES256"}}, file
}

// message is a message of the AWS Encryption SDK.
func message(t *testing.T, ring engine.Keyring) *stored {
	t.Helper()
	var body bytes.Buffer
	w, err := esdk.NewWriter(t.Context(), &body, ring, esdk.WriteOptions{Context: map[string]string{"tenant": "CANARY-CONTEXT"}})
	if err == nil {
		_, err = io.WriteString(w, strings.Repeat(bodyText, 100))
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return &stored{body: body.Bytes(), headers: map[string]string{"X-Amz-Server-Side-Encryption": "AES256"}}
}

func kmsRing(t *testing.T, s *store, keyARN string) engine.Keyring {
	t.Helper()
	ring, err := keyring.NewKMS(s.keys, keyARN)
	if err != nil {
		t.Fatal(err)
	}
	return ring
}

func rawRing(t *testing.T) engine.Keyring {
	t.Helper()
	ring, err := keyring.NewAES("here", "mine", bytes.Repeat([]byte("k"), 32))
	if err != nil {
		t.Fatal(err)
	}
	return ring
}

func flipped(o *stored, at int) *stored {
	out := *o
	out.body = bytes.Clone(o.body)
	out.body[(at+len(out.body))%len(out.body)] ^= 1
	return &out
}

// S3's own encryption, as HEAD tells it; the key is resolved.
func TestServerSide(t *testing.T) {
	s := newStore()
	k := key(t, s)
	with := func(pairs ...string) *stored {
		h := map[string]string{}
		for i := 0; i < len(pairs); i += 2 {
			h[pairs[i]] = pairs[i+1]
		}
		return &stored{headers: h, body: []byte(bodyText)}
	}
	const sse = "X-Amz-Server-Side-Encryption"
	s.put("records", "s3", with(sse, "AES256"))
	s.put("records", "kms", with(sse, "aws:kms", sse+"-Aws-Kms-Key-Id", k.ARN, sse+"-Bucket-Key-Enabled", "true"))
	s.put("records", "kms2", with(sse, "aws:kms", sse+"-Aws-Kms-Key-Id", k.ARN))
	s.put("records", "dsse", with(sse, "aws:kms:dsse", sse+"-Aws-Kms-Key-Id", k.ARN))
	s.put("records", "none", with())
	s.put("records", "new", with(sse, "aws:quantum"))
	s.put("records", "keyless", with(sse, "aws:kms"))
	s.put("empty", "", nil)
	sink := objects(t, s, envelope.Options{})
	yes, no := true, false
	for example, want := range map[string]*envelope.ServerSide{
		"s3":   {Algorithm: "AES256"},
		"kms":  {Algorithm: "aws:kms", BucketKey: &yes},
		"kms2": {Algorithm: "aws:kms", BucketKey: &no},
		"dsse": {Algorithm: "aws:kms:dsse"},
		"none": {Algorithm: "none"},
	} {
		r, f := cohort(t, sink, example)
		if got := f.ServerSide.Key; (got != nil) != strings.Contains(want.Algorithm, "kms") || got != nil && (got.ARN != k.ARN || got.State != "Enabled") {
			t.Errorf("%s: key %+v", example, got)
		}
		f.ServerSide.Key = nil
		if diff := cmp.Diff(want, f.ServerSide); diff != "" {
			t.Errorf("%s: %s", example, diff)
		}
		if f.ClientSide.Format != "none" || f.Proof != nil || len(r.Gaps) > 0 || f.Count != 1 || *f.Bytes != len(bodyText) || f.LastModified != "2026-11-24T08:00:00Z" {
			t.Errorf("%s: %+v, gaps %+v", example, f, r.Gaps)
		}
		if r.Tags["data"] != "personal" || r.Scope.Region != region || !strings.HasPrefix(r.ARN, "arn:aws:s3:::records/*#") || f.Bucket != "arn:aws:s3:::records" {
			t.Errorf("%s: %+v", example, r)
		}
		if s := f.Sampling; s.Population != 7 || !s.Complete || s.Sampled != 7 || s.Seed != 1 || s.ShareLow != s.Share || s.Share != 0.142857 || !strings.Contains(s.Method, "all keys") {
			t.Errorf("%s: sampling %+v", example, s)
		}
	}
	if r, _ := cohort(t, sink, "new"); r.Gaps[0].Reason != collectors.UnknownValue || r.Gaps[0].Attributes[0] != "facts.server_side" {
		t.Errorf("a value newer than the SDK: %+v", r.Gaps)
	}
	if r, f := cohort(t, sink, "keyless"); r.Gaps[0].Attributes[0] != "facts.server_side.key" || f.ServerSide.Key != nil {
		t.Errorf("no key in the answer: %+v, %+v", r.Gaps, f.ServerSide)
	}
	one, _ := cohort(t, sink, "kms")
	two, _ := cohort(t, sink, "kms2")
	if one.Name == two.Name || !strings.HasPrefix(one.Name, "records · SSE-KMS #") {
		t.Errorf("two cohorts are called %q and %q", one.Name, two.Name)
	}
	if s3, _ := cohort(t, sink, "s3"); s3.Name != "records · SSE-S3" {
		t.Errorf("a cohort is called %q", s3.Name)
	}
	if gap, listed := sink.Gaps["AWS::S3::Object "+region]; !listed || gap != nil {
		t.Errorf("the listing ended with %+v", gap)
	}
	for _, r := range sink.Resources {
		if strings.HasPrefix(r.Name, "empty") {
			t.Errorf("an empty bucket has the row %+v", r)
		}
	}
}

// What clients sealed is verified with the context that it claims, and a
// changed bit refutes it.
func TestClientSide(t *testing.T) {
	s := newStore()
	k, disabled := key(t, s), key(t, s)
	v2, _ := sealed(t, s, k.ARN, s3ec.SealOptions{Version: "V2"})
	v3, _ := sealed(t, s, k.ARN, s3ec.SealOptions{})
	filed, file := sealed(t, s, k.ARN, s3ec.SealOptions{Version: "V2", Instruction: true})
	filed3, file3 := sealed(t, s, k.ARN, s3ec.SealOptions{Instruction: true})
	off, _ := sealed(t, s, disabled.ARN, s3ec.SealOptions{})
	offMessage := message(t, kmsRing(t, s, disabled.ARN))
	if err := s.keys.DisableKey(disabled.ARN); err != nil {
		t.Fatal(err)
	}
	swapped := *v3
	swapped.meta = map[string]string{}
	for name, value := range v3.meta {
		swapped.meta[name] = strings.Replace(value, "CANARY-CONTEXT", "CANARY-SWAPPED", 1)
	}
	marker := map[string]string{s3ec.InstructionMarker: ""}
	sdk := message(t, kmsRing(t, s, k.ARN))
	for name, o := range map[string]*stored{
		"v2": v2, "v3": v3, "filed": filed, "filed" + s3ec.InstructionSuffix: {meta: marker, body: file},
		"filed3": filed3, "filed3" + s3ec.InstructionSuffix: {meta: marker, body: file3}, "lost": filed3,
		"flipped": flipped(v3, 40), "swapped": &swapped, "off": off,
		"sdk": sdk, "sdk flipped": flipped(sdk, -300), "sdk off": offMessage, "raw": message(t, rawRing(t)),
	} {
		s.put("records", name, o)
	}
	given := envelope.Options{Keys: envelope.Keys{Rings: keyring.Multi{rawRing(t)}}}
	sink := objects(t, s, given)
	for _, tc := range []struct {
		example, format, verdict string
		reason                   collectors.Reason // of the gap on the proof
	}{
		{"v2", "s3ec-v2", "verified", ""},
		{"v3", "s3ec-v3", "verified", ""},
		{"filed", "s3ec-v2", "verified", ""},
		{"filed3", "s3ec-v3", "verified", ""},
		{"lost", "s3ec", "refuted", ""},
		{"flipped", "s3ec-v3", "refuted", ""},
		{"swapped", "s3ec-v3", "refuted", ""},
		{"off", "s3ec-v3", "unknown", collectors.Denied},
		{"sdk", "esdk-v2", "verified", ""},
		{"sdk flipped", "esdk-v2", "refuted", ""},
		{"sdk off", "esdk-v2", "unknown", collectors.Denied},
		{"raw", "esdk-v2", "verified", ""},
	} {
		r, f := cohort(t, sink, tc.example)
		if f.ClientSide.Format != tc.format || f.Proof == nil || f.Proof.Steps[0].Verdict != tc.verdict {
			t.Errorf("%s: %+v, %+v", tc.example, f.ClientSide, f.Proof)
			continue
		}
		p := f.Proof
		if got := map[string]int{"verified": p.Verified, "refuted": p.Refuted, "unknown": p.Unknown}; got[tc.verdict] != f.Count || p.Verified+p.Refuted+p.Unknown != f.Count {
			t.Errorf("%s: counts %+v of %d", tc.example, p, f.Count)
		}
		var reason collectors.Reason
		for _, g := range r.Gaps {
			if g.Attributes[0] == "facts.proof" {
				reason = g.Reason
			}
		}
		if reason != tc.reason {
			t.Errorf("%s: gaps %+v", tc.example, r.Gaps)
		}
		if len(p.Steps[0].Steps) == 0 || p.Steps[0].Example == "" {
			t.Errorf("%s has no steps", tc.example)
		}
	}
	if _, f := cohort(t, sink, "v3"); len(f.ClientSide.KMSKeys) != 1 || f.ClientSide.KMSKeys[0].ARN != k.ARN || f.ClientSide.KMSKeys[0].State != "Enabled" {
		t.Errorf("the key that KMS used: %+v", f.ClientSide.KMSKeys)
	}
	if _, f := cohort(t, sink, "sdk off"); len(f.ClientSide.KMSKeys) != 1 || f.ClientSide.KMSKeys[0].State != "Disabled" {
		t.Errorf("the key that the message names: %+v", f.ClientSide.KMSKeys)
	}
	if _, f := cohort(t, sink, "filed"+s3ec.InstructionSuffix); f.ClientSide.Format != "s3ec-instruction" {
		t.Errorf("an instruction file is %+v", f.ClientSide)
	}
	if _, f := cohort(t, sink, "v2"); len(f.Weaknesses) == 0 || !*f.ClientSide.Signed == *f.ClientSide.Committing {
		t.Errorf("V2 is %+v, %v", f.ClientSide, f.Weaknesses)
	}
	without := objects(t, s, envelope.Options{})
	if r, f := cohort(t, without, "raw"); f.Proof.Unknown != 1 || r.Gaps[0].Reason != collectors.OutOfScope || !strings.Contains(r.Gaps[0].Remedy, "--prove-keyring") {
		t.Errorf("without its key: %+v, %+v", f.Proof, r.Gaps)
	}
}

func TestDuplicates(t *testing.T) {
	s := newStore()
	one, _ := sealed(t, s, key(t, s).ARN, s3ec.SealOptions{Version: "V2"})
	twice := flipped(one, -1) // another body under the same key and vector
	s.put("records", "one", one)
	s.put("records", "copy", one)
	s.put("another", "twice", twice)
	sink := objects(t, s, envelope.Options{})
	_, f := cohort(t, sink, "one")
	if f.Duplicates == nil || f.Duplicates.DataKeys != 2 || f.Duplicates.IVs != 2 || !strings.Contains(strings.Join(f.Weaknesses, " "), "duplicate-iv") {
		t.Errorf("%+v, %v", f.Duplicates, f.Weaknesses)
	}
	delete(s.buckets, "another")
	_, f = cohort(t, objects(t, s, envelope.Options{}), "one")
	if f.Count != 2 || f.Duplicates.DataKeys != 0 || f.Duplicates.IVs != 0 {
		t.Errorf("a copy is a second use: %+v", f.Duplicates)
	}
}

// The three answers of SSE-C: no key, the right one, another one.
func TestCustomerProvidedKeys(t *testing.T) {
	s := newStore()
	right, wrong := bytes.Repeat([]byte("R"), 32), bytes.Repeat([]byte("W"), 32)
	s.put("records", "mine/a", &stored{body: []byte(bodyText), secret: right})
	s.put("records", "theirs/b", &stored{body: []byte(bodyText), secret: []byte(strings.Repeat("S", 32))})
	s.put("records", "lost/c", &stored{body: []byte(bodyText), secret: right})
	s.put("records", "odd/d", &stored{fault: func(w http.ResponseWriter, r *http.Request) bool {
		refuse(w, r, 400, "InvalidRequest", "Something else is wrong.")
		return true
	}})
	s.put("records", "served/e", &stored{body: []byte(bodyText), fault: func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method == http.MethodHead {
			w.WriteHeader(400)
		}
		return r.Method == http.MethodHead
	}})
	sink := objects(t, s, envelope.Options{Keys: envelope.Keys{Customer: []envelope.CustomerKey{
		{Prefix: "records/", Key: wrong}, {Prefix: "records/mine/", Key: right}, {Prefix: "records/theirs/", Key: wrong}, {Prefix: "records/lost", Key: wrong},
	}}})
	r, f := cohort(t, sink, "mine/a")
	if f.ServerSide.Algorithm != "SSE-C" || f.ClientSide.Format != "none" || f.Proof.Verified != 1 || len(r.Gaps) > 0 {
		t.Errorf("with the key: %+v %+v, gaps %+v", f.ServerSide, f.Proof, r.Gaps)
	}
	r, f = cohort(t, sink, "theirs/b")
	if f.ServerSide.Algorithm != "SSE-C" || f.Proof.Refuted != f.Count || f.Count != 2 || r.Gaps[0].Attributes[0] != "facts.client_side" || len(r.Gaps) != 1 {
		t.Errorf("with another key: %+v %+v, gaps %+v", f.ServerSide, f.Proof, r.Gaps)
	}
	for _, example := range []string{"odd/d", "served/e"} {
		if r, f = cohort(t, sink, example); f.ServerSide != nil || r.Gaps[0].Reason != collectors.Failed {
			t.Errorf("%s: a bad request is taken for SSE-C: %+v, %+v", example, f.ServerSide, r.Gaps)
		}
	}
	r, f = cohort(t, objects(t, s, envelope.Options{}), "mine/a")
	if f.ServerSide.Algorithm != "SSE-C" || f.Proof != nil || f.Count != 3 || r.Gaps[0].Reason != collectors.OutOfScope || !strings.Contains(r.Gaps[0].Remedy, "--prove-sse-c") {
		t.Errorf("without a key: %+v %+v, gaps %+v", f.ServerSide, f.Proof, r.Gaps)
	}
}

// A server that refuses another key as it refuses who has no permission: what
// the condition is answered with tells them apart.
func TestCustomerKeysWhereAccessIsDenied(t *testing.T) {
	right, wrong := bytes.Repeat([]byte("R"), 32), bytes.Repeat([]byte("W"), 32)
	s := newStore()
	deny := func(permitted bool) func(http.ResponseWriter, *http.Request) bool {
		return func(w http.ResponseWriter, r *http.Request) bool {
			switch with := r.Header.Get(ssec.KeyMD5); {
			case with == "" || permitted && with == ssec.Digest(right):
				return false
			case permitted && r.Header.Get("If-Match") != "" && r.Header.Get("If-Match") != `"etag"`:
				refuse(w, r, 412, "PreconditionFailed", "At least one of the preconditions you specified did not hold.")
			default:
				refuse(w, r, 403, "AccessDenied", "Access Denied.")
			}
			return true
		}
	}
	for name, permitted := range map[string]bool{"mine": true, "theirs": true, "denied": false} {
		s.put("records", name, &stored{body: []byte(bodyText), secret: right, fault: deny(permitted)})
	}
	sink := objects(t, s, envelope.Options{Keys: envelope.Keys{Customer: []envelope.CustomerKey{{Prefix: "records/", Key: wrong}, {Prefix: "records/mine", Key: right}}}})
	if r, f := cohort(t, sink, "mine"); f.Proof.Verified != 1 || len(r.Gaps) > 0 {
		t.Errorf("with the key: %+v, gaps %+v", f.Proof, r.Gaps)
	}
	if r, f := cohort(t, sink, "theirs"); f.Proof.Refuted != 1 || gapOn(r, "facts.client_side") != collectors.OutOfScope || gapOn(r, "facts.proof") != "" {
		t.Errorf("with another key: %+v, gaps %+v", f.Proof, r.Gaps)
	}
	if r, f := cohort(t, sink, "denied"); f.Proof.Unknown != 1 || gapOn(r, "facts.proof") != collectors.Denied {
		t.Errorf("without permission: %+v, gaps %+v", f.Proof, r.Gaps)
	}
}

// A store that serves an object under any key does not encrypt it under one.
func TestAnyCustomerKeyRefutes(t *testing.T) {
	s := newStore()
	mine := bytes.Repeat([]byte("R"), 32)
	o := &stored{body: []byte(bodyText), secret: mine}
	o.fault = func(_ http.ResponseWriter, r *http.Request) bool {
		if r.Header.Get(ssec.Algorithm) != "" {
			key, digest := base64.StdEncoding.EncodeToString(mine), ssec.Digest(mine)
			r.Header.Set(ssec.Key, key)
			r.Header.Set(ssec.KeyMD5, digest)
		}
		return false
	}
	s.put("records", "o", o)
	_, f := cohort(t, objects(t, s, envelope.Options{Keys: envelope.Keys{Customer: []envelope.CustomerKey{{Prefix: "records/", Key: mine}}}}), "o")
	if f.Proof.Refuted != 1 || f.Proof.Steps[0].Steps[4].Name != "another key" {
		t.Errorf("%+v", f.Proof)
	}
}

func kmsKeySpec(arn string) kmsfake.KeySpec { return kmsfake.KeySpec{ARN: arn} }
