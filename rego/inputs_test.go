package rego

import (
	"encoding/json"
	"io/fs"
	"maps"
	"math/rand/v2"
	"testing"

	"github.com/sealaudit/sealaudit/policies"
)

// eachProgram prepares each built-in policy under its defaults, every value of
// its parameters that are enums and the parameters of its cases.
func eachProgram(t *testing.T, do func(*program, []map[string]any)) {
	t.Helper()
	set, err := Load(t.Context(), []Source{{Name: "policies", FS: policies.FS}})
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range set.loaded {
		inputs, variants := inputs(t, p)
		for _, name := range keysOf(p.Params) {
			for _, value := range p.Params[name].Enum {
				variants = append(variants, map[string]any{name: value})
			}
		}
		for _, params := range append(variants, nil) {
			one := &Set{loaded: []*Policy{p}, selected: []*Policy{p}, schemas: set.schemas}
			e, err := NewEngine(t.Context(), one, Options{Params: map[string]map[string]any{p.ID: params}, Time: soundTime})
			if err != nil {
				t.Fatal(err)
			}
			do(e.byType[p.Resource][0], inputs)
		}
	}
}

// inputs are what the policy is given in its cases, joined as they are, and
// under which parameters.
func inputs(t *testing.T, p *Policy) (inputs, params []map[string]any) {
	t.Helper()
	text, err := fs.ReadFile(policies.FS, p.ID+"_cases.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Cases []struct {
			Resource map[string]any
			Related  []map[string]any
			Params   map[string]any
		}
	}
	if err := json.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	for _, c := range file.Cases {
		if c.Params != nil {
			params = append(params, c.Params)
		}
		input := map[string]any{"name": "n", "scope": map[string]any{"region": "eu-west-1", "account": "111122223333"}, "facts": c.Resource["facts"], "tags": map[string]any{}}
		related := map[string]any{}
		for name, join := range p.Related {
			for _, r := range c.Related {
				if r["type"] == join.Type {
					related[name] = r
				}
			}
		}
		input["related"] = related
		referred := []any{}
		for _, r := range c.Related {
			referred = append(referred, map[string]any{"arn": r["arn"], "type": r["type"]})
		}
		input["referenced_by"] = referred
		inputs = append(inputs, input)
	}
	return inputs, params
}

// put is a copy with the value at the path, or without it when it is nil.
func put(v any, at path, value any) map[string]any {
	object, _ := v.(map[string]any)
	out := map[string]any{}
	maps.Copy(out, object)
	switch {
	case len(at) > 1:
		out[at[0]] = put(out[at[0]], at[1:], value)
	case value == nil:
		delete(out, at[0])
	default:
		out[at[0]] = value
	}
	return out
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
