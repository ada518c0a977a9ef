package iac

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"

	tfjson "github.com/hashicorp/terraform-json"
)

// maxState is the largest state that is read, in bytes.
const maxState = 256 << 20

// readState files the resources of a state or a plan. Only their addresses,
// ARNs and names are kept: a state has secrets in it.
func (x *Index) readState(path string, t *tree) error {
	info, err := os.Stat(path)
	if err != nil {
		return fmt.Errorf("--iac-state: %w; write it with terraform show -json > FILE", err)
	}
	if info.Size() > maxState {
		return fmt.Errorf("--iac-state %s has more than %d bytes; split the state", path, maxState)
	}
	doc, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("--iac-state: %w", err)
	}
	values, err := stateValues(doc)
	if err != nil {
		return fmt.Errorf("--iac-state %s is no output of terraform show -json (%w); write it with terraform show -json > FILE", path, err)
	}
	for _, v := range values {
		if v != nil {
			x.module(v.RootModule, t)
		}
	}
	if t.twice > 0 {
		t.notices = append(t.notices, fmt.Sprintf("%s: more than one root module has %d of its resources; name the directory of the state's own with --iac", path, t.twice))
		t.twice = 0
	}
	return nil
}

// stateValues are the values of a state, or what a plan found and plans: what
// exists keeps its ARN in both.
func stateValues(doc []byte) ([]*tfjson.StateValues, error) {
	var shape struct {
		Planned json.RawMessage `json:"planned_values"`
	}
	if err := json.Unmarshal(doc, &shape); err != nil {
		return nil, err
	}
	if shape.Planned == nil {
		var s tfjson.State
		if err := json.Unmarshal(doc, &s); err != nil {
			return nil, err
		}
		return []*tfjson.StateValues{s.Values}, nil
	}
	var p tfjson.Plan
	if err := json.Unmarshal(doc, &p); err != nil {
		return nil, err
	}
	values := []*tfjson.StateValues{p.PlannedValues}
	if p.PriorState != nil {
		values = append(values, p.PriorState.Values)
	}
	return values, nil
}

func (x *Index) module(m *tfjson.StateModule, t *tree) {
	if m == nil {
		return
	}
	known := terraformKinds()
	for _, r := range m.Resources {
		if r == nil || r.Mode != tfjson.ManagedResourceMode {
			continue
		}
		k, ok := known[r.Type]
		if !ok {
			continue
		}
		if place := t.resolve(steps(m.Address), r.Type+"."+r.Name); place != nil {
			place.Address = r.Address
			x.file(place, k, r.AttributeValues)
		}
	}
	for _, child := range m.ChildModules {
		x.module(child, t)
	}
}

// file files a place under the ARN of its resource, or under its name where
// AWS has not given an ARN yet.
func (x *Index) file(place *Place, k kind, values map[string]any) {
	arn, _ := values["arn"].(string)
	if arn == "" {
		if name, _ := values[k.attribute].(string); name != "" {
			put(x.unborn, nameKey{k.typ, name}, place)
		}
		return
	}
	own := place.At
	if place.Leaf != nil {
		own = *place.Leaf
	}
	x.declared[own] = true
	put(x.byARN, arn, place)
	replicas, _ := values["replica"].([]any) // of a DynamoDB table
	for _, r := range replicas {
		of, _ := r.(map[string]any)
		if arn, _ := of["arn"].(string); arn != "" {
			put(x.byARN, arn, place)
		}
	}
}

// put keeps the one place of a key, and none where there are two.
func put[K comparable](m map[K]*Place, key K, place *Place) {
	if other, ok := m[key]; ok && (other == nil || other.Address != place.Address || other.At != place.At) {
		place = nil
	}
	m[key] = place
}

// steps are the names of the modules of an address:
// module.a["x.y"].module.b[0] is a, b.
func steps(address string) []string {
	var out []string
	for address != "" {
		rest, ok := strings.CutPrefix(address, "module.")
		if !ok {
			return nil
		}
		end := strings.IndexAny(rest, ".[")
		if end < 0 {
			return append(out, rest)
		}
		out = append(out, rest[:end])
		rest = rest[end:]
		if rest[0] == '[' {
			rest = rest[closing(rest):]
		}
		address = strings.TrimPrefix(rest, ".")
	}
	return out
}

// closing is the length of a bracket with the key in it.
func closing(s string) int {
	quoted := false
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case c == ']' && !quoted:
			return i + 1
		}
	}
	return len(s)
}

// resolve is the place of a resource of a root module, or nil where no root
// module has it, or more than one.
func (t *tree) resolve(modules []string, address string) *Place {
	var found *Place
	for _, dir := range t.roots {
		p := t.resolveIn(dir, modules, address)
		if p == nil {
			continue
		}
		if found != nil {
			t.twice++
			return nil
		}
		found = p
	}
	return found
}

func (t *tree) resolveIn(dir string, modules []string, address string) *Place {
	m := t.modules[dir]
	if len(modules) == 0 {
		if r := m.resources[address]; r != nil {
			return &Place{At: r.Block}
		}
		return nil
	}
	first := m.calls[modules[0]]
	if first == nil {
		return nil
	}
	place := &Place{At: first.Block}
	for _, name := range modules {
		c := m.calls[name]
		if c == nil {
			return place
		}
		if m = t.modules[c.dir]; m == nil {
			return place // not below the directories
		}
	}
	if r := m.resources[address]; r != nil {
		leaf := r.Block
		place.Leaf = &leaf
	}
	return place
}
