package rego

import (
	"encoding/json"
	"fmt"
	"strings"
)

// Draft is the beginning of a policy: a policy of the type with its tests, by
// file name. It loads and its tests pass as they are, so that its author
// changes something that works. It judges the first fact of the type that has
// a plain value.
func (s *Set) Draft(id, resourceType string) (map[string][]byte, error) {
	m := policyPath.FindStringSubmatch(id + ".rego")
	if m == nil || m[1] == "lib" || m[1] == "schemas" || m[1] == "frameworks" || besidePath.MatchString(id+".rego") {
		return nil, fmt.Errorf("the id %q is not SERVICE/NAME in small letters, digits and _; name the good state, like kinesis/stream_encrypted", id)
	}
	for _, p := range s.loaded {
		if p.ID == id {
			return nil, fmt.Errorf("there is a policy %s already, %s; choose another name", id, p.File)
		}
	}
	facts := s.schemas[resourceType]
	if facts == nil {
		types := keysOf(s.schemas)
		return nil, fmt.Errorf("no collector reads the resource type %q%s; choose %s", resourceType, didYouMean(resourceType, types), oneOf(types))
	}
	d := newDraft(strings.ReplaceAll("policies/"+id, "/", "."), facts)
	cases, err := d.cases()
	if err != nil {
		return nil, fmt.Errorf("drafting the cases of %s: %w", id, err)
	}
	return map[string][]byte{
		id + ".rego":       []byte(d.policy()),
		id + "_test.rego":  []byte(d.tests()),
		id + "_cases.json": cases,
	}, nil
}

// draft is a policy that asks for one value of one attribute.
type draft struct {
	pkg       string
	facts     *schema
	at        path // in the input
	good, bad any
}

func newDraft(pkg string, facts *schema) *draft {
	d := &draft{pkg: pkg, facts: facts}
	for _, kind := range []string{"string", "boolean", "integer", "number"} {
		for depth := range maxDepth {
			if at := plainFact(facts.raw, kind, depth); at != nil {
				d.at = path{"facts"}.extend(at)
				d.good, d.bad = values(kind)
				return d
			}
		}
	}
	d.at = path{"tags", "owner"}
	d.good, d.bad = values("string")
	return d
}

func values(kind string) (good, bad any) {
	switch kind {
	case "string":
		return "CHANGE-ME", "other"
	case "boolean":
		return true, false
	}
	return 1, 0
}

// plainFact is the first attribute of a kind at a depth, or nil. It does not
// look into lists.
func plainFact(raw map[string]any, kind string, depth int) path {
	props, _ := raw["properties"].(map[string]any)
	for _, name := range keysOf(props) {
		prop, _ := props[name].(map[string]any)
		switch {
		case !varName.MatchString(name):
		case depth == 0 && prop["type"] == kind:
			return path{name}
		case depth > 0 && prop["type"] == "object":
			if at := plainFact(prop, kind, depth-1); at != nil {
				return path{name}.extend(at)
			}
		}
	}
	return nil
}

func (d *draft) message() string {
	return fmt.Sprintf("%s is not %v; required is %v", strings.TrimPrefix(d.at.String(), "facts."), d.good, d.good)
}

func (d *draft) policy() string {
	return `# METADATA
# title: Write what is good, in one sentence
# description: >-
#   Write what goes wrong where it is not so.
# related_resources:
# - https://docs.aws.amazon.com/
# custom:
#   severity: medium
#   resource: ` + d.facts.resourceType + `
#   profiles: [baseline]
#   remediation: Write what to do about it.
package ` + d.pkg + `

violations contains ` + quoted(d.message()) + ` if not good

good if input.` + d.at.String() + ` == ` + quoted(d.good) + "\n"
}

func (d *draft) tests() string {
	return `package ` + d.pkg + `_test

import data.` + d.pkg + ` as policy

test_violations[note] if {
	some note, row in {
		"as required": {"value": ` + quoted(d.good) + `, "want": set()},
		"otherwise": {"value": ` + quoted(d.bad) + `, "want": {` + quoted(d.message()) + `}},
	}
	row.want == policy.violations with input.` + d.at.String() + ` as row.value
}
`
}

func (d *draft) cases() ([]byte, error) {
	type aCase struct {
		Name     string         `json:"name"`
		Status   Status         `json:"status"`
		Resource map[string]any `json:"resource"`
		Messages []string       `json:"messages,omitempty"`
	}
	unread := d.resource(nil)
	unread["gaps"] = []any{map[string]any{"attributes": []string{d.at.String()}, "reason": "denied", "detail": "The call was denied."}}
	return indented(map[string]any{"cases": []aCase{
		{Name: "as required", Status: Pass, Resource: d.resource(d.good)},
		{Name: "otherwise", Status: Fail, Resource: d.resource(d.bad), Messages: []string{d.message()}},
		{Name: "denied", Status: Undecided, Resource: unread},
	}})
}

// resource is the smallest resource that the schema allows with the value at
// the draft's attribute; nil leaves it out.
func (d *draft) resource(value any) map[string]any {
	root := map[string]any{"facts": smallest(d.facts.raw)}
	node, raw := root, map[string]any{"properties": map[string]any{"facts": d.facts.raw}}
	for _, name := range d.at[:len(d.at)-1] {
		props, _ := raw["properties"].(map[string]any)
		raw, _ = props[name].(map[string]any)
		next, there := node[name].(map[string]any)
		if !there {
			next, _ = smallest(raw).(map[string]any)
			if next == nil {
				next = map[string]any{}
			}
			node[name] = next
		}
		node = next
	}
	if last := d.at[len(d.at)-1]; value == nil {
		delete(node, last)
	} else {
		node[last] = value
	}
	return root
}

// smallest is the smallest value that a schema allows.
func smallest(raw map[string]any) any {
	switch raw["type"] {
	case "string":
		return "text"
	case "boolean":
		return false
	case "integer", "number":
		return 0
	case "array":
		return []any{}
	case "object":
		out := map[string]any{}
		props, _ := raw["properties"].(map[string]any)
		required, _ := raw["required"].([]any)
		for _, name := range required {
			name, _ := name.(string)
			prop, _ := props[name].(map[string]any)
			out[name] = smallest(prop)
		}
		return out
	}
	return nil
}

func quoted(v any) string {
	text, _ := json.Marshal(v) // a string, a number or a boolean
	return string(text)
}

func indented(v any) ([]byte, error) {
	text, err := json.MarshalIndent(v, "", "  ")
	return append(text, '\n'), err
}
