package rego_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sealaudit/sealaudit/rego"
)

func several(t *testing.T) *rego.Set {
	t.Helper()
	files := map[string]string{}
	for id, profile := range map[string]string{"a/one": "baseline", "a/two": "cmk", "b/one": "baseline, cmk", "b/two": "fips"} {
		files[id+".rego"] = strings.Replace(policy(id, "AWS::Test::Thing", "params:\n  "+strings.ReplaceAll(id, "/", "_")+": {default: 1, description: d}", good), "[baseline]", "["+profile+"]", 1)
	}
	return load(t, files)
}

func TestSelect(t *testing.T) {
	set := several(t)
	for name, c := range map[string]struct {
		sel  rego.Selection
		want string // ids, or the error
	}{
		"all":                   {rego.Selection{}, "a/one a/two b/one b/two"},
		"a profile":             {rego.Selection{Profiles: []string{"cmk"}}, "a/two b/one"},
		"two profiles":          {rego.Selection{Profiles: []string{"baseline", "fips"}}, "a/one b/one b/two"},
		"an id":                 {rego.Selection{Include: []string{"b/two"}}, "b/two"},
		"a pattern":             {rego.Selection{Include: []string{"a/*"}}, "a/one a/two"},
		"id and pattern":        {rego.Selection{Include: []string{"*/two", "a/one"}}, "a/one a/two b/two"},
		"without":               {rego.Selection{Exclude: []string{"b/*", "a/one"}}, "a/two"},
		"all of it":             {rego.Selection{Profiles: []string{"baseline"}, Include: []string{"b/*"}, Exclude: []string{"a/*"}}, "b/one"},
		"unknown profile":       {rego.Selection{Profiles: []string{"cmkk"}}, `there is no profile "cmkk"; choose baseline, cmk or fips; did you mean cmk?`},
		"unknown id":            {rego.Selection{Include: []string{"a/onne"}}, `no policy is or matches "a/onne"; did you mean a/one?`},
		"unknown excluded id":   {rego.Selection{Exclude: []string{"b/twoo"}}, `did you mean b/two?`},
		"pattern without match": {rego.Selection{Include: []string{"c/*"}}, `no policy is or matches "c/*"`},
		"broken pattern":        {rego.Selection{Include: []string{"a/["}}, `the pattern "a/[": syntax error in pattern; write an id or a pattern like 's3/*'`},
		"nothing is left":       {rego.Selection{Profiles: []string{"fips"}, Exclude: []string{"b/two"}}, "no policy is left"},
		"none in both":          {rego.Selection{Profiles: []string{"fips"}, Include: []string{"a/one"}}, "no policy is left"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := set.Select(c.sel)
			if err != nil {
				if !strings.Contains(err.Error(), c.want) {
					t.Errorf("error %v, want %s", err, c.want)
				}
				return
			}
			var ids []string
			for _, p := range got.Policies() {
				ids = append(ids, p.ID)
			}
			if diff := cmp.Diff(c.want, strings.Join(ids, " ")); diff != "" {
				t.Error(diff)
			}
		})
	}
	if len(set.Policies()) != 4 {
		t.Error("selecting changed the set")
	}
}

func TestParameters(t *testing.T) {
	declared := "params:\n  level: {default: a, enum: [a, b], description: d}\n  days: {default: 7, description: d}"
	set := load(t, map[string]string{
		"test/one.rego": policy("test/one", "AWS::Test::Thing", declared, `violations contains sprintf("%v %v", [data.params.level, data.params.days])`),
		"test/two.rego": policy("test/two", "AWS::Test::Thing", "params:\n  level: {default: b, enum: [a, b], description: d}", `violations contains data.params.level`),
	})
	type params = map[string]map[string]any
	for name, c := range map[string]struct {
		given params
		want  string // the messages of both, or the error
	}{
		"defaults":          {nil, "a 7, b"},
		"of one":            {params{"test/one": {"level": "b", "days": 30}}, "b 30, b"},
		"of all":            {params{"*": {"level": "a"}}, "a 7, a"},
		"one wins over all": {params{"*": {"level": "b"}, "test/two": {"level": "a"}}, "b 7, a"},
		"who has it":        {params{"*": {"days": 1}}, "a 1, b"},
		"unknown policy":    {params{"test/on": {"level": "b"}}, `there is no policy "test/on"; did you mean test/one?`},
		"unknown parameter": {params{"test/one": {"levl": "b"}}, `there is no such parameter; choose days or level; did you mean level?`},
		"nobody has it":     {params{"*": {"x": 1}}, `there is no such parameter; choose days or level`},
		"not in the enum":   {params{"test/one": {"level": "c"}}, `the value for test/one is "c"; choose a or b`},
		"another kind":      {params{"test/one": {"days": "7"}}, `is a string; it must be a number`},
	} {
		t.Run(name, func(t *testing.T) {
			e, err := rego.NewEngine(t.Context(), set, rego.Options{Params: c.given, Time: clock})
			if err != nil {
				if !strings.Contains(err.Error(), c.want) {
					t.Errorf("error %v, want %s", err, c.want)
				}
				return
			}
			findings, _ := evaluate(t, e, rows{thing(`"facts": {}`)})
			if got := findings[0].Messages[0] + ", " + findings[1].Messages[0]; got != c.want {
				t.Errorf("%s, want %s", got, c.want)
			}
		})
	}
}

// A parameter of a policy that was not selected is no mistake.
func TestParametersOfOthers(t *testing.T) {
	set, err := several(t).Select(rego.Selection{Include: []string{"a/one"}})
	if err != nil {
		t.Fatal(err)
	}
	engine(t, set, rego.Options{Params: map[string]map[string]any{"b/two": {"b_two": 2}}})
}
