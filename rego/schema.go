package rego

import (
	"bytes"
	"encoding/json"
	"maps"
	stdpath "path"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
)

// schema is the JSON schema of a resource type's facts.
type schema struct {
	resourceType string
	raw          map[string]any
	keys         []path // where facts hold a "key" object, below facts
	sampled      bool   // rows are samples of what a resource holds: they name nobody
}

// SchemaFile is the name of a resource type's schema among policies:
// "schemas/AWS_Kinesis_Stream.json".
func SchemaFile(resourceType string) string {
	return "schemas/" + strings.ReplaceAll(resourceType, "::", "_") + ".json"
}

func (l *loader) addSchema(file string, text []byte) {
	var raw map[string]any
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	if err := dec.Decode(&raw); err != nil {
		l.bad.add(file, 0, "it is not a JSON schema: %v", err)
		return
	}
	resourceType, _ := raw["title"].(string)
	if stdpath.Base(file) != stdpath.Base(SchemaFile(resourceType)) {
		l.bad.add(file, 0, "its title is %q; it must be the resource type that the file is named for", resourceType)
		return
	}
	if l.schemas[resourceType] != nil {
		l.bad.add(file, 0, "the schema of %s is in another file too; keep one of them", resourceType)
	}
	s := &schema{resourceType: resourceType, raw: raw}
	s.keys = keyObjects(raw, nil)
	s.sampled, _ = raw["x-sampled"].(bool)
	l.schemas[resourceType] = s
}

// keyObjects are the paths of all properties called "key" that are objects, in
// the schema of facts. They do not look into arrays: there the array's path
// stands for what is in it.
func keyObjects(raw map[string]any, at path) []path {
	var out []path
	if items, ok := raw["items"].(map[string]any); ok {
		if len(keyObjects(items, nil)) > 0 {
			return []path{slices.Clone(at)}
		}
		return nil
	}
	props, _ := raw["properties"].(map[string]any)
	for _, name := range keysOf(props) {
		prop, _ := props[name].(map[string]any)
		here := append(slices.Clone(at), name)
		if name == "key" && prop["type"] == "object" {
			out = append(out, here)
			continue
		}
		out = append(out, keyObjects(prop, here)...)
	}
	if more, ok := raw["additionalProperties"].(map[string]any); ok && len(keyObjects(more, nil)) > 0 {
		out = append(out, slices.Clone(at))
	}
	return out
}

// property is the schema at a path of the facts, or nil.
func (s *schema) property(at path) map[string]any {
	node := s.raw
	for _, name := range at {
		props, _ := node["properties"].(map[string]any)
		if node, _ = props[name].(map[string]any); node == nil {
			return nil
		}
	}
	return node
}

// facts is the schema as OPA's type checker reads it.
func (s *schema) facts() map[string]any {
	out := maps.Clone(s.raw)
	delete(out, "$schema") // OPA reads draft 7 and up to here the drafts agree
	return out
}

// inputSchema is the schema of a policy's whole input.
func (l *loader) inputSchema(facts *schema, related map[string]Join) *ast.SchemaSet {
	input := resourceSchema(facts)
	props := input["properties"].(map[string]any)
	joined := map[string]any{}
	for name, join := range related {
		if s := l.schemas[join.Type]; s != nil {
			joined[name] = resourceSchema(s)
		}
	}
	if len(joined) > 0 {
		props["related"] = object(joined)
	}
	props["referenced_by"] = map[string]any{"type": "array", "items": object(map[string]any{"arn": text(), "type": text()})}
	set := ast.NewSchemaSet()
	set.Put(ast.SchemaRootRef, input)
	return set
}

func resourceSchema(facts *schema) map[string]any {
	return object(map[string]any{
		"arn": text(), "type": text(), "name": text(),
		"scope": object(map[string]any{"partition": text(), "account": text(), "region": text()}),
		"tags":  map[string]any{"type": "object", "additionalProperties": text()},
		"facts": facts.facts(),
	})
}

func object(properties map[string]any) map[string]any {
	return map[string]any{"type": "object", "properties": properties, "additionalProperties": false}
}

func text() map[string]any { return map[string]any{"type": "string"} }
