package rego_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sealaudit/sealaudit/rego"
)

// population is rows made of the cases of all built-in policies: each
// resource under many ARNs, with facts dropped and gaps added at random.
func population(t testing.TB, random *rand.Rand, n int) rows {
	t.Helper()
	var samples []map[string]any
	for _, p := range loadBuiltin(t).Policies() {
		for _, c := range casesOf(t, p) {
			samples = append(samples, append([]map[string]any{c.Resource}, c.Related...)...)
		}
	}
	var out rows
	for i := range n {
		r := maps.Clone(samples[random.IntN(len(samples))])
		if i%4 > 0 { // the others keep their ARN, and are joined and named
			r["arn"] = fmt.Sprintf("arn:aws:test:eu-west-1:%s:%d", account, i)
		}
		r["scope"] = map[string]any{"partition": "aws", "account": account, "region": fmt.Sprintf("eu-west-%d", i)} // no two rows are one resource
		if at := leaves(r["facts"], "facts"); len(at) > 0 && random.IntN(3) == 0 {
			r["gaps"] = []any{map[string]any{"attributes": []string{at[random.IntN(len(at))]}, "reason": "throttled", "detail": "d"}}
		}
		if random.IntN(20) == 0 {
			r["unlisted"] = true
		}
		line, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, string(line))
	}
	return out
}

// leaves are the paths of values that are not objects.
func leaves(v any, at string) []string {
	object, isObject := v.(map[string]any)
	if !isObject {
		return []string{at}
	}
	var out []string
	for _, name := range slices.Sorted(maps.Keys(object)) {
		out = append(out, leaves(object[name], at+"."+name)...)
	}
	return out
}

// One worker or many, remembered verdicts or not: the same findings in the
// same order, also where parameters are set.
func TestFindingsDoNotDependOnHowTheyAreMade(t *testing.T) {
	set := loadBuiltin(t)
	snapshot := population(t, rand.New(rand.NewPCG(1, 2)), 1200)
	for _, level := range []string{"none", "customer-managed"} {
		differently(t, set, snapshot[:300], map[string]map[string]any{"*": {"required_level": level}})
	}
	differently(t, set, snapshot, nil)
}

func differently(t *testing.T, set *rego.Set, snapshot rows, params map[string]map[string]any) {
	t.Helper()
	want, wantSum := evaluate(t, engine(t, set, rego.Options{Params: params, Workers: 1, NoDedup: true}), snapshot)
	seen := map[rego.Status]bool{}
	for _, f := range want {
		seen[f.Status] = true
	}
	if len(want) < len(snapshot) || len(seen) < 4 {
		t.Fatalf("%d findings with %d statuses say little", len(want), len(seen))
	}
	for name, o := range map[string]rego.Options{"one worker": {Workers: 1}, "16 workers": {Workers: 16}, "16 workers, no dedup": {Workers: 16, NoDedup: true}} {
		o.Params = params
		e := engine(t, set, o)
		for range 2 { // the second finds what the first remembered
			got, sum := evaluate(t, e, snapshot)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Fatalf("%s (-want +got):\n%s", name, diff)
			}
			if diff := cmp.Diff(wantSum, sum); diff != "" {
				t.Errorf("%s: summary (-want +got):\n%s", name, diff)
			}
		}
	}
}

// What a policy does not read under its parameters never changes what it says.
func TestUnreadFactsDoNotMatter(t *testing.T) {
	set := loadBuiltin(t)
	changes := 0
	for _, p := range set.Policies() {
		one, err := set.Select(rego.Selection{Include: []string{p.ID}})
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range casesOf(t, p) {
			e := engine(t, one, rego.Options{Params: map[string]map[string]any{p.ID: c.Params}, Time: c.Clock, NoDedup: true})
			reads := strings.Fields(e.ReadsOf(p.ID))
			before, _ := evaluate(t, e, c.rows(t))
			if before[0].Status != c.Status {
				t.Errorf("%s, case %q: %s, want %s", p.ID, c.Name, before[0].Status, c.Status)
			}
			for _, at := range leaves(c.Resource["facts"], "facts") {
				if slices.ContainsFunc(reads, func(read string) bool { return overlap(read, at) }) || joinsAt(p, at) {
					continue
				}
				for _, value := range []any{nil, "altered", 17, false, map[string]any{"x": "y"}} {
					changes++
					changed := c
					changed.Resource = altered(c.Resource, strings.Split(at, "."), value)
					after, _ := evaluate(t, e, changed.rows(t))
					if diff := cmp.Diff(before[0], after[0]); diff != "" {
						t.Fatalf("%s reads %q, and case %q changes with %s = %v:\n%s", p.ID, reads, c.Name, at, value, diff)
					}
				}
			}
		}
	}
	if changes < 500 {
		t.Errorf("only %d changes were tried", changes)
	}
}

func joinsAt(p rego.Policy, at string) bool {
	for _, join := range p.Related {
		if overlap(join.At, at) {
			return true
		}
	}
	return false
}

// altered is a copy with the value at the path, or without it when it is nil.
func altered(v map[string]any, at []string, value any) map[string]any {
	out := maps.Clone(v)
	switch {
	case len(at) > 1:
		out[at[0]] = altered(v[at[0]].(map[string]any), at[1:], value)
	case value == nil:
		delete(out, at[0])
	default:
		out[at[0]] = value
	}
	return out
}
