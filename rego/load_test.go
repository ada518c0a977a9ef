package rego_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sealaudit/sealaudit/rego"
)

const good = `violations contains "bad" if input.facts.a == "bad"`

// mistakes are files with one mistake each, and what must be said of it.
var mistakes = []struct {
	name  string
	file  string // "" is test/thing.rego
	extra string // metadata
	code  string
	text  string // instead of all that
	want  string // part of the one problem, from "src/"
}{
	{name: "misspelt fact", code: `violations contains "x" if input.facts.bb == "1"`, want: `src/test/thing.rego:11: input.facts has no bb; did you mean b?`},
	{name: "field of a scalar", code: `violations contains "x" if input.facts.a.b == "1"`, want: `thing.rego:11: input.facts.a has no fields: the schema says that it is a string`},
	{name: "unknown input", code: `violations contains "x" if input.fact.a == "1"`, want: `thing.rego:11: input has no fact; did you mean facts?`},
	{name: "wrong package", text: policy("other/thing", "AWS::Test::Thing", "", good), want: `thing.rego:10: the package is policies.other.thing; by its path it must be policies.test.thing`},
	{name: "no violations", code: `applies if input.facts.a`, want: `thing.rego:10: there is no violations rule`},
	{name: "violations is no set", code: `violations := "x" if input.facts.a`, want: `thing.rego:11: violations must be a set of messages`},
	{name: "violations of numbers", code: `violations contains 1 if input.facts.a`, want: `thing.rego:11: the members of violations are not strings`},
	{name: "applies is no boolean", code: good + "\napplies := 1", want: `thing.rego:12: applies is not boolean`},
	{name: "applies is a set", code: good + "\napplies contains 1 if input.facts.a", want: `thing.rego:12: applies must be true or undefined`},
	{name: "unknowns rule", code: good + "\nunknowns contains 1 if input.facts.a", want: `thing.rego:12: unknowns is not for policies`},
	{name: "test in the policy", code: good + "\ntest_x if true", want: `thing.rego:12: tests are in NAME_test.rego; move test_x there`},
	{name: "with", code: `violations contains "x" if data.policies.test.thing.y with input as {}` + "\ny if input.facts.a", want: `thing.rego:11: with is for tests`},
	{name: "another policy's data", code: `violations contains "x" if data.policies.test.other.y`, want: `thing.rego:11: data.policies.test.other.y is not for policies`},
	{name: "all data", code: `violations contains "x" if count(data) > 0`, want: `thing.rego:11: data is not for policies`},
	{name: "undeclared parameter", code: `violations contains "x" if data.params.level == "1"`, want: `thing.rego:11: parameter "level" is not declared`},
	{name: "all parameters", code: `violations contains "x" if count(data.params) > 0`, want: `thing.rego:11: name the parameter: data.params.NAME`},
	{name: "no such library rule", code: `violations contains "x" if data.lib.none.rule`, want: `thing.rego:11: there is no rule data.lib.none.rule`},
	{name: "no such function", code: `violations contains "x" if startwith(input.facts.a, "x")`, want: `thing.rego:11: there is no function startwith; did you mean startswith?`},
	{name: "unused variable", code: "violations contains \"x\" if {\n\ty := input.facts.a\n}", want: `thing.rego:12: assigned var y unused`},
	{name: "unsafe variable", code: `violations contains y if input.facts.a`, want: `thing.rego:11: var y is unsafe: it is used and never given a value`},
	{name: "syntax", code: `violations contains "x" if {`, want: `thing.rego:12: unexpected eof`},
	{name: "unknown metadata", extra: "serverity: high", code: good, want: `thing.rego:10: unknown key "serverity"; did you mean severity?`},
	{name: "unknown framework", extra: "frameworks:\n  nits: [{id: SC-28, source: analysis}]", code: good, want: `thing.rego:11: unknown framework "nits"; did you mean nist?`},
	{name: "requirement without source", extra: "frameworks:\n  nist: [{id: SC-28}]", code: good, want: `thing.rego:11: requirement "SC-28" has the source ""`},
	{name: "requirement twice", extra: "frameworks:\n  nist: [{id: X, source: analysis}, {id: X, source: analysis}]", code: good, want: `thing.rego:11: framework "nist" lists the requirement "X" twice`},
	{name: "control", extra: "control: s3_8", code: good, want: `thing.rego:10: control "s3_8" is not a catalogue id`},
	{name: "parameter without default", extra: "params:\n  level: {description: d}", code: good, want: `thing.rego:11: parameter "level" has no default`},
	{name: "default not in enum", extra: "params:\n  level: {default: c, enum: [a, b], description: d}", code: good, want: `thing.rego:11: parameter "level": its default is "c"; choose a or b`},
	{name: "join of an unknown type", extra: "related:\n  b: {type: AWS::Test::Buckt, at: facts.bucket_arn}", code: good, want: `thing.rego:11: the resource type AWS::Test::Buckt has no schemas/AWS_Test_Buckt.json; did you mean AWS::Test::Bucket?`},
	{name: "join at no string", extra: "related:\n  b: {type: AWS::Test::Bucket, at: facts.n}", code: good, want: `thing.rego:11: related b is at facts.n, and the facts of AWS::Test::Thing have no string there`},
	{name: "misspelt fact of a joined resource", extra: "related:\n  b: {type: AWS::Test::Bucket, at: facts.bucket_arn}", code: `violations contains "x" if input.related.b.facts.privat`, want: `thing.rego:13: input.related.b.facts has no privat; did you mean private?`},
	{name: "join that is not declared", extra: "related:\n  b: {type: AWS::Test::Bucket, at: facts.bucket_arn}", code: `violations contains "x" if input.related.c.facts.private`, want: `thing.rego:13: input.related has no c`},
	{name: "no metadata", text: "package policies.test.thing\n" + good, want: `thing.rego:1: the policy has no metadata`},
	{name: "unknown severity", text: strings.Replace(policy("test/thing", "AWS::Test::Thing", "", good), "high", "grave", 1), want: `thing.rego:6: severity is "grave"; choose critical, high, medium, low or info`},
	{name: "unknown type", text: policy("test/thing", "AWS::Test::Thin", "", good), want: `thing.rego:7: the resource type AWS::Test::Thin has no schemas/AWS_Test_Thin.json; did you mean AWS::Test::Thing?`},
	{name: "empty", text: " ", want: `thing.rego: the file is empty`},
	{name: "not a place", file: "thing.rego", text: policy("test/thing", "AWS::Test::Thing", "", good), want: `src/thing.rego: the file has no place among policies`},
	{name: "capitals", file: "Test/thing.rego", text: policy("test/thing", "AWS::Test::Thing", "", good), want: `src/Test/thing.rego: the file has no place`},
	{name: "tests of nothing", file: "test/other_test.rego", text: "package x", want: `src/test/other_test.rego: there is no test/other.rego`},
	{name: "library reads input", file: "lib/values.rego", text: "package lib.values\nf(x) := input.facts.a if x", want: `src/lib/values.rego:2: a library may not read the input`},
	{name: "library reads parameters", file: "lib/values.rego", text: "package lib.values\nf(x) := data.params.a if x", want: `src/lib/values.rego:2: a library may not read parameters`},
	{name: "library package", file: "lib/values.rego", text: "package lib.other\nf(x) := x", want: `src/lib/values.rego:1: the package is lib.other; by its path it must be lib.values`},
	{name: "schema", file: "schemas/AWS_X_Y.json", text: "{", want: `src/schemas/AWS_X_Y.json: it is not a JSON schema`},
	{name: "schema's title", file: "schemas/AWS_X_Y.json", text: `{"title": "AWS::X::Z"}`, want: `src/schemas/AWS_X_Y.json: its title is "AWS::X::Z"`},
	{name: "framework", file: "frameworks/frameworks.yaml", text: "nist: {title: T}", want: `src/frameworks/frameworks.yaml:1: framework "nist" needs a title, a version and an https url`},
}

func TestLoadNamesEachMistake(t *testing.T) {
	for _, m := range mistakes {
		t.Run(m.name, func(t *testing.T) {
			file, text := m.file, m.text
			if file == "" {
				file = "test/thing.rego"
			}
			if text == "" {
				text = policy("test/thing", "AWS::Test::Thing", m.extra, m.code)
			}
			_, err := rego.Load(t.Context(), []rego.Source{source(map[string]string{file: text})})
			var problems rego.Problems
			if !errors.As(err, &problems) {
				t.Fatalf("the error is %v, want problems", err)
			}
			if len(problems) != 1 || !strings.Contains(err.Error(), m.want) {
				t.Errorf("problems:\n%v\nwant one:\n%s", err, m.want)
			}
		})
	}
}

func TestLoadTellsAllMistakesAtOnce(t *testing.T) {
	_, err := rego.Load(t.Context(), []rego.Source{source(map[string]string{
		"test/one.rego":   policy("test/one", "AWS::Test::Thing", "control: x", "violations contains \"x\" if input.facts.bb\nviolations contains \"y\" if input.facts.cc.d"),
		"test/two.rego":   policy("test/twoo", "AWS::Test::Thing", "", good),
		"test/three.rego": "package",
		"stray.json":      "{}",
	})})
	var got []string
	for line := range strings.SplitSeq(err.Error(), "\n") {
		place, _, _ := strings.Cut(line, ": ")
		got = append(got, place)
	}
	want := []string{"src/stray.json", "src/test/one.rego:10", "src/test/one.rego:12", "src/test/one.rego:13", "src/test/three.rego:1", "src/test/two.rego:10"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("places (-want +got):\n%s\n%v", diff, err)
	}
}

func TestLoadRefusesAnIDThatIsThere(t *testing.T) {
	text := policy("test/thing", "AWS::Test::Thing", "", good)
	first, second := source(map[string]string{"test/thing.rego": text}), rego.Source{Name: "own", FS: onlyPolicy(text)}
	_, err := rego.Load(t.Context(), []rego.Source{first, second})
	if err == nil || !strings.Contains(err.Error(), "own/test/thing.rego: the policy test/thing is in src/test/thing.rego too; rename one of them") {
		t.Errorf("error %v", err)
	}
}

func TestPolicyIsWhatItsFileSays(t *testing.T) {
	set := things(t, "control: TST-01\nframeworks:\n  nist: [{id: SC-28, source: analysis, verified: true}]\nparams:\n  level: {default: a, enum: [a, b], description: d}", "\n"+`violations contains "x" if input.facts.a == data.params.level`)
	got := set.Policies()
	if len(got) != 1 {
		t.Fatalf("%d policies", len(got))
	}
	p := got[0]
	if p.ID != "test/thing" || p.Service() != "test" || p.Control != "TST-01" || p.Title != "T" || p.Severity != "high" || p.Resource != "AWS::Test::Thing" ||
		p.Origin != "src" || p.File != "src/test/thing.rego" || p.Line != 17 || !strings.HasPrefix(p.Digest, "sha256:") {
		t.Errorf("policy %+v", p)
	}
	if diff := cmp.Diff([]rego.Mapping{{Framework: "nist", ID: "SC-28", Source: "analysis", Verified: true}}, p.Mappings); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"facts.a"}, p.Reads); diff != "" {
		t.Error(diff)
	}
	if f := set.Frameworks(); len(f) != 1 || f[0].Key != "nist" || f[0].Title != "NIST" {
		t.Errorf("frameworks %+v", f)
	}
}
