package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// Every rule of the linter fires: each case breaks a good file in one place.
func TestLintFires(t *testing.T) {
	const (
		results  = "runs.0.results.0."
		physical = results + "locations.0.physicalLocation."
		rule     = "runs.0.tool.driver.rules.0."
	)
	long := strings.Repeat("x", 1025)
	for _, tc := range []struct {
		path  string
		value any
		want  string
	}{
		{"version", "2.0.0", "GitHub takes 2.1.0"},
		{"runs", []any{}, "is empty"},
		{"runs.0.results", nil, "missing or null"},
		{"runs.1.automationDetails.id", "sealaudit/123456789012/eu-west-1/", "category of another run"},
		{"runs.0.automationDetails.id", "sealaudit", "has no category"},
		{"runs.0.tool.driver.name", "", "is empty"},
		{"runs.0.tool.driver.rules", nil, "is missing"},
		{rule + "id", "kinesis/stream_encrypted", "not unique"},
		{rule + "name", long, "255"},
		{rule + "shortDescription.text", long, "1024"},
		{rule + "fullDescription.text", "", "1024"},
		{rule + "help.text", "", "is empty"},
		{rule + "properties.tags", []any{"a"}, "lacks security"},
		{rule + "properties.tags", strings.Split("security,"+strings.Repeat("x,", 11), ","), "GitHub keeps 10"},
		{rule + "properties.security-severity", "high", "is no number"},
		{rule + "properties.security-severity", "0.0", "is no number"},
		{rule + "properties.security-severity", "11", "is no number"},
		{rule + "defaultConfiguration.level", "none", `is "none"`},
		{"runs.0.invocations.0.executionSuccessful", false, "was not successful"},
		{"runs.0.tool.extensions", many(101), "more than 100"},
		{"runs.0.results", many(25001), "rejects more than 25000"},
		{"runs.0.results", many(5001), "keeps 5000"},
		{"runs.0.results", map[string]any{}, "is no list"},
		{"runs", many(21), "rejects more than 20"},
		{rule + "properties.tags", strings.Split("security"+strings.Repeat(",x", 20), ","), "rejects more than 20"},
		{results + "locations", many(101), "no physical location"},
		{results + "relatedLocations", many(101), "keeps 100"},
		{results + "relatedLocations", many(1001), "rejects more than 1000"},
		{results + "level", "severe", "is \"severe\""},
		{results + "ruleId", "other", "is not the rule"},
		{physical + "artifactLocation.uri", "a%zz", "not a relative path"},
		{physical + "artifactLocation.uri", "a#b", "fragment"},
		{results + "kind", "pass", "shows it as a failure"},
		{results + "suppressions", []any{map[string]any{"kind": "external"}}, "is ignored"},
		{results + "message.text", "", "is empty"},
		{results + "ruleIndex", 99, "is not the rule"},
		{results + "partialFingerprints", map[string]any{}, "lacks primaryLocationLineHash"},
		{results + "locations", []any{}, "no physical location"},
		{results + "relatedLocations", []any{map[string]any{"id": 1}}, "no physical location"},
		{physical + "artifactLocation.uri", "", "not a relative path"},
		{physical + "artifactLocation.uri", "arn:aws:s3:::b", "not a relative path"},
		{physical + "artifactLocation.uri", "https://example.com/x", "not a relative path"},
		{physical + "artifactLocation.uri", "/abs", "not a relative path"},
		{physical + "artifactLocation.uri", "host:80", "colon in its first segment"},
		{physical + "artifactLocation.uri", "a/../b", "dot segment"},
		{physical + "artifactLocation.uri", `a\b`, "backslash"},
		{physical + "region.startLine", 0, "no proper region"},
		{physical + "region.endColumn", 0, "no proper region"},
	} {
		t.Run(tc.path+" "+fmt.Sprintf("%.20v", tc.value), func(t *testing.T) {
			var doc any
			if err := json.Unmarshal(render(t, "sarif", whole(), Options{}), &doc); err != nil {
				t.Fatal(err)
			}
			set(t, doc, strings.Split(tc.path, "."), tc.value)
			b, err := json.Marshal(doc)
			if err != nil {
				t.Fatal(err)
			}
			if !slices.ContainsFunc(lint(t, b), func(p Problem) bool { return strings.Contains(p.String(), tc.want) }) {
				t.Errorf("problems %v, want %q", lint(t, b), tc.want)
			}
		})
	}
	for _, text := range []string{"<html>", "", "{} {}", `{"runs": 3}`, "null null"} {
		if _, err := Lint(strings.NewReader(text)); err == nil {
			t.Errorf("Lint took %q for SARIF", text)
		}
	}
}

func many(n int) []any {
	out := make([]any, n)
	for i := range out {
		out[i] = map[string]any{}
	}
	return out
}

// Another tool's file may name its rule by id alone, and is not at fault.
func TestLintOfAnotherTool(t *testing.T) {
	const doc = `{"version":"2.1.0","runs":[{"tool":{"driver":{"name":"x","rules":[]}},"automationDetails":{"id":"x/"},"results":[
		{"ruleId":"X1","message":{"text":"A."},"locations":[{"physicalLocation":{"artifactLocation":{"uri":"a/b.tf"},"region":{"startLine":1,"startColumn":1,"endLine":1,"endColumn":2}}}],
		"partialFingerprints":{"primaryLocationLineHash":"a:1"},"properties":{"n":1}}]}]}`
	if p := lint(t, []byte(doc)); len(p) > 0 {
		t.Error(p)
	}
}

func FuzzLint(f *testing.F) {
	f.Add([]byte(`{"version":"2.1.0","runs":[{"results":[{"locations":[{"physicalLocation":{}}]}]}]}`))
	f.Fuzz(func(_ *testing.T, doc []byte) {
		_, _ = Lint(bytes.NewReader(doc)) // must not panic
	})
}

// set replaces one value deep in a decoded document.
func set(t *testing.T, doc any, path []string, value any) {
	t.Helper()
	for i, key := range path {
		last := i == len(path)-1
		switch node := doc.(type) {
		case map[string]any:
			if last {
				node[key] = value
			}
			doc = node[key]
		case []any:
			var n int
			if _, err := fmt.Sscan(key, &n); err != nil || n >= len(node) {
				t.Fatalf("no element %s in the document", key)
			}
			doc = node[n]
		}
	}
}
