package rego

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// checkFacts says where a case's resource is not what a collector could emit:
// a fact or gap that the schema does not have, a fact of another type or
// missing without a gap, or null.
func (l *loader) checkFacts(r *caseResource) []string {
	s := l.schemas[r.Type]
	if s == nil {
		return []string{fmt.Sprintf("the resource type %s has no schema%s", r.Type, didYouMean(r.Type, keysOf(l.schemas)))}
	}
	dec := json.NewDecoder(bytes.NewReader(r.Facts))
	dec.UseNumber()
	var facts any
	if err := dec.Decode(&facts); err != nil {
		return []string{fmt.Sprintf("the facts can't be read: %v", err)}
	}
	c := &factCheck{}
	for _, g := range r.Gaps {
		if g.Reason == "" || g.Detail == "" {
			c.add("a gap has no reason or no detail")
		}
		for _, attribute := range g.Attributes {
			c.gaps = append(c.gaps, parsePath(attribute))
			c.attribute(s.raw, attribute)
		}
	}
	if !r.Unlisted {
		c.value(s.raw, facts, path{"facts"})
	}
	return c.bad
}

type factCheck struct {
	gaps []path
	bad  []string
}

func (c *factCheck) add(format string, args ...any) {
	c.bad = append(c.bad, fmt.Sprintf(format, args...))
}

func (c *factCheck) value(raw map[string]any, v any, at path) {
	want, _ := raw["type"].(string)
	switch v := v.(type) {
	case map[string]any:
		if want == "object" {
			c.object(raw, v, at)
			return
		}
	case []any:
		if want == "array" {
			items, _ := raw["items"].(map[string]any)
			for _, item := range v {
				c.value(items, item, at)
			}
			return
		}
	case string:
		if want == "string" {
			return
		}
	case bool:
		if want == "boolean" {
			return
		}
	case json.Number:
		if want == "number" || want == "integer" && !strings.ContainsAny(v.String(), ".eE") {
			return
		}
	}
	c.add("%s is %s; the schema says %s", at, jsonText(v), want)
}

func (c *factCheck) object(raw map[string]any, v map[string]any, at path) {
	props, _ := raw["properties"].(map[string]any)
	more, _ := raw["additionalProperties"].(map[string]any)
	for _, name := range keysOf(v) {
		prop, known := props[name].(map[string]any)
		switch {
		case known:
			c.value(prop, v[name], at.extend(path{name}))
		case more != nil:
			c.value(more, v[name], at.extend(path{name}))
		default:
			c.add("%s has no %s%s", at, name, didYouMean(name, keysOf(props)))
		}
	}
	required, _ := raw["required"].([]any)
	for _, name := range required {
		name, _ := name.(string)
		place := at.extend(path{name})
		covered := slices.ContainsFunc(c.gaps, func(gap path) bool { return place.hasPrefix(gap) })
		if _, given := v[name]; !given && !covered {
			c.add("%s is missing; every resource has it, unless a gap covers it", place)
		}
	}
}

// attribute checks that a gap is at a place that resources have.
func (c *factCheck) attribute(raw map[string]any, attribute string) {
	parts := strings.Split(attribute, ".")
	if parts[0] != "facts" {
		if !slices.Contains(visible[:], parts[0]) {
			c.add("the gap at %q is nowhere; begin it with facts or tags", attribute)
		}
		return
	}
	node := raw
	for i, part := range parts[1:] {
		name, _, indexed := strings.Cut(part, "[")
		if name != "" {
			props, _ := node["properties"].(map[string]any)
			next, known := props[name].(map[string]any)
			if !known {
				next, known = node["additionalProperties"].(map[string]any)
			}
			if !known {
				c.add("the gap at %q is nowhere: %s has no %s%s", attribute, strings.Join(parts[:i+1], "."), name, didYouMean(name, keysOf(props)))
				return
			}
			node = next
		}
		if items, list := node["items"].(map[string]any); list && (indexed || i+2 < len(parts)) {
			node = items
		}
	}
}

// jsonText is a value as JSON, cut where it is long.
func jsonText(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	return fmt.Sprintf("%.60s", text)
}
