package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/sealaudit/sealaudit/internal/envelope"
	"github.com/sealaudit/sealaudit/internal/envelope/ddb"
	"github.com/sealaudit/sealaudit/internal/envelope/ddb/item"
	"github.com/sealaudit/sealaudit/internal/envelope/ssec"
)

// An object of each kind is recognised, verified and opened where it is, and
// only what is needed is asked for.
func TestEnvelopeFromObjects(t *testing.T) {
	a, e := newAccount(t), newEnvelopes(t)
	key := "raw-aes:demo:key=" + e.put("key", bytes.Repeat([]byte{7}, 32))
	plain := bytes.Repeat([]byte("a plaintext "), 9000) // more than a buffer
	message, v3, v2 := sealTrial(t, "esdk", plain, e, key), sealTrial(t, "s3", plain, e, key), sealTrial(t, "s3-v2", plain, e, key)
	a.put("b/message", message, nil)
	a.put("b/path/to a+b?c=1&d#e%20ü", v3, nil)
	a.put("b/v2", v2, nil)
	a.put("b/v2@older", v2, nil)
	file := storedObject{body: v2.parts[0].bytes, metadata: map[string]string{"other": "x"}}
	instruction := map[string]string{}
	for _, p := range v2.parts[1:] {
		instruction[p.name] = string(p.bytes)
	}
	a.objects["b/in-file"] = file
	a.objects["b/in-file.instruction"] = storedObject{body: jsonText(t, instruction)}
	split := storedObject{body: v3.parts[0].bytes, metadata: map[string]string{}}
	apart := map[string]string{}
	for _, p := range v3.parts[1:] {
		if slices.Contains([]string{"x-amz-c", "x-amz-d", "x-amz-i"}, p.name) {
			split.metadata[p.name] = string(p.bytes)
		} else {
			apart[p.name] = string(p.bytes)
		}
	}
	a.objects["b/v3-in-file"], a.objects["b/v3-in-file.instruction"] = split, storedObject{body: jsonText(t, apart)}
	for _, tc := range []struct {
		locator, format string
		asked           []string
	}{
		{"s3://b/message", "AWS Encryption SDK", []string{"b/message"}},
		{"s3://b/path/to a+b?c=1&d#e%20ü", "S3 Encryption Client V3", []string{"b/path/to a+b?c=1&d#e%20ü"}},
		{"s3://b/v2", "S3 Encryption Client V2", []string{"b/v2"}},
		{"s3://b/v2?versionId=older", "S3 Encryption Client V2", []string{"b/v2@older"}},
		{"s3://b/in-file", "S3 Encryption Client V2", []string{"b/in-file", "b/in-file.instruction"}},
		{"s3://b/v3-in-file", "S3 Encryption Client V3", []string{"b/v3-in-file", "b/v3-in-file.instruction"}},
	} {
		a.calls()
		out := e.wants(exitPass, "inspect", "--from", tc.locator)
		if !strings.Contains(out, tc.format) || !strings.Contains(out, "1 files: 1 inspected") {
			t.Errorf("%s: %s", tc.locator, out)
		}
		var want []string
		for _, name := range tc.asked {
			want = append(want, "s3:GetObject "+name)
		}
		if got := a.calls(); !slices.Equal(got, want) {
			t.Errorf("%s: asked %v, want %v", tc.locator, got, want)
		}
		e.wants(exitPass, "verify", "--from", tc.locator, "--keyring", key)
		e.wants(exitUnknown, "verify", "--from", tc.locator)
		opened := filepath.Join(e.dir, "opened")
		_ = os.Remove(opened)
		e.wants(exitPass, "open", "--from", tc.locator, "-o", opened, "--keyring", key)
		if got, err := os.ReadFile(opened); err != nil || !bytes.Equal(got, plain) {
			t.Errorf("%s opens to something else: %v", tc.locator, err)
		}
	}
	// Several at once, beside a file.
	local := e.put("local", message.parts[0].bytes)
	out := e.wants(exitPass, "verify", local, "--from", "s3://b/message", "--from", "s3://b/v2", "--keyring", key)
	if !strings.Contains(out, "3 files: 3 verified") || strings.Count(out, "duplicate-data-key") != 1 {
		t.Error(out)
	}
}

// Records and items that are objects are read as those are that are files.
func TestEnvelopeFromObjectsThatHoldOthers(t *testing.T) {
	a, e := newAccount(t), newEnvelopes(t)
	_, blob, err := a.kms.GenerateDataKey(t.Context(), a.key, 32, nil)
	if err != nil {
		t.Fatal(err)
	}
	a.objects["b/blob"] = storedObject{body: blob}
	k, err := (&keyFlags{keyrings: []string{a.file(e)}, kmsKey: a.key}).load()
	if err != nil {
		t.Fatal(err)
	}
	plain := ddb.Item{"id": item.Text("a"), "text": item.Text("plain")}
	sealed, err := ddb.Seal(t.Context(), plain, ddb.Structured, k.forItem(plain), ddb.Config{Table: "t", Partition: "id", Default: item.EncryptAndSign, Actions: map[string]ddb.Action{"id": item.SignOnly}})
	if err != nil {
		t.Fatal(err)
	}
	a.objects["b/item.json"] = storedObject{body: marshalItem(sealed)}
	a.objects["b/json"] = storedObject{body: []byte("{\"a\": 1}")}
	if out := e.wants(exitPass, "verify", "--from", "s3://b/blob", "--keyring", "aws-kms:"+a.key); !strings.Contains(out, "KMS") {
		t.Error(out)
	}
	if out := e.wants(exitPass, "verify", "--from", "s3://b/item.json", "--table", "t", "--partition-key", "id", "--keyring", "aws-kms"); !strings.Contains(out, "Database Encryption SDK") {
		t.Error(out)
	}
	e.wants(exitNothing, "inspect", "--from", "s3://b/json")
}

// What AWS answers decides the exit code: what is not there is like a file
// that is not there, what was refused or not answered is unknown.
func TestEnvelopeFromRefusals(t *testing.T) {
	a, e := newAccount(t), newEnvelopes(t)
	key := "raw-aes:demo:key=" + e.put("key", bytes.Repeat([]byte{7}, 32))
	sealed := sealTrial(t, "s3", []byte("plain"), e, key)
	a.put("b/good", sealed, nil)
	broken := storedObject{body: flipped(sealed.parts[0].bytes, -1), metadata: a.objects["b/good"].metadata}
	a.objects["b/broken"] = broken
	a.objects["b/plain"] = storedObject{body: []byte("nothing encrypted")}
	a.objects["b/hidden"] = storedObject{body: []byte("nothing encrypted")}
	a.fail("s3:GetObject b/denied", "AccessDenied")
	a.fail("s3:GetObject b/slow", "SlowDown")
	a.fail("s3:GetObject b/archived", "InvalidObjectState")
	a.fail("s3:GetObject b/hidden.instruction", "AccessDenied")
	for name, tc := range map[string]struct {
		code int
		says string
		from []string
	}{
		"missing":                   {exitNothing, "S3 has no such object", []string{"s3://b/none"}},
		"nothing of a client":       {exitNothing, "S3 itself encrypts it with AES256", []string{"s3://b/plain"}},
		"denied":                    {exitUnknown, "allow s3:GetObject", []string{"s3://b/denied"}},
		"throttled":                 {exitUnknown, "longer --timeout", []string{"s3://b/slow"}},
		"archived":                  {exitUnknown, "restore it first", []string{"s3://b/archived"}},
		"instruction denied":        {exitUnknown, "instruction file", []string{"s3://b/hidden"}},
		"good and missing":          {exitUnknown, "1 verified, 0 refuted, 0 unknown, 1 not read", []string{"s3://b/good", "s3://b/none"}},
		"good and denied":           {exitUnknown, "1 verified", []string{"s3://b/good", "s3://b/denied"}},
		"refuted outweighs unknown": {exitFail, "1 refuted", []string{"s3://b/denied", "s3://b/broken"}},
	} {
		args := []string{"verify", "--keyring", key}
		if name == "throttled" {
			args = append(args, "--timeout", "2s")
		}
		for _, f := range tc.from {
			args = append(args, "--from", f)
		}
		if out := e.wants(tc.code, args...); !strings.Contains(out, tc.says) || strings.Contains(out, "key refused: s3:") {
			t.Errorf("%s: no %q in %s", name, tc.says, out)
		}
	}
	e.wants(exitUnknown, "inspect", "--from", "s3://b/denied")
	e.wants(exitUnknown, "inspect", "--from", "s3://b/good", "--from", "s3://b/denied")
	opened := filepath.Join(e.dir, "opened")
	e.wants(exitUnknown, "open", "--from", "s3://b/denied", "-o", opened, "--keyring", key)
	e.wants(exitFail, "open", "--from", "s3://b/broken", "-o", opened, "--keyring", key)
	e.wants(exitNothing, "open", "--from", "s3://b/none", "-o", opened, "--keyring", key)
	if _, err := os.Stat(opened); !os.IsNotExist(err) {
		t.Error("something was opened")
	}
	for says, args := range map[string][]string{
		"s3://BUCKET/KEY":                    {"--from", "s3://b"},
		"versionId=VERSION":                  {"--from", "s3://b/k?versionId="},
		"it takes s3://… or dynamodb://…":    {"--from", "file"},
		"pk=VALUE":                           {"--from", "dynamodb://t"},
		"&sk=VALUE":                          {"--from", "dynamodb://t?pk=1&pk=2"},
		"base64":                             {"--from", "dynamodb://t?pk:X=1"},
		"64 hexadecimal digits":              {"--from", "s3://b/k", "--sha256", "ab", "--sse-c-key", filepath.Join(e.dir, "key")},
		"is of an object under --sse-c-key":  {"--from", "s3://b/k", "--sha256", strings.Repeat("ab", 32)},
		"no such file":                       {"--from", "s3://b/k", "--sse-c-key", "none"},
		"takes files, and got none":          {},
		"is no address":                      {"--from", "s3://b/k", "--endpoint-url", "x"},
		"--fips asks for AWS's own endpoint": {"--from", "s3://b/k", "--endpoint-url", "http://x", "--fips"},
	} {
		code, out, errs := e.run(append([]string{"verify"}, args...)...)
		if code != exitNothing || !strings.Contains(errs, says) || strings.Contains(errs, "\n") {
			t.Errorf("%v: exit %d, want 2 and %q\n%s%s", args, code, says, out, errs)
		}
	}
	for endpoint, goes := range map[string]bool{"": true, "https://192.0.2.1": true, "http://127.0.0.1:1": true, "http://localhost": true, "http://192.0.2.1": false, "http://example.com": false} {
		if err := mayCarryKey(endpoint); (err == nil) != goes {
			t.Errorf("a key to %q: %v", endpoint, err)
		}
	}
}

// A bucket elsewhere is asked there, and only once here.
func TestEnvelopeFromOtherRegion(t *testing.T) {
	a, e := newAccount(t), newEnvelopes(t)
	key := "raw-aes:demo:key=" + e.put("key", bytes.Repeat([]byte{7}, 32))
	a.put("b/one", sealTrial(t, "s3", nil, e, key), nil)
	a.put("b/two", sealTrial(t, "s3", nil, e, key), nil)
	a.fail("s3:GetObject", "PermanentRedirect")
	e.wants(exitPass, "verify", "--from", "s3://b/one", "--from", "s3://b/two", "--keyring", key)
	if got := a.calls(); len(got) != 3 {
		t.Errorf("asked %v", got)
	}
}

// A body that breaks off is read on from there; one that keeps breaking off is
// unknown and not refuted.
func TestEnvelopeFromBrokenOff(t *testing.T) {
	a, e := newAccount(t), newEnvelopes(t)
	key := "raw-aes:demo:key=" + e.put("key", bytes.Repeat([]byte{7}, 32))
	for name, format := range map[string]string{"b/message": "esdk", "b/object": "s3"} {
		a.put(name, sealTrial(t, format, make([]byte, 300_000), e, key), nil)
	}
	cuts := 0
	a.body = func(w http.ResponseWriter, b []byte) {
		if cuts--; cuts < 0 {
			_, _ = w.Write(b)
			return
		}
		_, _ = w.Write(b[:len(b)/2]) // less than the header says ends the connection
	}
	for _, from := range []string{"s3://b/message", "s3://b/object"} {
		cuts = 2
		a.calls()
		if out := e.wants(exitPass, "verify", "--from", from, "--keyring", key); !strings.Contains(out, "300000 bytes") {
			t.Error(out)
		}
		if got := a.calls(); len(got) != 3 {
			t.Errorf("asked %v", got)
		}
		cuts = 1000
		if out := e.wants(exitUnknown, "verify", "--from", from, "--keyring", key); !strings.Contains(out, "broke off after") {
			t.Error(out)
		}
	}
}

// An interrupted run says so, and what it did not read is unknown.
func TestEnvelopeFromInterrupted(t *testing.T) {
	a, e := newAccount(t), newEnvelopes(t)
	key := "raw-aes:demo:key=" + e.put("key", bytes.Repeat([]byte{7}, 32))
	a.put("b/one", sealTrial(t, "esdk", make([]byte, 1<<20), e, key), nil)
	ctx, interrupt := context.WithCancel(t.Context())
	a.body = func(w http.ResponseWriter, b []byte) {
		_, _ = w.Write(b[:100_000]) // what is needed to recognise it
		w.(http.Flusher).Flush()
		<-ctx.Done()
	}
	var out, errs bytes.Buffer
	code := run(ctx, []string{"envelope", "verify", "--from", "s3://b/one", "--from", "s3://b/two", "--keyring", key}, streams{out: &out, err: io.MultiWriter(&errs, onWrite(interrupt))})
	if code != exitUnknown || !strings.Contains(out.String(), "s3://b/two: not read: interrupted") || !strings.Contains(out.String(), "s3://b/one: unknown") {
		t.Errorf("exit %d\n%s%s", code, out.String(), errs.String())
	}
	if !strings.Contains(errs.String(), "object=s3://b/one") {
		t.Errorf("no line of progress: %s", errs.String())
	}
}

// Items come with their table's keys, so that nothing has to be said of them.
func TestEnvelopeFromItems(t *testing.T) {
	a, e := newAccount(t), newEnvelopes(t)
	aes := "raw-aes:demo:key=" + e.put("key", bytes.Repeat([]byte{7}, 32))
	mac := "signing:" + e.put("mac", []byte("a signing key"))
	k, err := (&keyFlags{keyrings: []string{aes, mac}}).load()
	if err != nil {
		t.Fatal(err)
	}
	for format, table := range map[ddb.Format]string{ddb.Structured: "structured", ddb.Legacy: "legacy"} {
		plain, err := ddb.Parse([]byte(strings.Replace(sampleItem, `"id": {"S": "sample"}`, `"id": {"S": "a&b=c+d/%ü"}`, 1)))
		if err != nil {
			t.Fatal(err)
		}
		c := ddb.Config{Table: table, Partition: "id", Sort: "sort", Default: item.EncryptAndSign, Actions: map[string]ddb.Action{"id": item.SignOnly, "sort": item.SignOnly}}
		sealed, err := ddb.Seal(t.Context(), plain, format, k.forItem(plain), c)
		if err != nil {
			t.Fatal(err)
		}
		a.tables[table] = storedTable{partition: "id", sort: "sort", types: map[string]string{"id": "S", "sort": "N"}, items: []ddb.Item{sealed, {"id": item.Text("plain"), "sort": item.Number("1")}}}
		from := "dynamodb://" + table + "?pk=a%26b=c+d/%25ü&sk=7.0"
		e.wants(exitPass, "inspect", "--from", from)
		if got := a.calls(); !slices.Equal(got, []string{"dynamodb:DescribeTable", "dynamodb:GetItem"}) {
			t.Errorf("asked %v", got)
		}
		e.wants(exitPass, "verify", "--from", from, "--keyring", aes, "--keyring", mac)
		e.wants(exitPass, "verify", "--from", strings.Replace(from, table, "arn:aws:dynamodb:eu-west-1:111122223333:table/"+table, 1), "--keyring", aes, "--keyring", mac)
		e.wants(exitFail, "verify", "--from", from, "--keyring", aes, "--keyring", mac, "--table", "another", "--default-action", "ENCRYPT_AND_SIGN")
		opened := filepath.Join(e.dir, "opened")
		_ = os.Remove(opened)
		e.wants(exitPass, "open", "--from", from, "--keyring", aes, "--keyring", mac, "-o", opened)
		if got, err := os.ReadFile(opened); err != nil || !bytes.Contains(got, []byte("a text")) {
			t.Errorf("%s: %v %s", table, err, got)
		}
		a.fail("dynamodb:DescribeTable", "AccessDeniedException")
		if out := e.wants(exitUnknown, "verify", "--from", from, "--keyring", aes, "--keyring", mac); !strings.Contains(out, "allow dynamodb:DescribeTable") {
			t.Error(out)
		}
		typed := strings.NewReplacer("pk=", "pk:S=", "sk=", "sk:N=").Replace(from)
		e.wants(exitPass, "verify", "--from", typed, "--keyring", aes, "--keyring", mac, "--partition-key", "id", "--sort-key", "sort")
		a.fail("dynamodb:DescribeTable", "")
		for says, from := range map[string]string{
			"no such item":        "dynamodb://" + table + "?pk=none&sk=1",
			"no client encrypted": "dynamodb://" + table + "?pk=plain&sk=1",
			"is a number":         "dynamodb://" + table + "?pk=none&sk=x",
			"exactly if there is": "dynamodb://" + table + "?pk=none",
			"ResourceNotFound":    "dynamodb://none?pk=none",
		} {
			if out := e.wants(exitNothing, "verify", "--from", from, "--keyring", aes); !strings.Contains(out, says) {
				t.Errorf("no %q in %s", says, out)
			}
		}
		a.fail("dynamodb:GetItem", "ProvisionedThroughputExceededException")
		e.wants(exitUnknown, "verify", "--from", from, "--keyring", aes, "--timeout", "2s")
		a.fail("dynamodb:GetItem", "")
		a.calls()
	}
}

// A customer-provided key is sent and never shown; what S3 answers decides.
func TestEnvelopeServerSideKey(t *testing.T) {
	a, e := newAccount(t), newEnvelopes(t)
	secret := []byte("a customer's key of thirty-two b")
	key, other := e.put("sse", secret), e.put("other", bytes.Repeat([]byte{1}, 32))
	plain := []byte("what the object says")
	a.objects["b/sse"] = storedObject{body: plain, sse: ssec.Digest(secret)}
	raw := "raw-aes:demo:key=" + e.put("key", bytes.Repeat([]byte{7}, 32))
	a.put("b/both", sealTrial(t, "s3", plain, e, raw), secret)
	a.put("b/message", sealTrial(t, "esdk", plain, e, raw), secret)
	a.put("b/client", sealTrial(t, "s3", plain, e, raw), nil)
	sum := sha256.Sum256(plain)
	right, wrong := hex.EncodeToString(sum[:]), strings.Repeat("00", 32)
	a.fail("s3:GetObject b/denied", "AccessDenied")
	for _, tc := range []struct {
		code int
		says string
		args []string
	}{
		{exitPass, "plaintext  20 bytes", []string{"verify", "--from", "s3://b/sse", "--sse-c-key", key, "--sha256", right}},
		{exitPass, "without the key: S3 refuses", []string{"verify", "--from", "s3://b/sse", "--sse-c-key", key, "--sha256", right}},
		{exitUnknown, "no expected digest", []string{"verify", "--from", "s3://b/sse", "--sse-c-key", key}},
		{exitFail, "not the expected plaintext", []string{"verify", "--from", "s3://b/sse", "--sse-c-key", key, "--sha256", wrong}},
		{exitFail, "the correct secret key", []string{"verify", "--from", "s3://b/sse", "--sse-c-key", other}},
		{exitFail, "the correct secret key", []string{"inspect", "--from", "s3://b/sse", "--sse-c-key", other}},
		{exitUnknown, "The correct parameters must be provided", []string{"verify", "--from", "s3://b/sse"}},
		{exitPass, "S3 SSE-C", []string{"inspect", "--from", "s3://b/sse"}},
		{exitPass, "S3 echoes the MD5 of this key", []string{"inspect", "--from", "s3://b/sse", "--sse-c-key", key}},
		{exitFail, "not applicable to this object", []string{"verify", "--from", "s3://b/client", "--sse-c-key", key, "--keyring", raw}},
		{exitUnknown, "permission to the object", []string{"verify", "--from", "s3://b/denied", "--sse-c-key", key}},
		{exitPass, "SSE-C: S3 echoes", []string{"verify", "--from", "s3://b/both", "--sse-c-key", key, "--keyring", raw}},
		{exitPass, "SSE-C: S3 echoes", []string{"verify", "--from", "s3://b/message", "--sse-c-key", key, "--keyring", raw}},
		{exitPass, "SSE-C: S3 echoes", []string{"inspect", "--from", "s3://b/message", "--sse-c-key", key}},
		{exitPass, "SSE-C: S3 echoes", []string{"inspect", "--from", "s3://b/both", "--sse-c-key", key}},
		{exitPass, "plaintext written", []string{"open", "--from", "s3://b/both", "-o", filepath.Join(e.dir, "both"), "--sse-c-key", key, "--keyring", raw}},
		{exitUnknown, "S3 decrypts it itself", []string{"open", "--from", "s3://b/sse", "-o", filepath.Join(e.dir, "sse.out"), "--sse-c-key", key}},
		{exitFail, "the correct secret key", []string{"open", "--from", "s3://b/sse", "-o", filepath.Join(e.dir, "sse.out"), "--sse-c-key", other}},
	} {
		out := e.wants(tc.code, tc.args...)
		if !strings.Contains(out, tc.says) {
			t.Errorf("%v: no %q in\n%s", tc.args, tc.says, out)
		}
		if strings.Contains(out, string(secret)) || strings.Contains(out, base64.StdEncoding.EncodeToString(secret)) {
			t.Errorf("%v shows the key", tc.args)
		}
	}
	a.objects["b/open"] = storedObject{body: plain, sse: ssec.Digest(secret)}
	served := &served{headers: map[string]string{}, without: func(context.Context) error { return nil }}
	if p, err := (&artefact{served: served}).serverSide(t.Context(), true); !errors.Is(err, envelope.ErrFormat) || p.Verdict != envelope.Refuted {
		t.Errorf("an answer without S3's word: %v", err)
	}
}

func jsonText(t *testing.T, v any) []byte {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// onWrite is called by what is written.
type onWrite func()

func (f onWrite) Write(b []byte) (int, error) {
	f()
	return len(b), nil
}
