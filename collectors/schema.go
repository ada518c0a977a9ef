package collectors

import (
	"fmt"
	"reflect"
	"strings"
)

// Schema is the JSON schema (draft 2020-12 subset: type, properties,
// required, items, additionalProperties) of a facts struct. Policies are
// checked against it, so that a misspelt fact is an error and not silence.
//
// It panics on a field that facts can't have (an interface, a missing json
// tag): that is a mistake in this program, found by its tests.
func Schema(t ResourceType) map[string]any {
	s := schemaOf(reflect.TypeOf(t.Facts))
	s["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	s["title"] = t.Name
	if t.Sampled {
		s["x-sampled"] = true
	}
	return s
}

func schemaOf(t reflect.Type) map[string]any {
	switch t.Kind() {
	case reflect.Pointer:
		return schemaOf(t.Elem())
	case reflect.String:
		return map[string]any{"type": "string"}
	case reflect.Bool:
		return map[string]any{"type": "boolean"}
	case reflect.Int, reflect.Int64:
		return map[string]any{"type": "integer"}
	case reflect.Float64:
		return map[string]any{"type": "number"}
	case reflect.Slice:
		return map[string]any{"type": "array", "items": schemaOf(t.Elem())}
	case reflect.Map:
		return map[string]any{"type": "object", "additionalProperties": schemaOf(t.Elem())}
	case reflect.Struct:
		return structSchema(t)
	}
	panic(fmt.Sprintf("facts can't hold a %s", t))
}

func structSchema(t reflect.Type) map[string]any {
	props, required := map[string]any{}, []string{}
	for i := range t.NumField() {
		name, opts, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
		if name == "" || name == "-" {
			panic(fmt.Sprintf("%s.%s has no json name", t, t.Field(i).Name))
		}
		props[name] = schemaOf(t.Field(i).Type)
		if !strings.Contains(opts, "omitempty") {
			required = append(required, name)
		}
	}
	s := map[string]any{"type": "object", "properties": props, "additionalProperties": false}
	if len(required) > 0 {
		s["required"] = required
	}
	return s
}
