package collectors_test

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sealaudit/sealaudit/collectors"
)

var update = flag.Bool("update", false, "rewrite golden files")

// judge judges a bundle with findings of one line.
func judge(t testing.TB, b *collectors.Bundle, finding string) *collectors.Bundle {
	t.Helper()
	path := filepath.Join(t.TempDir(), "judged.zip")
	j := collectors.Judgement{Tool: "sealaudit test", Policies: []byte("[]"), Judged: []byte("{}"), Summary: []byte("{}")}
	if err := b.Judge(path, j, func(w io.Writer) error { _, err := io.WriteString(w, finding+"\n"); return err }); err != nil {
		t.Fatal(err)
	}
	return open(t, path)
}

func statement(t testing.TB, b *collectors.Bundle) []byte {
	t.Helper()
	text, err := b.Statement()
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// chained is a bundle like seal's whose run names the one before.
func chained(t testing.TB, previous string) *collectors.Bundle {
	t.Helper()
	rec, err := collectors.NewRecorder(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer rec.Close()
	path := filepath.Join(t.TempDir(), "evidence.zip")
	at := time.Date(2026, 11, 25, 8, 0, 0, 0, time.UTC)
	m := collectors.Manifest{Tool: "sealaudit test", Caller: "arn:aws:iam::111122223333:role/<audit>", Accounts: []string{"111122223333"}, Regions: []string{"eu-west-1"},
		Services: []string{"fake"}, Started: at, Ended: at.Add(time.Minute), Previous: previous}
	if err := rec.Seal(path, m); err != nil {
		t.Fatal(err)
	}
	return open(t, path)
}

func TestStatementSaysWhatTheBundleHolds(t *testing.T) {
	previous := open(t, seal(t))
	var got bytes.Buffer
	for _, b := range []*collectors.Bundle{previous, chained(t, previous.Evidence), judge(t, chained(t, ""), "{}")} {
		// Digests of what is compressed are those of this Go version.
		text := string(statement(t, b))
		for digest, name := range map[string]string{b.Evidence: "of manifest.json", b.JudgementDigest: "of judgement.json"} {
			if hex := strings.TrimPrefix(digest, "sha256:"); hex != "" {
				text = strings.ReplaceAll(text, `"sha256":"`+hex, `"sha256":"`+name)
			}
		}
		text = strings.ReplaceAll(text, previous.Evidence, "of the previous run")
		if err := json.Indent(&got, []byte(text), "", "  "); err != nil {
			t.Fatal(err)
		}
		got.WriteByte('\n')
	}
	golden := filepath.Join("testdata", "statements.json")
	if *update {
		if err := os.WriteFile(golden, got.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got.String()); diff != "" {
		t.Errorf("%s differs (-want +got); -update rewrites it\n%s", golden, diff)
	}
}

// A statement covers its own bundle, and of another one nothing.
func TestCovers(t *testing.T) {
	bare := chained(t, "")
	judged, other := judge(t, bare, `{"id":1}`), judge(t, bare, `{"id":2}`)
	for _, tc := range []struct {
		name      string
		bundle    *collectors.Bundle
		statement []byte
		judged    bool
		err       string
	}{
		{"evidence", bare, statement(t, bare), false, ""},
		{"evidence, judged later", judged, statement(t, bare), false, ""},
		{"evidence and judgement", judged, statement(t, judged), true, ""},
		{"another judgement", other, statement(t, judged), false, "other findings"},
		{"a judgement that was taken out", bare, statement(t, judged), false, "other findings"},
		{"other evidence", open(t, seal(t)), statement(t, bare), false, "about other evidence"},
		{"another previous run", chained(t, bare.Evidence), statement(t, bare), false, "about other evidence"},
	} {
		got, err := tc.bundle.Covers(tc.statement)
		if got != tc.judged || (err == nil) != (tc.err == "") || err != nil && !strings.Contains(err.Error(), tc.err) {
			t.Errorf("%s: %t, %v", tc.name, got, err)
		}
		if errors.Is(err, collectors.ErrOtherJudgement) != (tc.err == "other findings") {
			t.Errorf("%s: %v is told as the wrong error", tc.name, err)
		}
	}
}

// A statement that was changed, or is written in another way, covers nothing.
func TestStatementsHaveOneForm(t *testing.T) {
	b := judge(t, chained(t, "sha256:00"), "{}")
	text := string(statement(t, b))
	edit := func(old, fresh string) string {
		t.Helper()
		if strings.Count(text, old) != 1 {
			t.Fatalf("%q is %d times in %s", old, strings.Count(text, old), text)
		}
		return strings.Replace(text, old, fresh, 1)
	}
	for name, changed := range map[string]string{
		"empty":               "",
		"no JSON":             "statement",
		"null":                "null",
		"another _type":       edit("Statement/v1", "Statement/v0.1"),
		"another predicate":   edit("evidence/v1", "evidence/v2"),
		"another tool":        edit(`"tool":"sealaudit test"`, `"tool":"sealaudit other"`),
		"another judge":       edit(`"judgedWith":"sealaudit test"`, `"judgedWith":"sealaudit other"`),
		"another caller":      edit(`role/\u003caudit\u003e`, `role/admin`),
		"another account":     edit(`["111122223333"]`, `["111122223333","444455556666"]`),
		"another previous":    edit("sha256:00", "sha256:01"),
		"no previous":         edit(`"previous":"sha256:00",`, ``),
		"twice":               edit(`"_type"`, `"_type":"https://in-toto.io/Statement/v1","_type"`),
		"twice inside":        edit(`"previous"`, `"previous":"sha256:00","previous"`),
		"another case":        edit(`"subject"`, `"Subject"`),
		"unknown":             edit(`"caller"`, `"x":1,"caller"`),
		"another escape":      edit(`\u003caudit\u003e`, `<audit>`),
		"a space":             edit(`"subject":`, `"subject": `),
		"something after":     text + "\n",
		"no subject":          text[:strings.Index(text, "[")] + "[]" + text[strings.Index(text, "]")+1:],
		"another name":        edit("manifest.json", "resources.jsonl"),
		"another second name": edit("judgement.json", "findings.jsonl"),
		"another second":      strings.Replace(text, `},{"name"`, `},{"name":"x","digest":{"sha256":""}},{"name"`, 1),
		"a long one":          strings.Repeat(text, 50),
	} {
		if judged, err := b.Covers([]byte(changed)); err == nil || judged {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestAttestKeepsEverythingElse(t *testing.T) {
	bare := open(t, seal(t))
	before, err := os.ReadFile(bare.Path)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "signed.zip")
	for _, text := range []string{"one\n", "one\ntwo\n"} { // again, in its place
		from := bare
		if text != "one\n" {
			from = open(t, path)
		}
		if err := from.Attest(path, []byte(text)); err != nil {
			t.Fatal(err)
		}
		signed := open(t, path)
		if err := signed.Verify(); err != nil || signed.Evidence != bare.Evidence || string(signed.Attestations) != text {
			t.Fatalf("%q: %v, %q", text, err, signed.Attestations)
		}
	}
	judged := judge(t, open(t, path), "{}")
	if err := judged.Verify(); err != nil || string(judged.Attestations) != "one\ntwo\n" || judged.Evidence != bare.Evidence {
		t.Errorf("judging loses the attestations: %v, %q", err, judged.Attestations)
	}
	if now, err := os.ReadFile(bare.Path); err != nil || !bytes.Equal(now, before) {
		t.Error("signing a copy changed the original")
	}
	if err := bare.Attest(path, make([]byte, 1<<20+1)); err == nil {
		t.Error("a megabyte of attestations is written")
	}
}

// What somebody else put into a bundle is refused, and costs nothing.
func TestForgedEntriesAreRefused(t *testing.T) {
	judged := judge(t, open(t, seal(t)), "{}")
	if err := judged.Attest(judged.Path, []byte("{}\n")); err != nil {
		t.Fatal(err)
	}
	for want, change := range map[string]func(name string, text []byte) []byte{
		"attestations.intoto.jsonl is empty": func(name string, text []byte) []byte {
			if name == "attestations.intoto.jsonl" {
				return nil
			}
			return text
		},
		"attestations.intoto.jsonl is longer than 1048576 bytes": func(name string, text []byte) []byte {
			if name == "attestations.intoto.jsonl" {
				return make([]byte, 1<<20+1)
			}
			return text
		},
		"judgement.json names 0 entries": func(name string, text []byte) []byte {
			if name == "judgement.json" {
				return editEntries(t, text, func(list []any) []any { return list[:0] })
			}
			return text
		},
		"judgement.json names 2 entries": func(name string, text []byte) []byte {
			if name == "judgement.json" {
				return editEntries(t, text, func(list []any) []any { return append(list, list[0]) })
			}
			return text
		},
	} {
		path := filepath.Join(t.TempDir(), "forged.zip")
		rezip(t, judged.Path, path, change)
		b, err := collectors.OpenBundle(path)
		if err == nil {
			err = b.Verify()
			_ = b.Close()
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

func editEntries(t *testing.T, text []byte, edit func([]any) []any) []byte {
	t.Helper()
	var doc map[string]any
	if err := json.Unmarshal(text, &doc); err != nil {
		t.Fatal(err)
	}
	doc["entries"] = edit(doc["entries"].([]any))
	out, err := json.Marshal(doc)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// rezip copies a zip with other contents, as anybody can.
func rezip(t *testing.T, from, to string, change func(name string, text []byte) []byte) {
	t.Helper()
	in, err := zip.OpenReader(from)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close() //nolint:errcheck // reading
	f, err := os.Create(to)
	if err != nil {
		t.Fatal(err)
	}
	out := zip.NewWriter(f)
	for _, e := range in.File {
		r, err := e.Open()
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		w, err := out.Create(e.Name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(change(e.Name, text)); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(out.Close(), f.Close()); err != nil {
		t.Fatal(err)
	}
}

// A run that names no previous one has the manifest that it always had.
func TestPreviousIsOnlyThereWhenNamed(t *testing.T) {
	for previous, want := range map[string]bool{"": false, "sha256:00": true} {
		b := chained(t, previous)
		text, err := json.Marshal(b.Manifest)
		if err != nil {
			t.Fatal(err)
		}
		if got := bytes.Contains(text, []byte(`"previous"`)); got != want || b.Manifest.Previous != previous {
			t.Errorf("%q: %s", previous, text)
		}
	}
}

// Whatever is handed over as a statement, only the bundle's own two are taken,
// and one over another judgement says so.
func FuzzCovers(f *testing.F) {
	bare := chained(f, "sha256:00")
	b := judge(f, bare, `{"id":1}`)
	own := [][]byte{statement(f, bare), statement(f, b)}
	for _, text := range append(own, statement(f, judge(f, bare, `{"id":2}`))) {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		judged, err := b.Covers(text)
		switch {
		case err == nil && !bytes.Equal(text, own[0]) && !bytes.Equal(text, own[1]):
			t.Fatalf("%q is taken as the bundle's own", text)
		case err == nil && judged != bytes.Equal(text, own[1]):
			t.Fatalf("%q covers the judgement: %t", text, judged)
		case err != nil && judged:
			t.Fatalf("%q covers a judgement, and %v", text, err)
		}
		if !errors.Is(err, collectors.ErrOtherJudgement) {
			return
		}
		var s collectors.Statement
		if err := json.Unmarshal(text, &s); err != nil || len(s.Subject) != 2 {
			t.Fatalf("%q is taken as a statement", text)
		}
		if again, err := json.Marshal(s); err != nil || !bytes.Equal(again, text) {
			t.Fatalf("%q is taken, and written otherwise", text)
		}
	})
}
