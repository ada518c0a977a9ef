//go:build emulator

package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/sealaudit/sealaudit/collectors"
)

// cohortRow is what a row of a proof says, without what differs from run to
// run: ids, times, sequence numbers.
type cohortRow struct {
	Name       string   `json:"name"`
	Server     string   `json:"server,omitempty"` // algorithm and key
	Client     string   `json:"client,omitempty"` // format, suite and wrap
	KMSKeys    []string `json:"kms_keys,omitempty"`
	Count      int      `json:"count,omitempty"`
	Sample     string   `json:"sample,omitempty"`
	Examples   []string `json:"examples,omitempty"` // of objects and items
	Steps      []string `json:"steps,omitempty"`
	Weaknesses []string `json:"weaknesses,omitempty"`
	Duplicates string   `json:"duplicates,omitempty"`
	Gaps       []string `json:"gaps,omitempty"`
}

// shapeID tells cohorts of one label apart; it depends on the ids of keys.
var shapeID = regexp.MustCompile(` #[0-9a-f]{6}$`)

// proofScan runs a scan with --prove, and returns the cohorts that it saw and
// all that it wrote, by name.
func proofScan(t *testing.T, args ...string) (rows []cohortRow, written map[string][]byte) {
	t.Helper()
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	var stdout, stderr bytes.Buffer
	args = append([]string{"scan", "--prove", "--prove-seed", "1", "--policy-profile", "all", "-q",
		"--bundle", at("evidence.zip"), "-o", "table", "-o", "html=" + at("report.html")}, args...)
	if code := run(t.Context(), args, streams{out: &stdout, err: &stderr}); code != exitFail {
		t.Fatalf("exit %d\n%s%s", code, stdout.String(), stderr.String())
	}
	written = map[string][]byte{"stdout": stdout.Bytes(), "stderr": stderr.Bytes(), "report.html": fileBytes(t, at("report.html"))}
	unzip(t, at("evidence.zip"), written)
	return cohortRows(t, at("evidence.zip")), written
}

func cohortRows(t *testing.T, path string) (rows []cohortRow) {
	t.Helper()
	b, err := collectors.OpenBundle(path)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close() //nolint:errcheck // reading
	for line, err := range b.Rows() {
		if err != nil {
			t.Fatal(err)
		}
		r, err := collectors.DecodeResource(line)
		if err != nil {
			t.Fatal(err)
		}
		if slices.Contains([]string{"AWS::S3::Object", "AWS::Kinesis::Record", "AWS::DynamoDB::Item"}, r.Type) {
			rows = append(rows, rowOf(t, r))
		}
	}
	slices.SortFunc(rows, func(a, b cohortRow) int {
		return strings.Compare(a.Name+strings.Join(a.Examples, " "), b.Name+strings.Join(b.Examples, " "))
	})
	return rows
}

// cohortFacts are the facts of objects, records and items together.
type cohortFacts struct {
	ServerSide struct {
		Algorithm, Type string
		Key             collectors.Key
	} `json:"server_side"`
	ClientSide struct {
		Format, Algorithm string
		Wrap              []string
		KMSKeys           []collectors.Key `json:"kms_keys"`
	} `json:"client_side"`
	Count    int
	Examples []string
	Proof    *struct {
		Steps []struct {
			Steps []struct{ Name, Verdict, Why string }
		}
	}
	Weaknesses []string
	Duplicates json.RawMessage
	Sampling   struct {
		Population, Sampled int
		Complete            bool
	}
}

func rowOf(t *testing.T, r collectors.Resource) cohortRow {
	t.Helper()
	var f cohortFacts
	if err := json.Unmarshal(r.Facts.(json.RawMessage), &f); err != nil {
		t.Fatal(err)
	}
	kind := strings.TrimPrefix(r.Type, "AWS::")
	out := cohortRow{Name: kind + " " + shapeID.ReplaceAllString(r.Name, ""), Count: f.Count, Weaknesses: f.Weaknesses, Duplicates: string(f.Duplicates)}
	out.Server = joinWords(f.ServerSide.Algorithm, f.ServerSide.Type, keyWords(&f.ServerSide.Key))
	out.Client = joinWords(append([]string{f.ClientSide.Format, f.ClientSide.Algorithm}, f.ClientSide.Wrap...)...)
	for _, k := range f.ClientSide.KMSKeys {
		out.KMSKeys = append(out.KMSKeys, keyWords(&k))
	}
	if s := f.Sampling; s.Sampled > 0 {
		out.Sample = fmt.Sprintf("%d of %d, complete %t", s.Sampled, s.Population, s.Complete)
	}
	if r.Type != "AWS::Kinesis::Record" {
		out.Examples = slices.Sorted(slices.Values(f.Examples))
	}
	if f.Proof != nil {
		for _, s := range f.Proof.Steps[0].Steps {
			out.Steps = append(out.Steps, s.Name+": "+s.Verdict)
		}
	}
	for _, g := range r.Gaps {
		out.Gaps = append(out.Gaps, joinWords(string(g.Reason), g.Permission, strings.Join(g.Attributes, " ")))
	}
	return out
}

// keyWords are a key's name and what KMS says of it.
func keyWords(k *collectors.Key) string {
	gone := ""
	if k.Exists != nil && !*k.Exists {
		gone = "does not exist"
	}
	return joinWords(cmp.Or(k.ARN, k.ID), k.State, gone)
}

func joinWords(words ...string) string {
	return strings.Join(slices.DeleteFunc(words, func(w string) bool { return w == "" }), " ")
}

// goldenRows compares rows with a golden file, in which keys have names.
func goldenRows(t *testing.T, name string, rows []cohortRow, keys map[string]string) {
	t.Helper()
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(rows); err != nil {
		t.Fatal(err)
	}
	text := b.String()
	for arn, name := range keys {
		text = strings.ReplaceAll(text, arn, "<"+name+">")
	}
	compareGolden(t, filepath.Join("testdata", name), []byte(text))
}

func fileBytes(t *testing.T, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
