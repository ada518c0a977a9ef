package rego_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// What a policy reads is worked out from its code, and never too little.
func TestReads(t *testing.T) {
	for name, c := range map[string]struct{ code, want string }{
		"a path":                  {`violations contains "x" if input.facts.deep.c == "1"`, "facts.deep.c"},
		"whether it is there":     {`violations contains "x" if not input.facts.deep`, "facts.deep"},
		"a local name":            {"violations contains \"x\" if {\n\td := input.facts.deep\n\td.c == \"1\"\n}", "facts.deep facts.deep.c"},
		"a name of a name":        {"violations contains \"x\" if {\n\tf := input.facts\n\td := f.deep\n\td.c == \"1\"\n}", "facts facts.deep facts.deep.c"},
		"a rule":                  {"violations contains \"x\" if bad\nbad if input.facts.a == \"1\"", "facts.a"},
		"an else":                 {"violations contains \"x\" if bad\nbad if input.facts.a == \"1\" else if input.facts.b == \"2\"", "facts.a facts.b"},
		"a default":               {"violations contains \"x\" if bad\ndefault bad := false\nbad if input.facts.a == \"1\"", "facts.a"},
		"a function":              {"violations contains \"x\" if bad(input.facts.deep)\nbad(d) if d.c == \"1\"", "facts.deep facts.deep.c"},
		"a function taking all":   {"violations contains \"x\" if bad(input.facts.deep)\nbad(d) if count(d) == 1", "facts.deep"},
		"a function of a pattern": {"violations contains \"x\" if bad(input.facts.deep)\nbad({\"c\": \"1\", \"d\": _})", "facts.deep"},
		"a function of functions": {"violations contains \"x\" if one(input.facts.deep)\none(d) if two(d)\ntwo(d) if d.d == \"1\"", "facts.deep facts.deep.d"},
		"a head":                  {`violations contains input.facts.a`, "facts.a"},
		"a dynamic path":          {"violations contains \"x\" if {\n\tsome name in [\"c\", \"d\"]\n\tinput.facts.deep[name] == \"1\"\n}", "facts.deep"},
		"a comprehension":         {`violations contains "x" if count([1 | input.facts.a == "1"]) > 0`, "facts.a"},
		"every":                   {"violations contains \"x\" if {\n\tevery e in input.facts.list {\n\t\te == input.facts.a\n\t}\n}", "facts.a facts.list"},
		"walk":                    {`violations contains "x" if walk(input, [_, "1"])`, ""},
		"object.get":              {`violations contains "x" if object.get(input.facts, ["deep", "c"], "") == "1"`, "facts"},
		"applies too":             {"applies if input.facts.b\nviolations contains \"x\" if input.facts.a == \"1\"", "facts.a facts.b"},
		"the name":                {`violations contains "x" if startswith(input.name, "tmp")`, "name"},
		"an array's element":      {`violations contains "x" if input.facts.list[0] == "1"`, "facts.list"},
		"nested in a call":        {`violations contains "x" if count(split(input.facts.a, ",")) > 1`, "facts.a"},
		"a partial object":        {"violations contains \"x\" if all.k == \"1\"\nall[k] := v if {\n\tsome k in [\"k\"]\n\tv := input.facts.b\n}", "facts.b"},
	} {
		t.Run(name, func(t *testing.T) {
			p := things(t, "", c.code).Policies()[0]
			if diff := cmp.Diff(c.want, strings.Join(p.Reads, " ")); diff != "" {
				t.Errorf("reads (-want +got):\n%s", diff)
			}
		})
	}
}

// A join is read where it is read, and at the ARN that it hangs on.
func TestReadsOfLibrariesAndJoins(t *testing.T) {
	set := load(t, map[string]string{
		"lib/words.rego": "package lib.words\nbad(d) if d.c == \"1\"",
		"test/thing.rego": policy("test/thing", "AWS::Test::Thing", "related:\n  bucket: {type: AWS::Test::Bucket, at: facts.bucket_arn}",
			"import data.lib.words\nviolations contains \"x\" if {\n\twords.bad(input.facts.deep)\n\tnot input.related.bucket.facts.private\n}"),
	})
	want := "facts.bucket_arn facts.deep facts.deep.c related.bucket.facts.private"
	if diff := cmp.Diff(strings.ReplaceAll(want, "facts.bucket_arn ", ""), strings.Join(set.Policies()[0].Reads, " ")); diff != "" {
		t.Errorf("reads (-want +got):\n%s", diff)
	}
}
