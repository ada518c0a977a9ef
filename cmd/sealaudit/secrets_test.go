package main

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"
)

// A scan of the demo account writes none of the secrets that its replies
// carry: into no report, no line of the bundle, no message; and none of its
// hostile tags and names steers a terminal.
func TestNothingSecretOrHostileLeaves(t *testing.T) {
	secrets := demoSecrets(t)
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	var stdout, stderr bytes.Buffer
	code := run(t.Context(), []string{"scan", "--demo", "--timeout", "3s", "--policy-profile", "all", "--bundle", at("evidence.zip"),
		"-o", "table", "-o", "json=" + at("report.json"), "-o", "sarif=" + at("report.sarif"), "--sarif-profile", "full", "-o", "html=" + at("report.html")},
		streams{out: &stdout, err: &stderr})
	if code != exitFail {
		t.Fatalf("exit %d\n%s", code, stderr.String())
	}
	written := map[string][]byte{"stdout": stdout.Bytes(), "stderr": stderr.Bytes()}
	for _, name := range []string{"report.json", "report.sarif", "report.html"} {
		text, err := os.ReadFile(at(name))
		if err != nil {
			t.Fatal(err)
		}
		written[name] = text
	}
	unzip(t, at("evidence.zip"), written)
	for name, text := range written {
		for _, secret := range secrets {
			if bytes.Contains(text, []byte(secret)) {
				t.Errorf("%s holds the secret %s", name, secret)
			}
		}
	}
	if i := strings.IndexFunc(stdout.String(), func(r rune) bool { return r != '\n' && (unicode.IsControl(r) || unicode.Is(unicode.Cf, r)) }); i >= 0 {
		t.Errorf("the table holds a character that steers: %q", stdout.String()[i:min(i+40, stdout.Len())])
	}
}

// demoSecrets are the words of the demo account's data that begin with
// demo-secret.
func demoSecrets(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("..", "..", "fixtures", "demo", "*", "*.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, word := range strings.FieldsFunc(string(text), func(r rune) bool { return strings.ContainsRune(" \t\n\"'{},:=?&/@", r) }) {
			if strings.HasPrefix(word, "demo-secret") {
				out = append(out, word)
			}
		}
	}
	if len(out) < 3 {
		t.Fatalf("the demo account has only %d secrets: %v", len(out), out)
	}
	return out
}

// unzip adds the entries of a bundle, and the replies in it decoded.
func unzip(t *testing.T, path string, into map[string][]byte) {
	t.Helper()
	z, err := zip.OpenReader(path)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close() //nolint:errcheck // reading
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		into[f.Name] = text
		if f.Name == "replies.jsonl" {
			into["replies, decoded"] = decodeReplies(t, text)
		}
	}
	if len(into["replies, decoded"]) == 0 {
		t.Fatal("the bundle holds no replies")
	}
}

func decodeReplies(t *testing.T, lines []byte) []byte {
	t.Helper()
	var out []byte
	for line := range bytes.Lines(lines) {
		var row struct{ Reply []byte }
		if err := json.Unmarshal(line, &row); err != nil {
			t.Fatal(err)
		}
		out = append(out, row.Reply...)
	}
	return out
}
