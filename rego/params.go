package rego

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// check reports what is wrong with a parameter's declaration.
func (p paramSpec) check(name string, b block, bad *Problems) {
	line := b.lineOf("custom", "params", name)
	if !varName.MatchString(name) {
		bad.add(b.file, line, "parameter %q is not a name of small letters, digits and _", name)
	}
	if strings.TrimSpace(p.Description) == "" {
		bad.add(b.file, line, "parameter %q has no description", name)
	}
	param, err := p.param()
	if err != nil || param.Default == nil {
		bad.add(b.file, line, "parameter %q has no default, or one that JSON can't hold", name)
		return
	}
	if err := param.accepts(param.Default); err != nil {
		bad.add(b.file, line, "parameter %q: its default %v", name, err)
	}
}

func (p paramSpec) param() (Param, error) {
	def, err := plain(p.Default)
	if err != nil {
		return Param{}, err
	}
	out := Param{Default: def, Description: p.Description}
	for _, v := range p.Enum {
		if v, err = plain(v); err != nil {
			return Param{}, err
		}
		out.Enum = append(out.Enum, v)
	}
	return out, nil
}

// plain turns a value into what JSON makes of it, numbers unrounded.
func plain(v any) (any, error) {
	text, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	var out any
	return out, dec.Decode(&out)
}

// accepts says why the parameter can't have the value.
func (p Param) accepts(v any) error {
	if reflect.TypeOf(v) != reflect.TypeOf(p.Default) {
		return fmt.Errorf("is a %s; it must be a %s", kindOf(v), kindOf(p.Default))
	}
	if err := p.acceptsElements(v); err != nil {
		return err
	}
	if p.Enum == nil || slices.ContainsFunc(p.Enum, func(e any) bool { return reflect.DeepEqual(e, v) }) {
		return nil
	}
	words := make([]string, len(p.Enum))
	for i, e := range p.Enum {
		words[i] = fmt.Sprint(e)
	}
	return fmt.Errorf("is %q; choose %s%s", fmt.Sprint(v), oneOf(words), didYouMean(fmt.Sprint(v), words))
}

// acceptsElements says why a list can't be the parameter's: its elements are
// of the kind of the default's, and strings where the default has none. An
// account id without quotes would be a number that no account equals.
func (p Param) acceptsElements(v any) error {
	list, _ := v.([]any)
	want := "string"
	if defaults, _ := p.Default.([]any); len(defaults) > 0 {
		want = kindOf(defaults[0])
	}
	for _, element := range list {
		if kind := kindOf(element); kind != want {
			return fmt.Errorf("has an element that is a %s; each must be a %s (in YAML, in quotes)", kind, want)
		}
	}
	return nil
}

func kindOf(v any) string {
	switch v.(type) {
	case string:
		return "string"
	case json.Number:
		return "number"
	case bool:
		return "boolean"
	case []any:
		return "list"
	case nil:
		return "null"
	}
	return "map"
}

// mergeParams gives every policy of the set its parameters: its defaults, then
// those for "*", then those for its ID. A policy or parameter that does not
// exist, or a value that it can't have, is an error.
func (s *Set) mergeParams(given map[string]map[string]any) (map[string]map[string]any, error) {
	merged := map[string]map[string]any{}
	for _, p := range s.loaded {
		merged[p.ID] = map[string]any{}
		for name, param := range p.Params {
			merged[p.ID][name] = param.Default
		}
	}
	for _, id := range keysOf(given) { // "*" sorts before every ID
		for _, name := range keysOf(given[id]) {
			if err := s.setParam(merged, id, name, given[id][name]); err != nil {
				return nil, fmt.Errorf("setting parameter %s of %s: %w", name, id, err)
			}
		}
	}
	return merged, nil
}

func (s *Set) setParam(merged map[string]map[string]any, id, name string, value any) error {
	value, err := plain(value)
	if err != nil {
		return fmt.Errorf("JSON can't hold the value: %w", err)
	}
	var ids, names []string
	found, set := false, false
	for _, p := range s.loaded {
		ids = append(ids, p.ID)
		if id != "*" && id != p.ID {
			continue
		}
		found = true
		names = append(names, keysOf(p.Params)...)
		param, declared := p.Params[name]
		if !declared {
			continue
		}
		if err := param.accepts(value); err != nil {
			return fmt.Errorf("the value for %s %w", p.ID, err)
		}
		merged[p.ID][name], set = value, true
	}
	switch {
	case !found:
		return fmt.Errorf("there is no policy %q%s; sealaudit policies list shows all", id, didYouMean(id, ids))
	case !set && len(names) == 0:
		return fmt.Errorf("the policy has no parameters")
	case !set:
		slices.Sort(names)
		names = slices.Compact(names)
		return fmt.Errorf("there is no such parameter; choose %s%s", oneOf(names), didYouMean(name, names))
	}
	return nil
}
