package rego_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sealaudit/sealaudit/rego"
)

const (
	thingCode = "violations contains \"bad\" if bad\n\nbad if input.facts.a == \"bad\"\n\nbad if {\n\tinput.facts.b\n\tinput.facts.b == data.params.word\n}"
	thingTest = `package policies.test.thing_test

import data.policies.test.thing as policy

test_bad if count(policy.violations) == 1 with input.facts.a as "bad"

test_word[note] if {
	some note, row in {"bad": {"b": "worse", "want": 1}, "good": {"b": "fine", "want": 0}}
	count(policy.violations) == row.want with input.facts.b as row.b
}
`
	thingCases = `{"cases": [
	{"name": "good", "status": "pass", "resource": {"facts": {"a": "good"}}},
	{"name": "bad", "status": "fail", "resource": {"facts": {"a": "bad"}}, "messages": ["bad"]}
]}`
)

// runTests tests one policy, test/thing, with changes to its files.
func runTests(t *testing.T, changes map[string]string) rego.TestReport {
	t.Helper()
	files := map[string]string{
		"test/thing.rego":       policy("test/thing", "AWS::Test::Thing", "params:\n  word: {default: worse, description: d}", thingCode),
		"test/thing_test.rego":  thingTest,
		"test/thing_cases.json": thingCases,
	}
	for name, text := range changes {
		if files[name] = text; text == "" {
			delete(files, name)
		}
	}
	report, err := rego.Test(t.Context(), []rego.Source{source(files)})
	if err != nil {
		t.Fatal(err)
	}
	return report
}

func TestTestsThatPass(t *testing.T) {
	got := runTests(t, nil)
	want := rego.TestReport{Files: []rego.TestedFile{{ID: "test/thing", Origin: "src", File: "src/test/thing.rego", Tests: 3, Cases: 2, Covered: 5, Lines: 5}}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("report (-want +got):\n%s", diff)
	}
}

// Whatever is wrong with tests is a failure with its place.
func TestTestsThatFail(t *testing.T) {
	oneCase := func(c string) map[string]string {
		return map[string]string{"test/thing_cases.json": strings.Replace(thingCases, "[\n", "[\n"+c+",\n", 1)}
	}
	for name, c := range map[string]struct {
		changes map[string]string
		want    string
	}{
		"no tests":          {map[string]string{"test/thing_test.rego": ""}, `src/test/thing.rego: there is no test/thing_test.rego beside it`},
		"no cases":          {map[string]string{"test/thing_cases.json": ""}, `src/test/thing.rego: there is no test/thing_cases.json beside it`},
		"uncovered":         {map[string]string{"test/thing_test.rego": strings.Split(thingTest, "test_word")[0]}, `src/test/thing.rego:17: the tests reach 2 of 5 lines; not lines 17-19: add tests`},
		"a failing test":    {map[string]string{"test/thing_test.rego": strings.Replace(thingTest, "== 1 with", "== 2 with", 1)}, `src/test/thing_test.rego:5: test_bad fails`},
		"a failing case":    {map[string]string{"test/thing_test.rego": strings.Replace(thingTest, `"want": 0`, `"want": 3`, 1)}, `src/test/thing_test.rego:7: test_word fails for "good"`},
		"a broken test":     {map[string]string{"test/thing_test.rego": thingTest + "\ntest_x if nothing\n"}, `src/test/thing_test.rego:12: var nothing is unsafe`},
		"a skipped test":    {map[string]string{"test/thing_test.rego": thingTest + "\ntodo_test_x if true\n"}, `src/test/thing_test.rego:12: todo_test_x is skipped`},
		"a test that fails": {map[string]string{"test/thing_test.rego": thingTest + "\ntest_x if to_number(\"x\") == 1\n"}, `src/test/thing_test.rego:12: test_x: src/test/thing_test.rego:12: to_number`},
		"another package":   {map[string]string{"test/thing_test.rego": strings.Replace(thingTest, "package policies.test.thing_test", "package x", 1)}, `src/test/thing_test.rego:1: the package is x; it must be policies.test.thing_test`},
		"library untested":  {map[string]string{"lib/words.rego": "package lib.words\nf(x) := x\n"}, `src/lib/words.rego: there is no lib/words_test.rego beside it`},
		"library uncovered": {map[string]string{"lib/words.rego": "package lib.words\nf(x) := x\ng(x) := x\n", "lib/words_test.rego": "package lib.words_test\ntest_f if data.lib.words.f(1) == 1\n"},
			`src/lib/words.rego:3: the tests reach 1 of 2 lines; not line 3`},
		"wrong status":          {oneCase(`{"name": "odd", "status": "pass", "resource": {"facts": {"a": "bad"}}}`), `src/test/thing_cases.json:2: case "odd": the status is fail (["bad"]); it should be pass`},
		"wrong messages":        {oneCase(`{"name": "odd", "status": "fail", "messages": ["good"], "resource": {"facts": {"a": "bad"}}}`), `case "odd": the messages are ["bad"]; they should be ["good"]`},
		"wrong unknowns":        {oneCase(`{"name": "odd", "status": "unknown", "unknowns": [{"attribute": "facts.b"}], "resource": {` + gapAt("facts.a") + `}}`), `case "odd": what is missing is not as expected (["facts.a: denied: It was denied."])`},
		"unknown key":           {oneCase(`{"name": "odd", "state": "pass"}`), `the cases can't be read: json: unknown field "state"`},
		"not JSON":              {map[string]string{"test/thing_cases.json": "{\n\n!"}, `src/test/thing_cases.json:3: the cases can't be read`},
		"same name":             {oneCase(`{"name": "good", "status": "pass", "resource": {"facts": {"a": "good"}}}`), `case "good": its name is empty or another case's`},
		"no pass":               {map[string]string{"test/thing_cases.json": strings.Replace(thingCases, `{"name": "good", "status": "pass", "resource": {"facts": {"a": "good"}}},`, "", 1)}, `src/test/thing_cases.json: no case has the status pass`},
		"another type":          {oneCase(`{"name": "odd", "status": "pass", "resource": {"type": "AWS::Test::Bucket"}}`), `the resource is of type AWS::Test::Bucket and the policy judges AWS::Test::Thing`},
		"unknown fact":          {oneCase(`{"name": "odd", "status": "pass", "resource": {"facts": {"aa": "x"}}}`), `case "odd": facts has no aa; did you mean a?`},
		"fact of another kind":  {oneCase(`{"name": "odd", "status": "pass", "resource": {"facts": {"a": 1}}}`), `facts.a is 1; the schema says string`},
		"fact is null":          {oneCase(`{"name": "odd", "status": "pass", "resource": {"facts": {"a": null}}}`), `facts.a is null; the schema says string`},
		"fact of a list":        {oneCase(`{"name": "odd", "status": "pass", "resource": {"facts": {"list": [1]}}}`), `facts.list is 1; the schema says string`},
		"not an integer":        {oneCase(`{"name": "odd", "status": "pass", "resource": {"facts": {"n": 1.5}}}`), `facts.n is 1.5; the schema says integer`},
		"gap at nowhere":        {oneCase(`{"name": "odd", "status": "unknown", "resource": {` + gapAt("facts.aa") + `}}`), `the gap at "facts.aa" is nowhere: facts has no aa; did you mean a?`},
		"gap elsewhere":         {oneCase(`{"name": "odd", "status": "unknown", "resource": {` + gapAt("fact.a") + `}}`), `the gap at "fact.a" is nowhere`},
		"related without a arn": {oneCase(`{"name": "odd", "status": "pass", "resource": {"facts": {}}, "related": [{"type": "AWS::Test::Bucket"}]}`), `related resource 1 has no arn or no type`},
		"related of no type":    {oneCase(`{"name": "odd", "status": "pass", "resource": {"facts": {}}, "related": [{"type": "AWS::Test::Buckt", "arn": "b"}]}`), `related b: the resource type AWS::Test::Buckt has no schema; did you mean AWS::Test::Bucket?`},
		"unknown parameter":     {oneCase(`{"name": "odd", "status": "pass", "params": {"wrd": "x"}, "resource": {"facts": {}}}`), `there is no such parameter; choose word; did you mean word?`},
	} {
		t.Run(name, func(t *testing.T) {
			failures := runTests(t, c.changes).Failures()
			if len(failures) == 0 || !strings.Contains(failures.Error(), c.want) {
				t.Errorf("failures:\n%v\nwant\n%s", failures, c.want)
			}
		})
	}
}

// Cases choose parameters, the clock and the rest of the snapshot.
func TestCasesHaveEverything(t *testing.T) {
	text := policy("test/thing", "AWS::Test::Thing", "params:\n  word: {default: worse, description: d}\nrelated:\n  bucket: {type: AWS::Test::Bucket, at: facts.bucket_arn}",
		"violations contains \"word\" if input.facts.a == data.params.word\nviolations contains \"late\" if time.now_ns() > 1800000000000000000\nviolations contains \"public\" if input.related.bucket.facts.private == false\nviolations contains \"used\" if count(input.referenced_by) > 0")
	cases := `{"cases": [
	{"name": "good", "status": "pass", "resource": {"facts": {"a": "worse"}}, "params": {"word": "other"}},
	{"name": "word", "status": "fail", "messages": ["word"], "resource": {"facts": {"a": "other"}}, "params": {"word": "other"}},
	{"name": "late", "status": "fail", "messages": ["late"], "clock": "2030-01-01T00:00:00Z", "resource": {"facts": {}}},
	{"name": "public", "status": "fail", "messages": ["public", "used"], "resource": {"arn": "arn:x", "name": "x", "tags": {"a": "b"}, "facts": {"bucket_arn": "b"}},
	 "related": [{"arn": "b", "type": "AWS::Test::Bucket", "facts": {"private": false, "policy": "arn:x"}}]},
	{"name": "missing", "status": "unknown", "unknowns": [{"attribute": "related.bucket", "reason": "out_of_scope"}], "resource": {"facts": {"bucket_arn": "b"}}},
	{"name": "unlisted", "status": "unknown", "resource": {"unlisted": true}}
]}`
	report := runTests(t, map[string]string{"test/thing.rego": text, "test/thing_cases.json": cases, "test/thing_test.rego": ""})
	if failures := report.Failures(); len(failures) != 1 || report.Files[0].Cases != 6 {
		t.Errorf("failures:\n%v\nwant only that there are no tests", failures)
	}
}

func TestTestOfBrokenPolicies(t *testing.T) {
	_, err := rego.Test(t.Context(), []rego.Source{source(map[string]string{"test/thing.rego": "package"})})
	var problems rego.Problems
	if !errors.As(err, &problems) {
		t.Errorf("error %v, want problems", err)
	}
}
