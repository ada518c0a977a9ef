package rego

import (
	"encoding/json"
	"io/fs"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/open-policy-agent/opa/v1/topdown"

	"github.com/sealaudit/sealaudit/policies"
)

// A policy says the same of what its reads see of an input as of the whole
// input, also where they see only whether something is there. All verdicts
// rest on this: dedup remembers by it, and gaps count by it.
func TestReadsAreEnough(t *testing.T) {
	set, err := Load(t.Context(), []Source{{Name: "policies", FS: policies.FS}})
	if err != nil {
		t.Fatal(err)
	}
	e, err := NewEngine(t.Context(), set, Options{Time: time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)})
	if err != nil {
		t.Fatal(err)
	}
	random := rand.New(rand.NewPCG(3, 4))
	for _, programs := range e.byType {
		for _, p := range programs {
			for _, input := range inputs(t, p) {
				for ok := true; ok && random.IntN(60) > 0; {
					checkReads(t, p, input)
					input, ok = mutate(random, input).(map[string]any)
				}
			}
		}
	}
}

// inputs are what the policy is given in its cases, joined as they are.
func inputs(t *testing.T, p *program) []map[string]any {
	t.Helper()
	text, err := fs.ReadFile(policies.FS, p.ID+"_cases.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Cases []struct {
			Resource map[string]any
			Related  []map[string]any
		}
	}
	if err := json.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	var out []map[string]any
	for _, c := range file.Cases {
		input := map[string]any{"name": "n", "scope": map[string]any{"region": "eu-west-1", "account": "111122223333"}, "facts": c.Resource["facts"], "tags": map[string]any{}}
		related := map[string]any{}
		for _, join := range p.joins {
			for _, r := range c.Related {
				if r["type"] == join.resourceType {
					related[join.name] = r
				}
			}
		}
		input["related"] = related
		referred := []any{}
		for _, r := range c.Related {
			referred = append(referred, map[string]any{"arn": r["arn"], "type": r["type"]})
		}
		input["referenced_by"] = referred
		out = append(out, input)
	}
	return out
}

func checkReads(t *testing.T, p *program, input map[string]any) {
	t.Helper()
	line, err := json.Marshal(input)
	if err != nil {
		t.Fatal(err)
	}
	var reader rowReader
	v, err := reader.parser.ParseBytes(line)
	if err != nil {
		t.Fatal(err)
	}
	whole, err := toAST(v)
	if err != nil {
		t.Fatal(err)
	}
	part, err := project(v, p.reads)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	of, err := p.judge(t.Context(), whole, now, topdown.NewCancel())
	if err != nil {
		t.Fatal(err)
	}
	got, err := p.judge(t.Context(), part, now, topdown.NewCancel())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(of, got, cmp.AllowUnexported(verdict{}), cmpopts.EquateEmpty()); diff != "" {
		t.Fatalf("%s, reads %v:\n%s\nof the whole, and of what it reads (-whole +read):\n%s", p.ID, p.reads, line, diff)
	}
}

// mutate changes something somewhere: it drops, replaces or adds a value.
func mutate(random *rand.Rand, v any) any {
	values := []any{"x", "", 0, 1, true, false, nil, []any{}, []any{"x"}, map[string]any{}, map[string]any{"arn": "x", "state": "Enabled"}}
	object, isObject := v.(map[string]any)
	if !isObject || len(object) == 0 {
		return values[random.IntN(len(values))]
	}
	out, pick := map[string]any{}, random.IntN(len(object))
	i := 0
	for _, name := range keysOf(object) {
		out[name] = object[name]
		if i++; i-1 != pick {
			continue
		}
		switch random.IntN(8) {
		case 0:
			delete(out, name)
		case 1:
			out[name] = values[random.IntN(len(values))]
		default:
			out[name] = mutate(random, object[name])
		}
	}
	return out
}
