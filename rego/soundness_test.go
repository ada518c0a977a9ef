package rego

import (
	"encoding/json"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/open-policy-agent/opa/v1/topdown"
	"github.com/valyala/fastjson"
)

// A policy says the same of what its reads see of an input as of the whole
// input, also where they see only whether something is there, and whatever its
// parameters leave it to read. All verdicts rest on this: dedup remembers by
// it, and gaps count by it.
func TestReadsAreEnough(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	eachProgram(t, func(p *program, inputs []map[string]any) {
		for _, input := range inputs {
			for ok := true; ok && random.IntN(60) > 0; {
				checkReads(t, p, input)
				input, ok = mutate(random, input).(map[string]any)
			}
		}
	})
}

// What a policy's code reads and its parameters leave without a say changes
// nothing of what it says.
func TestWhatParametersSettleDoesNotMatter(t *testing.T) {
	values := []any{nil, "AWS", "x", false, 1, map[string]any{"manager": "CUSTOMER", "origin": "EXTERNAL", "exists": false}}
	random := rand.New(rand.NewPCG(7, 8))
	changes := 0
	eachProgram(t, func(p *program, inputs []map[string]any) {
		if len(p.Params) == 0 {
			return // nothing is settled
		}
		for _, input := range inputs {
			if other, ok := mutate(random, input).(map[string]any); ok {
				inputs = append(inputs, other) // once each: the range is over those that were there
			}
		}
		for _, input := range inputs {
			before := said(t, p, input)
			for _, r := range p.code.needs.all() {
				for _, value := range values {
					changed := put(input, r.at, value)
					if slices.ContainsFunc(p.reads, func(o read) bool { return compareReads(o, r) == 0 }) || sees(t, p, input) != sees(t, p, changed) {
						continue
					}
					changes++
					if diff := cmp.Diff(before, said(t, p, changed), sameVerdict...); diff != "" {
						t.Fatalf("%s, reads %v: %v\nand with another %v: %v\n%s", p.ID, p.reads, input, r, changed, diff)
					}
				}
			}
		}
	})
	if changes < 500 {
		t.Errorf("only %d changes were tried", changes)
	}
}

var (
	soundTime   = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	sameVerdict = cmp.Options{cmp.AllowUnexported(verdict{}), cmpopts.EquateEmpty()}
)

func checkReads(t *testing.T, p *program, input map[string]any) {
	t.Helper()
	part, err := project(parsed(t, input), p.reads)
	if err != nil {
		t.Fatal(err)
	}
	got, err := p.judge(t.Context(), part, soundTime, topdown.NewCancel())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(said(t, p, input), got, sameVerdict...); diff != "" {
		t.Fatalf("%s, reads %v:\n%v\nof the whole, and of what it reads (-whole +read):\n%s", p.ID, p.reads, input, diff)
	}
}

// said is what the policy says of the whole input.
func said(t *testing.T, p *program, input map[string]any) *verdict {
	t.Helper()
	whole, err := toAST(parsed(t, input))
	if err != nil {
		t.Fatal(err)
	}
	of, err := p.judge(t.Context(), whole, soundTime, topdown.NewCancel())
	if err != nil {
		t.Fatal(err)
	}
	return of
}

// sees is what the policy reads of the input.
func sees(t *testing.T, p *program, input map[string]any) string {
	t.Helper()
	return string(appendKey(nil, parsed(t, input), p.reads))
}

func parsed(t *testing.T, input map[string]any) *fastjson.Value {
	t.Helper()
	line, err := json.Marshal(input)
	if err != nil {
		t.Fatal(err)
	}
	v, err := fastjson.ParseBytes(line)
	if err != nil {
		t.Fatal(err)
	}
	return v
}
