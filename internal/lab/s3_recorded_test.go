package lab_test

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/sealaudit/sealaudit/internal/awsapi"
	"github.com/sealaudit/sealaudit/internal/lab"
)

// bench is an account over TLS with one symmetric key, and clients of it.
type bench struct {
	*testing.T
	lab  *lab.Lab
	cfg  aws.Config
	s3   *s3.Client
	url  string
	http *http.Client
}

const (
	keyA   = "a0000000-0000-4000-8000-00000000000a"
	keyB   = "b0000000-0000-4000-8000-00000000000b"
	keyARN = "arn:aws:kms:eu-west-1:" + own + ":key/"
)

// oldDay is before S3 blocked SSE-C in new buckets.
func oldDay() time.Time { return time.Date(2025, 6, 1, 12, 0, 0, 0, time.UTC) }

func newBench(t *testing.T, buckets []lab.Bucket, options ...lab.Option) *bench {
	t.Helper()
	account := &lab.Account{ID: own, Caller: "arn:aws:iam::" + own + ":user/tester", Regions: map[string]*lab.Region{"us-east-1": {}, "us-west-2": {}, "eu-west-1": {
		S3:  lab.S3{Buckets: buckets},
		KMS: lab.KMS{Keys: []lab.Key{{Output: map[string]any{"KeyId": keyA}, Aliases: []string{"alias/a"}}, {Output: map[string]any{"KeyId": keyB}}}},
	}}}
	b := &bench{T: t, lab: lab.New(account, options...)}
	b.serve()
	return b
}

// serve starts an account over TLS, and gives it clients.
func (b *bench) serve() {
	b.Helper()
	url, certificate, stop, err := b.lab.Serve("", true)
	b.must("Serve", err)
	b.Cleanup(stop)
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(certificate)
	b.url, b.http = url, &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}}}
	b.cfg = aws.Config{Region: "eu-west-1", BaseEndpoint: aws.String(url), RetryMaxAttempts: 1, HTTPClient: b.http, APIOptions: []func(*middleware.Stack) error{awsapi.PlainBodies},
		Credentials: credentials.NewStaticCredentialsProvider("AKIADEMO", "demo", "")}
	b.s3 = s3.NewFromConfig(b.cfg, func(o *s3.Options) { o.UsePathStyle = true })
}

// must fails the test for an error.
func (b *bench) must(what string, err error) {
	b.Helper()
	if err != nil {
		b.Fatalf("%s: %v", what, err)
	}
}

// reply is a raw answer.
type reply struct {
	status int
	header http.Header
	body   []byte
}

// raw sends a request as no SDK would.
func (b *bench) raw(method, path string, headers map[string]string, body []byte) reply {
	b.Helper()
	return rawTo(b.T, b.http, method, b.url+path, headers, body)
}

func rawTo(t *testing.T, client *http.Client, method, url string, headers map[string]string, body []byte) reply {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", scope("s3"))
	for name, value := range headers {
		r.Header.Set(name, value)
	}
	p, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Body.Close()
	text, err := io.ReadAll(p.Body)
	if err != nil {
		t.Fatal(err)
	}
	return reply{p.StatusCode, p.Header, text}
}

// fields are the elements of an error's document.
func (r reply) fields() map[string]string {
	var document struct {
		All []struct {
			XMLName xml.Name
			Text    string `xml:",chardata"`
		} `xml:",any"`
	}
	out := map[string]string{}
	if xml.Unmarshal(r.body, &document) == nil {
		for _, e := range document.All {
			out[e.XMLName.Local] = e.Text
		}
	}
	return out
}

// recordings are AWS's own replies, by test and step.
type recordings map[string]struct {
	Replies map[string]json.RawMessage `json:"replies"`
}

func loadRecordings(t *testing.T) recordings {
	t.Helper()
	text, err := os.ReadFile("../../fixtures/recordings/s3-objects.json")
	if err != nil {
		t.Fatal(err)
	}
	var r recordings
	if err := json.Unmarshal(text, &r); err != nil {
		t.Fatal(err)
	}
	return r
}

// step is one reply of AWS's.
func (r recordings) step(t *testing.T, test, step string) map[string]any {
	t.Helper()
	text, ok := r[test].Replies[step]
	if !ok {
		t.Fatalf("no recording of %s, %s", test, step)
	}
	var out map[string]any
	if err := json.Unmarshal(text, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// play compares what the SDK read with AWS's reply: the error's code, message
// and status, or every member that is recorded with a value.
func (r recordings) play(t *testing.T, test, step string, output any, err error) {
	t.Helper()
	want := r.step(t, test, step)
	fault, refused := want["Error"].(map[string]any)
	status, _ := want["ResponseMetadata"].(map[string]any)["HTTPStatusCode"].(float64)
	delete(want, "ResponseMetadata")
	switch {
	case refused && err == nil:
		t.Errorf("%s: answered, AWS refuses: %v", step, fault)
	case refused:
		checkRefusal(t, step, fault, status, err)
	case err != nil:
		t.Errorf("%s: %v, AWS answers", step, err)
	default:
		compare(t, step, want, asJSON(t, readable(t, output)))
	}
}

func checkRefusal(t *testing.T, step string, fault map[string]any, status float64, err error) {
	t.Helper()
	got, gotStatus := code(err)
	var replied *smithyhttp.ResponseError
	if errors.As(err, &replied) && gotStatus == 0 {
		gotStatus = replied.HTTPStatusCode()
	}
	wantCode, _ := fault["Code"].(string)
	message, _ := fault["Message"].(string)
	if gotStatus != int(status) {
		t.Errorf("%s: status %d, AWS's is %v", step, gotStatus, status)
	}
	if strings.Trim(wantCode, "0123456789") == "" { // a HEAD, whose error the client makes up
		return
	}
	if got != wantCode || !alike(message, messageOf(err)) {
		t.Errorf("%s: %s: %s\nAWS's is %s: %s", step, got, messageOf(err), wantCode, message)
	}
}

func messageOf(err error) string {
	var refused interface{ ErrorMessage() string }
	if errors.As(err, &refused) {
		return refused.ErrorMessage()
	}
	return ""
}

// alike compares a text with a recorded one, whose placeholders stand for
// anything.
func alike(recorded, got string) bool {
	for i, part := range strings.Split(placeholder(recorded), "\x00") {
		at := strings.Index(got, part)
		if at < 0 || i == 0 && at > 0 {
			return false
		}
		got = got[at+len(part):]
	}
	return got == "" || strings.HasSuffix(placeholder(recorded), "\x00")
}

func placeholder(s string) string {
	s = strings.ReplaceAll(s, "111111111111", own)
	for {
		from := strings.IndexByte(s, '<')
		to := strings.IndexByte(s, '>')
		if from < 0 || to < from {
			return s
		}
		s = s[:from] + "\x00" + s[to+1:]
	}
}

// readable is an output with its body read.
func readable(t *testing.T, output any) any {
	t.Helper()
	get, ok := output.(*s3.GetObjectOutput)
	if !ok {
		return output
	}
	body, err := io.ReadAll(get.Body)
	if err != nil {
		t.Error(err)
	}
	text := asJSON(t, struct {
		*s3.GetObjectOutput
		Body string
	}{get, string(body)})
	return text
}

// clients are members that the recording client chose, or that name the account.
func clients() []string {
	return []string{"ContentType", "SSECustomerKeyMD5", "EncodingType", "Owner", "Initiator", "Key", "Name", "Bucket"}
}

// compare finds every recorded member in an output. Times, placeholders, digests
// of other contents and the checksum that the recording client chose are only
// looked for.
func compare(t *testing.T, path string, want, got any) {
	t.Helper()
	switch want := want.(type) {
	case map[string]any:
		have, _ := got.(map[string]any)
		for name, v := range want {
			if !strings.HasPrefix(name, "Checksum") && !slices.Contains(clients(), name) {
				compare(t, path+"."+name, v, member(have, name))
			}
		}
	case []any:
		have, _ := got.([]any)
		if len(have) != len(want) {
			t.Errorf("%s: %d, AWS has %d", path, len(have), len(want))
			return
		}
		for i := range want {
			compare(t, fmt.Sprintf("%s[%d]", path, i), want[i], have[i])
		}
	case string:
		text, ok := got.(string)
		if want == "" && got == nil || strings.HasSuffix(path, ".ETag") && ok || want == "datetime" && ok {
			return
		}
		if !alike(want, text) {
			t.Errorf("%s: %v, AWS has %s", path, got, want)
		}
	default:
		if want != got && !(want == false && got == nil) {
			t.Errorf("%s: %v, AWS has %v", path, got, want)
		}
	}
}
