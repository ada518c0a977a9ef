package rego_test

import (
	"encoding/json"
	"errors"
	"iter"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/sealaudit/sealaudit/rego"
)

// account is where the resources of these tests live.
const account = "111122223333"

// clock is the end of the snapshots of these tests.
var clock = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

// schemas are of types made for these tests, and what frameworks there are.
func schemas() map[string]string {
	key := `{"type": "object", "properties": {"id": {"type": "string"}, "arn": {"type": "string"}, "alias": {"type": "string"},
		"state": {"type": "string"}, "account": {"type": "string"}, "region": {"type": "string"}}, "additionalProperties": false}`
	of := func(title, properties string) string {
		return `{"title": "` + title + `", "type": "object", "additionalProperties": false, "properties": {` + properties + `}}`
	}
	return map[string]string{
		"schemas/AWS_Test_Thing.json": of("AWS::Test::Thing", `"a": {"type": "string"}, "b": {"type": "string"}, "n": {"type": "integer"}, "on": {"type": "boolean"},
			"deep": {"type": "object", "properties": {"c": {"type": "string"}, "d": {"type": "string"}}, "additionalProperties": false},
			"list": {"type": "array", "items": {"type": "string"}}, "bucket_arn": {"type": "string"}, "key": `+key),
		"schemas/AWS_Test_Bucket.json": of("AWS::Test::Bucket", `"private": {"type": "boolean"}, "policy": {"type": "string"}`),
		"schemas/AWS_Test_Table.json": of("AWS::Test::Table", `"encryption": {"type": "object", "properties": {"key": `+key+`}, "additionalProperties": false},
			"status": {"type": "string"},
			"replicas": {"type": "array", "items": {"type": "object", "properties": {"key": `+key+`}}}`),
		"schemas/AWS_KMS_Key.json":   of("AWS::KMS::Key", `"state": {"type": "string"}`),
		"frameworks/frameworks.yaml": "nist:\n  title: NIST\n  version: Revision 5\n  url: https://example.org/\n",
		"frameworks/sources.yaml":    "analysis: Ours.\n",
	}
}

// policy is the text of a policy: the package starts at line 10, so the first
// line of code is 11. related and params are YAML, and may be "".
func policy(id, resourceType, extra, code string) string {
	lines := []string{"# METADATA", "# title: T", "# description: D", "# related_resources: [https://example.org/]", "# custom:",
		"#   severity: high", "#   resource: " + resourceType, "#   profiles: [baseline]", "#   remediation: R" + strings.ReplaceAll("\n"+extra, "\n", "\n#   ")}
	if extra == "" {
		lines[8] = "#   remediation: R"
	}
	return strings.Join(lines, "\n") + "\npackage " + strings.ReplaceAll("policies/"+id, "/", ".") + "\n" + code + "\n"
}

// source is the schemas and these files.
func source(files map[string]string) rego.Source {
	tree := fstest.MapFS{}
	for _, of := range []map[string]string{schemas(), files} {
		for name, text := range of {
			tree[name] = &fstest.MapFile{Data: []byte(text)}
		}
	}
	return rego.Source{Name: "src", FS: tree}
}

func load(t testing.TB, files map[string]string) *rego.Set {
	t.Helper()
	set, err := rego.Load(t.Context(), []rego.Source{source(files)})
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// things is a set with one policy, test/thing, of AWS::Test::Thing.
func things(t testing.TB, extra, code string) *rego.Set {
	t.Helper()
	return load(t, map[string]string{"test/thing.rego": policy("test/thing", "AWS::Test::Thing", extra, code)})
}

// rows are a snapshot in memory.
type rows []string

func (r rows) Rows() iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		buffer := make([]byte, 0, 1024)
		for _, line := range r {
			buffer = append(buffer[:0], line...)
			if !yield(buffer, nil) {
				return
			}
			for i := range buffer { // a line is valid until the next one is asked for
				buffer[i] = 'X'
			}
		}
	}
}

// row is a row of a type, in eu-west-1; more is JSON that follows, as in
// `"facts": {}`.
func row(resourceType, arn, more string) string {
	return `{"arn": "` + arn + `", "type": "` + resourceType + `", "name": "n", "scope": {"partition": "aws", "account": "` + account + `", "region": "eu-west-1"}, ` + more + `}`
}

func thing(more string) string { return row("AWS::Test::Thing", "arn:aws:test:::thing", more) }

// gapAt is a row's gaps: one, at the attributes.
func gapAt(attributes ...string) string {
	text, _ := json.Marshal(attributes)
	return `"gaps": [{"attributes": ` + string(text) + `, "reason": "denied", "detail": "It was denied.", "permission": "test:Get", "remedy": "Grant it."}]`
}

func engine(t testing.TB, set *rego.Set, o rego.Options) *rego.Engine {
	t.Helper()
	if o.Time.IsZero() {
		o.Time = clock
	}
	e, err := rego.NewEngine(t.Context(), set, o)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func evaluate(t testing.TB, e *rego.Engine, s rego.Snapshot) ([]rego.Finding, rego.Summary) {
	t.Helper()
	var out []rego.Finding
	sum, err := e.Evaluate(t.Context(), s, func(f rego.Finding) error {
		out = append(out, f)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out, sum
}

// judge is the only finding about the first row.
func judge(t testing.TB, set *rego.Set, lines ...string) rego.Finding {
	t.Helper()
	findings, _ := evaluate(t, engine(t, set, rego.Options{Workers: 2}), rows(lines))
	if len(findings) == 0 {
		t.Fatal("there is no finding")
	}
	return findings[0]
}

// failing is a snapshot that breaks after some rows.
type failing struct{ rows }

var errBroken = errors.New("cut off")

func (f failing) Rows() iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		for line := range f.rows.Rows() {
			if !yield(line, nil) {
				return
			}
		}
		yield(nil, errBroken)
	}
}

// onlyPolicy is a tree with nothing but test/thing.rego.
func onlyPolicy(text string) fstest.MapFS {
	return fstest.MapFS{"test/thing.rego": {Data: []byte(text)}}
}
