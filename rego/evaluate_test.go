package rego_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sealaudit/sealaudit/collectors"
	"github.com/sealaudit/sealaudit/rego"
)

// The status is worked out from gaps, applies and violations.
func TestStatus(t *testing.T) {
	const code = "applies if input.facts.a == \"yes\"\n" +
		"violations contains \"b is bad\" if input.facts.b == \"bad\"\n" +
		"violations contains \"c is bad\" if {\n\tdeep := input.facts.deep\n\tdeep.c == \"bad\"\n}"
	set := things(t, "", code)
	for name, c := range map[string]struct {
		row    string
		status rego.Status
		why    []string // messages, or attributes of unknowns
	}{
		"pass":                                   {`"facts": {"a": "yes", "b": "good"}`, rego.Pass, nil},
		"fail":                                   {`"facts": {"a": "yes", "b": "bad"}`, rego.Fail, []string{"b is bad"}},
		"fail twice, sorted":                     {`"facts": {"a": "yes", "deep": {"c": "bad"}, "b": "bad"}`, rego.Fail, []string{"b is bad", "c is bad"}},
		"does not apply":                         {`"facts": {"a": "no", "b": "bad"}`, rego.NotApplicable, nil},
		"applies is undefined":                   {`"facts": {"b": "bad"}`, rego.NotApplicable, nil},
		"applies reads a gap":                    {`"facts": {"b": "bad"}, ` + gapAt("facts.a"), rego.Undecided, []string{"facts.a"}},
		"applies reads a gap that is given too":  {`"facts": {"a": "no"}, ` + gapAt("facts.a"), rego.Undecided, []string{"facts.a"}},
		"all facts are a gap":                    {`"facts": {}, ` + gapAt("facts"), rego.Undecided, []string{"facts"}},
		"both read gaps":                         {`"facts": {}, ` + gapAt("facts.b", "facts.a"), rego.Undecided, []string{"facts.a", "facts.b"}},
		"violations reads a gap":                 {`"facts": {"a": "yes"}, ` + gapAt("facts.b"), rego.Undecided, []string{"facts.b"}},
		"a gap wins over a violation":            {`"facts": {"a": "yes", "b": "bad"}, ` + gapAt("facts.deep.c"), rego.Undecided, []string{"facts.deep.c"}},
		"a gap above what is read":               {`"facts": {"a": "yes"}, ` + gapAt("facts.deep"), rego.Undecided, []string{"facts.deep"}},
		"violations reads a gap, does not apply": {`"facts": {"a": "no"}, ` + gapAt("facts.b"), rego.NotApplicable, nil},
		"a gap that nobody reads":                {`"facts": {"a": "yes", "b": "good"}, ` + gapAt("facts.deep.d", "tags", "facts.n"), rego.Pass, nil},
		"a gap below what is read":               {`"facts": {"a": "yes"}, ` + gapAt("facts.b.x"), rego.Undecided, []string{"facts.b.x"}},
		"a gap without attributes":               {`"facts": {"a": "yes"}, "gaps": [{"reason": "denied", "detail": "d"}]`, rego.Undecided, []string{"facts"}},
		"unlisted":                               {`"facts": {"a": "no"}, "unlisted": true, ` + gapAt("facts"), rego.Undecided, []string{"facts"}},
		"unlisted, and only tags are a gap":      {`"facts": {"a": "no"}, "unlisted": true, ` + gapAt("tags"), rego.Undecided, []string{"tags"}},
	} {
		t.Run(name, func(t *testing.T) {
			f := judge(t, set, thing(c.row))
			why := f.Messages
			for _, u := range f.Unknowns {
				why = append(why, u.Attribute)
				if u.Reason != collectors.Denied || u.Detail == "" {
					t.Errorf("unknown %+v has not the gap's reason", u)
				}
			}
			if f.Status != c.status || !cmp.Equal(why, c.why) {
				t.Errorf("%s %q, want %s %q", f.Status, why, c.status, c.why)
			}
		})
	}
}

func TestUnlistedWithoutAGapIsUnknownAndSaysWhy(t *testing.T) {
	f := judge(t, things(t, "", `violations contains "x" if input.name == "x"`), thing(`"facts": {}, "unlisted": true`))
	if f.Status != rego.Undecided || len(f.Unknowns) != 1 || f.Unknowns[0].Detail == "" {
		t.Errorf("finding %+v", f)
	}
}

func TestFindingNamesPolicyResourceAndEvidence(t *testing.T) {
	set := things(t, "", `violations contains "x" if input.facts.a == "bad"`)
	f := judge(t, set, thing(`"tags": {"k": "v"}, "facts": {"a": "bad"}, "calls": [{"operation": "test:Get", "time": "2026-11-24T11:00:00Z", "status": 200, "request_id": "r1"}]`))
	want := rego.Finding{ID: f.ID, Policy: "test/thing", Status: rego.Fail, Severity: "high", Messages: []string{"x"},
		Resource: rego.Resource{ARN: "arn:aws:test:::thing", Type: "AWS::Test::Thing", Name: "n", Partition: "aws", Account: account, Region: "eu-west-1"},
		Evidence: []collectors.CallRef{{Operation: "test:Get", Time: clock.Add(-3600e9), Status: 200, RequestID: "r1"}}}
	if diff := cmp.Diff(want, f); diff != "" {
		t.Errorf("finding (-want +got):\n%s", diff)
	}
	if len(f.ID) != 32 {
		t.Errorf("the id is %q", f.ID)
	}
	// The id is of policy and resource, and of nothing else.
	other := judge(t, set, strings.Replace(thing(`"facts": {"a": "good"}`), `"n"`, `"renamed"`, 1))
	if other.ID != f.ID {
		t.Error("the id changes with the name or the status")
	}
	if moved := judge(t, set, strings.Replace(thing(`"facts": {}`), "eu-west-1", "eu-west-2", 1)); moved.ID == f.ID {
		t.Error("the id does not change with the region")
	}
}

// A policy that fails on a resource is unknown there, and only there.
func TestPolicyErrors(t *testing.T) {
	for name, code := range map[string]string{
		"violations": `violations contains "x" if to_number(input.facts.a) > 1`,
		"applies":    "applies if to_number(input.facts.a) > 1\n" + `violations contains "x" if input.facts.b`,
		"conflict":   "violations contains v\nv := \"1\" if input.facts.a\nv := \"2\" if input.facts.a == \"word\"",
	} {
		t.Run(name, func(t *testing.T) {
			set := load(t, map[string]string{
				"test/thing.rego": policy("test/thing", "AWS::Test::Thing", "", code),
				"test/fine.rego":  policy("test/fine", "AWS::Test::Thing", "", good),
			})
			findings, sum := evaluate(t, engine(t, set, rego.Options{}), rows{thing(`"facts": {"a": "word"}`)})
			if findings[0].Policy != "test/fine" || findings[0].Status != rego.Pass {
				t.Errorf("the other policy: %+v", findings[0])
			}
			f := findings[1]
			if f.Status != rego.Undecided || len(f.Unknowns) != 1 || f.Unknowns[0].Reason != rego.PolicyError ||
				!strings.Contains(f.Unknowns[0].Detail, "src/test/thing.rego:1") || !strings.Contains(f.Unknowns[0].Remedy, "test/thing") {
				t.Errorf("finding %+v", f)
			}
			if sum.Count("", rego.Undecided) != 1 {
				t.Errorf("summary %+v", sum)
			}
		})
	}
}

func TestNumbersThatJSONDoesNotAllow(t *testing.T) {
	f := judge(t, things(t, "", `violations contains "x" if input.facts.n > 1`), thing(`"facts": {"n": NaN}`))
	if f.Status != rego.Undecided || f.Unknowns[0].Reason != rego.PolicyError || !strings.Contains(f.Unknowns[0].Detail, "facts.n") {
		t.Errorf("finding %+v", f)
	}
}

// Large facts are remembered by a digest of all of them.
func TestLargeFactsThatDifferLate(t *testing.T) {
	set := things(t, "", `violations contains "bad" if endswith(input.facts.a, "evil")`)
	long := strings.Repeat("x", 5000)
	findings, _ := evaluate(t, engine(t, set, rego.Options{Workers: 1}), rows{
		row("AWS::Test::Thing", "arn:1", `"facts": {"a": "`+long+`good"}`), row("AWS::Test::Thing", "arn:2", `"facts": {"a": "`+long+`evil"}`)})
	if findings[0].Status != rego.Pass || findings[1].Status != rego.Fail {
		t.Errorf("%s and %s, want pass and fail", findings[0].Status, findings[1].Status)
	}
}

// Every pair of policy and resource of its type has one finding, whatever the
// rows; others have none.
func TestEveryPairIsCounted(t *testing.T) {
	files := map[string]string{"test/bucket.rego": policy("test/bucket", "AWS::Test::Bucket", "", `violations contains "x" if not input.facts.private`)}
	for i := range 3 {
		id := fmt.Sprintf("test/thing%d", i)
		files[id+".rego"] = policy(id, "AWS::Test::Thing", "", good)
	}
	var lines rows
	for i := range 500 {
		kind := []string{"AWS::Test::Thing", "AWS::Test::Bucket", "AWS::Test::Table"}[i%3]
		gaps := ""
		if i%5 == 0 {
			gaps = ", " + gapAt("facts")
		}
		lines = append(lines, row(kind, fmt.Sprintf("arn:aws:test:::%d", i), `"facts": {}`+gaps))
	}
	findings, sum := evaluate(t, engine(t, load(t, files), rego.Options{Workers: 3}), lines)
	pairs := map[string]int{}
	for _, f := range findings {
		pairs[f.Policy+" "+f.Resource.ARN]++
	}
	if want := 167*3 + 167; len(pairs) != want || len(findings) != want || sum.Total() != want || sum.Resources != 334 {
		t.Errorf("%d pairs, %d findings, summary %+v, want %d and 334 resources", len(pairs), len(findings), sum, want)
	}
	if n := sum.Count("high", rego.Undecided) + sum.Count("high", rego.Pass) + sum.Count("high", rego.Fail); n != sum.Total() || sum.Count("low", rego.Pass) != 0 {
		t.Errorf("the severities have %d", n)
	}
}

func TestEvaluateRefusesDamagedEvidence(t *testing.T) {
	set := things(t, "", good)
	fine := thing(`"facts": {}`)
	for name, c := range map[string]struct {
		rows rego.Snapshot
		want string
	}{
		"not JSON":      {rows{fine, "{"}, "row 2 of the evidence: reading a row"},
		"not an object": {rows{"1"}, "row 1 of the evidence"},
		"no type":       {rows{`{"arn": "a"}`}, "it has no arn or no type"},
		"odd gaps":      {rows{thing(`"gaps": 1`)}, "reading the gaps of arn:aws:test:::thing"},
		"odd calls":     {rows{thing(`"calls": 1`)}, "reading the calls of arn:aws:test:::thing"},
		"twice":         {rows{fine, fine}, "arn:aws:test:::thing is in the evidence twice"},
		"cut off":       {failing{rows{fine}}, "reading row 2 of the evidence: cut off"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := engine(t, set, rego.Options{Workers: 2}).Evaluate(t.Context(), c.rows, func(rego.Finding) error { return nil })
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want %q", err, c.want)
			}
		})
	}
}

func TestEvaluateStops(t *testing.T) {
	var lines rows
	for i := range 2000 {
		lines = append(lines, row("AWS::Test::Thing", fmt.Sprintf("arn:aws:test:::%d", i), `"facts": {}`))
	}
	set := things(t, "", good)
	full := errors.New("disk full")
	n := 0
	_, err := engine(t, set, rego.Options{Workers: 4}).Evaluate(t.Context(), lines, func(rego.Finding) error {
		if n++; n == 100 {
			return full
		}
		return nil
	})
	if !errors.Is(err, full) || n != 100 {
		t.Errorf("error %v after %d findings, want emit's after 100", err, n)
	}
	ctx, cancel := context.WithCancel(t.Context())
	n = 0
	_, err = engine(t, set, rego.Options{Workers: 4}).Evaluate(ctx, lines, func(rego.Finding) error {
		if n++; n == 100 {
			cancel()
		}
		return nil
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want that it was cancelled", err)
	}
}

// A policy that runs for ever ends with the context.
func TestEvaluateStopsAPolicy(t *testing.T) {
	set := things(t, "", `violations contains "x" if {
	some a in numbers.range(1, 100000)
	some b in numbers.range(1, 100000)
	a * b == 0
	input.facts.a
}`)
	ctx, cancel := context.WithTimeout(t.Context(), 50e6)
	defer cancel()
	_, err := engine(t, set, rego.Options{}).Evaluate(ctx, rows{thing(`"facts": {"a": "x"}`)}, func(rego.Finding) error { return nil })
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v, want that the time was up", err)
	}
}
