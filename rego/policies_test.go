package rego_test

import (
	"encoding/json"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/sealaudit/sealaudit/policies"
	"github.com/sealaudit/sealaudit/rego"
)

func builtin() rego.Source { return rego.Source{Name: "policies", FS: policies.FS} }

func loadBuiltin(t testing.TB) *rego.Set {
	t.Helper()
	set, err := rego.Load(t.Context(), []rego.Source{builtin()})
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// Every built-in policy loads, its tests reach all of it, and its cases get
// what they should.
func TestBuiltinPolicies(t *testing.T) {
	report, err := rego.Test(t.Context(), []rego.Source{builtin()})
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range report.Failures() {
		t.Error(p)
	}
	if want := len(loadBuiltin(t).Policies()); len(report.Files) < want {
		t.Errorf("%d files were tested, want at least the %d policies", len(report.Files), want)
	}
	for _, f := range report.Files {
		if f.Tests == 0 || f.Covered != f.Lines || f.Lines == 0 {
			t.Errorf("%s: %d tests reach %d of %d lines", f.ID, f.Tests, f.Covered, f.Lines)
		}
	}
}

// aCase is a case of a *_cases.json, as far as these tests need it.
type aCase struct {
	Name     string
	Status   rego.Status
	Resource map[string]any
	Related  []map[string]any
	Params   map[string]any
	Clock    time.Time
}

// casesOf are the cases of a built-in policy, each with its rows: the
// resource's first.
func casesOf(t testing.TB, p rego.Policy) []aCase {
	t.Helper()
	text, err := fs.ReadFile(policies.FS, p.ID+"_cases.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct{ Cases []aCase }
	if err := json.Unmarshal(text, &file); err != nil {
		t.Fatalf("%s: %v", p.ID, err)
	}
	for _, c := range file.Cases {
		fill := map[string]any{"arn": "arn:aws:sealaudit:eu-west-1:111122223333:case", "type": p.Resource, "name": "case",
			"scope": map[string]any{"partition": "aws", "account": account, "region": "eu-west-1"}, "facts": map[string]any{}}
		for _, r := range append([]map[string]any{c.Resource}, c.Related...) {
			for name, v := range fill {
				if _, given := r[name]; !given {
					r[name] = v
				}
			}
		}
	}
	return file.Cases
}

func (c aCase) rows(t testing.TB) rows {
	t.Helper()
	var out rows
	for _, r := range append([]map[string]any{c.Resource}, c.Related...) {
		line, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, string(line))
	}
	return out
}

// A case that is unknown has a gap where the policy reads under its parameters,
// and a case that is not unknown has none; but for gaps that applies makes
// harmless.
func TestReadsCoverTheGapsOfCases(t *testing.T) {
	set := loadBuiltin(t)
	for _, p := range set.Policies() {
		one, err := set.Select(rego.Selection{Include: []string{p.ID}})
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range casesOf(t, p) {
			if len(c.Related) > 0 || len(p.Related) > 0 || slices.Contains(p.Reads, "referenced_by") {
				continue // gaps of others count too
			}
			reads := strings.Fields(engine(t, one, rego.Options{Params: map[string]map[string]any{p.ID: c.Params}}).ReadsOf(p.ID))
			hit := false
			for _, at := range attributes(c.Resource["gaps"]) {
				hit = hit || slices.ContainsFunc(reads, func(read string) bool { return overlap(read, at) })
			}
			switch {
			case c.Status == rego.Undecided && !hit:
				t.Errorf("%s, case %q: it is unknown, and nothing that the policy reads is a gap: reads %q", p.ID, c.Name, reads)
			case c.Status == rego.Pass && hit && !readsShape(reads, c):
				t.Errorf("%s, case %q: it passes with a gap where the policy reads: %q", p.ID, c.Name, reads)
			}
		}
	}
}

// readsShape says whether every gap is only below what the policy reads: it
// may then read no more than whether the place is there.
func readsShape(reads []string, c aCase) bool {
	for _, at := range attributes(c.Resource["gaps"]) {
		if slices.ContainsFunc(reads, func(read string) bool { return read == at || strings.HasPrefix(read, at+".") }) {
			return false
		}
	}
	return true
}

func attributes(gaps any) []string {
	var out []string
	list, _ := gaps.([]any)
	for _, g := range list {
		for _, at := range g.(map[string]any)["attributes"].([]any) {
			name, _, _ := strings.Cut(at.(string), "[")
			out = append(out, name)
		}
	}
	return out
}

func overlap(a, b string) bool {
	return a == b || strings.HasPrefix(a, b+".") || strings.HasPrefix(b, a+".")
}

// A draft of every type that collectors read loads and passes as it is.
func TestDraftsPass(t *testing.T) {
	set := loadBuiltin(t)
	tree := fstest.MapFS{}
	entries, err := fs.ReadDir(policies.FS, "schemas")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		resourceType := strings.ReplaceAll(strings.ReplaceAll(strings.TrimSuffix(e.Name(), ".json"), "AWS__Account", "AWS::::Account"), "_", "::")
		id := "drafts/" + strings.Trim(strings.ToLower(strings.ReplaceAll(resourceType, ":", "_")), "_")
		files, err := set.Draft(id, resourceType)
		if err != nil {
			t.Fatal(err)
		}
		for name, text := range files {
			tree[name] = &fstest.MapFile{Data: text}
		}
	}
	report, err := rego.Test(t.Context(), []rego.Source{builtin(), {Name: "own", FS: tree}}, "own")
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range report.Failures() {
		t.Error(p)
	}
	if len(report.Files) != len(entries) {
		t.Errorf("%d drafts were tested, want %d", len(report.Files), len(entries))
	}
}

func TestDraftsOfASmallType(t *testing.T) {
	// No plain fact at all, and facts that are required.
	tree := source(map[string]string{
		"schemas/AWS_Test_List.json": `{"title": "AWS::Test::List", "type": "object", "properties": {"l": {"type": "array", "items": {"type": "string"}}}, "required": ["l"]}`,
		"schemas/AWS_Test_Deep.json": `{"title": "AWS::Test::Deep", "type": "object", "properties": {"d": {"type": "object", "required": ["m", "o"],
			"properties": {"m": {"type": "integer"}, "o": {"type": "object", "properties": {}}}}}, "required": ["d"]}`,
	})
	set, err := rego.Load(t.Context(), []rego.Source{tree})
	if err != nil {
		t.Fatal(err)
	}
	own := fstest.MapFS{}
	for id, of := range map[string]string{"own/list": "AWS::Test::List", "own/deep": "AWS::Test::Deep"} {
		files, err := set.Draft(id, of)
		if err != nil {
			t.Fatal(err)
		}
		if names := slices.Sorted(maps.Keys(files)); !slices.Equal(names, []string{id + ".rego", id + "_cases.json", id + "_test.rego"}) {
			t.Errorf("files %q", names)
		}
		for name, text := range files {
			own[name] = &fstest.MapFile{Data: text}
		}
	}
	report, err := rego.Test(t.Context(), []rego.Source{tree, {Name: "own", FS: own}}, "own")
	if err != nil || len(report.Failures()) > 0 || len(report.Files) != 2 {
		t.Errorf("%v %v", err, report)
	}
}

func TestDraftRefuses(t *testing.T) {
	set := things(t, "", good)
	for id, want := range map[string]string{
		"test/thing": "there is a policy test/thing already, src/test/thing.rego", "Test/x": "is not SERVICE/NAME", "x": "is not SERVICE/NAME", "../x/y": "is not SERVICE/NAME",
		"lib/x": "is not SERVICE/NAME", "test/x_test": "is not SERVICE/NAME", "test/new": `no collector reads the resource type "AWS::Test::Thng"; did you mean AWS::Test::Thing?`,
	} {
		if _, err := set.Draft(id, "AWS::Test::Thng"); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want %q", id, err, want)
		}
	}
}
