package main

import (
	"bytes"
	"crypto/x509"
	"encoding/json"
	"maps"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/credentials"

	"github.com/sealaudit/sealaudit/collectors"
	"github.com/sealaudit/sealaudit/collectors/envelope"
	"github.com/sealaudit/sealaudit/internal/awsapi"
	"github.com/sealaudit/sealaudit/internal/lab"
)

// proofs reads what an account stores, with the keys of its clients, over TLS.
// It returns the rows of the sampled types by ARN.
func proofs(t testing.TB, l *lab.Lab, services ...string) map[string]collectors.Resource {
	t.Helper()
	url, certificate, stop, err := l.Serve("", true)
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(certificate)
	rec, err := collectors.NewRecorder("")
	if err != nil {
		t.Fatal(err)
	}
	defer rec.Close()
	s, err := awsapi.Open(t.Context(), awsapi.Options{Region: "eu-west-1", EndpointURL: url, Rates: map[string]float64{}, Roots: roots,
		Credentials: credentials.NewStaticCredentialsProvider(demoKey, demoSecret, ""),
		Log:         &awsapi.CallLog{Add: func(c awsapi.Call) { rec.Call(c.CallRef, c.Reply) }}})
	if err != nil {
		t.Fatal(err)
	}
	if !s.Demo {
		t.Error("the session does not notice that the embedded account answers")
	}
	o := envelope.Options{Sampling: collectors.Sampling{Size: 50, Seed: 1, List: 1000, MaxBytes: 1 << 20}}
	if err := addDemoKeys(&o.Keys); err != nil {
		t.Fatal(err)
	}
	f := readFlags{quiet: true, services: services, regions: []string{"eu-west-1"}}
	f.prove.on, f.prove.options = true, &o
	m := collectors.Manifest{Tool: "sealaudit test", Started: now()}
	if err := read(t.Context(), f, s, rec, &m, streams{}); err != nil {
		t.Fatal(err)
	}
	m.Ended = now()
	path := filepath.Join(t.TempDir(), "evidence.zip")
	if err := rec.Seal(path, m); err != nil {
		t.Fatal(err)
	}
	b, err := collectors.OpenBundle(path)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close() //nolint:errcheck // reading
	out := map[string]collectors.Resource{}
	for line, err := range b.Rows() {
		if err != nil {
			t.Fatal(err)
		}
		r, err := collectors.DecodeResource(line)
		if err != nil {
			t.Fatal(err)
		}
		if slices.Contains([]string{"AWS::S3::Object", "AWS::Kinesis::Record", "AWS::DynamoDB::Item"}, r.Type) {
			out[r.ARN] = r
		}
	}
	return out
}

// unthrottled is the demo account without what is throttled for ever.
func unthrottled(t testing.TB) *lab.Account {
	t.Helper()
	account := demoAccount(t)
	for _, streams := range [][]lab.Resource{account.Regions["eu-west-1"].Kinesis.Streams, account.Regions["eu-west-1"].DynamoDB.Tables} {
		for i := range streams {
			maps.DeleteFunc(streams[i].Errors, func(_, word string) bool { return word == "throttled" })
		}
	}
	return account
}

// sampled is what tests look at in a row of any sampled type.
type sampled struct {
	ClientSide struct {
		Format string `json:"format"`
	} `json:"client_side"`
	ServerSide struct {
		Algorithm string `json:"algorithm"`
		Type      string `json:"type"`
	} `json:"server_side"`
	Count int `json:"count"`
	Proof struct {
		Verified, Refuted, Unknown int
		Steps                      []struct {
			Verdict string
			Steps   []struct{ Name, Verdict string }
		}
	} `json:"proof"`
}

func factsOf(t testing.TB, r collectors.Resource) (f sampled) {
	t.Helper()
	text, ok := r.Facts.(json.RawMessage)
	if !ok {
		t.Fatalf("%s: the facts are a %T", r.ARN, r.Facts)
	}
	if err := json.Unmarshal(text, &f); err != nil {
		t.Fatalf("%s: %v", r.ARN, err)
	}
	return f
}

// verdictsByFormat counts verified, refuted and unknown by type and format.
func verdictsByFormat(t testing.TB, rows map[string]collectors.Resource) map[string][3]int {
	t.Helper()
	out := map[string][3]int{}
	for _, r := range rows {
		f := factsOf(t, r)
		format := f.ClientSide.Format
		if f.ServerSide.Algorithm == "SSE-C" {
			format = "SSE-C"
		}
		n := out[r.Type+" "+format]
		n[0] += f.Proof.Verified
		n[1] += f.Proof.Refuted
		n[2] += f.Proof.Unknown
		if f.Proof.Verified+f.Proof.Refuted+f.Proof.Unknown == 0 && slices.ContainsFunc(r.Gaps, func(g collectors.Gap) bool { return slices.Contains(g.Attributes, "facts.proof") }) {
			n[2] += f.Count // not opened at all, and the gap says why
		}
		out[r.Type+" "+format] = n
	}
	return out
}

// Of every format the embedded account has something that opens, something
// that was changed, and something whose key may not be used; each proof says
// so step by step. The first version of the S3 client authenticates nothing:
// of it only what stands beside the MD5 of its plaintext is verified.
func TestDemoProvesEveryFormat(t *testing.T) {
	rows := proofs(t, lab.New(unthrottled(t)), "s3", "kinesis", "dynamodb")
	got := verdictsByFormat(t, rows)
	for _, format := range []string{
		"AWS::S3::Object s3ec-v1", "AWS::S3::Object s3ec-v2", "AWS::S3::Object s3ec-v3", "AWS::S3::Object esdk-v1", "AWS::S3::Object esdk-v2", "AWS::S3::Object SSE-C",
		"AWS::Kinesis::Record esdk-v2", "AWS::DynamoDB::Item ddbec", "AWS::DynamoDB::Item dbesdk",
	} {
		n := got[format]
		if n[0] == 0 || n[1] == 0 || n[2] == 0 {
			t.Errorf("%s: %d verified, %d refuted, %d unknown", format, n[0], n[1], n[2])
		}
	}
	for arn, r := range rows {
		f := factsOf(t, r)
		for _, shown := range f.Proof.Steps {
			if len(shown.Steps) == 0 || shown.Verdict == "" {
				t.Errorf("%s: a proof without steps", arn)
			}
		}
		if f.Proof.Unknown > 0 && len(r.Gaps) == 0 {
			t.Errorf("%s: unknown without a reason", arn)
		}
	}
}

// Whatever bit of the account's disks is flipped, nothing is verified that was
// not verified before.
func TestFlippedBitsVerifyNothing(t *testing.T) {
	const flips, rounds = 1000, 10
	account := unthrottled(t)
	before := verdictsByFormat(t, proofs(t, lab.New(account), "s3", "kinesis", "dynamodb"))
	random := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // which bits are flipped is no secret
	done, lost := 0, 0
	for range rounds {
		l := lab.New(account)
		_, stop, err := l.Start() // it is filled now
		if err != nil {
			t.Fatal(err)
		}
		stop()
		for range flips / rounds {
			places := l.Stored()
			place := places[random.IntN(len(places))]
			if n := 8 * len(l.Dump()[place]); n > 0 && l.Flip(place, random.IntN(n)) {
				done++
			}
		}
		after := verdictsByFormat(t, proofs(t, l, "s3", "kinesis", "dynamodb"))
		for format, n := range after {
			if n[0] > before[format][0] {
				t.Errorf("%s: %d were verified, and %d are after the flips", format, before[format][0], n[0])
			}
			lost += before[format][0] - n[0]
		}
	}
	if done < flips*9/10 || lost == 0 {
		t.Errorf("%d bits were flipped and %d artefacts are no longer verified; the test sees nothing", done, lost)
	}
}

// The account's disks hold in plaintext only what AWS keeps so: what was
// written without any encryption.
func TestDisksHoldCiphertext(t *testing.T) {
	l := lab.New(demoAccount(t))
	_, stop, err := l.Start()
	if err != nil {
		t.Fatal(err)
	}
	stop()
	var disks bytes.Buffer
	for _, place := range slices.Sorted(maps.Keys(l.Dump())) {
		disks.Write(l.Dump()[place])
		disks.WriteByte('\n')
	}
	for text, plain := range map[string]bool{
		"account;balance 1":                 true, // of 2021
		"put before encryption was started": true,
		"click":                             true, // the stream is not encrypted
		`{"event": 1}`:                      false,
		`{"n": 1}`:                          false,
		"twice 1":                           false,
		"under a key that S3 forgets 1":     false,
		"sealed and committed 1":            false,
		"a message 1":                       false,
		`{"order": 2}`:                      false,
		`{"order": 3}`:                      false,
		"not to be had while its key is disabled": false,
		"4000 0000 0000 0001":                     false,
		"4000 0000 0000 0006":                     false,
		"4000 0000 0000 0009":                     false, // encrypted by DynamoDB alone
		"session-1":                               false,
		string(lab.DemoKey("client")):             false,
		string(lab.DemoKey("customer")):           false,
		strings.Repeat("no such text", 3):         false,
	} {
		if got := bytes.Contains(disks.Bytes(), []byte(text)); got != plain {
			t.Errorf("%q on the disks: %t", text, got)
		}
	}
	if time.Since(l.Now()) > time.Minute {
		t.Error("the account's clock is not the day's")
	}
}
