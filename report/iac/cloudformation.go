package iac

import (
	"bytes"
	"errors"
	"strings"

	"go.yaml.in/yaml/v3"
)

// template is a resource of a CloudFormation template; its address is its
// logical id.
type template struct {
	Block
	kind kind
	name string // where it is written out
}

// template reads a YAML or JSON file if it looks like a template; JSON is
// YAML for this. Most such files are none, so what is wrong with them is not
// said unless they have a template's words.
func (t *tree) template(path string, src []byte) error {
	if !bytes.Contains(src, []byte("Resources")) || !bytes.Contains(src, []byte("AWS::")) {
		return nil
	}
	if nested(src) {
		return errors.New("it is nested deeper than any template")
	}
	var doc yaml.Node
	if err := yaml.Unmarshal(src, &doc); err != nil {
		return err
	}
	if len(doc.Content) == 0 {
		return nil
	}
	known := templateKinds()
	pairs(member(doc.Content[0], "Resources"), func(id, body *yaml.Node) {
		typ := member(body, "Type")
		if typ == nil {
			return
		}
		k, ok := known[typ.Value]
		if !ok {
			return
		}
		end := id.Column + units([]byte(id.Value))
		if id.Style&(yaml.DoubleQuotedStyle|yaml.SingleQuotedStyle) != 0 {
			end += 2
		}
		r := template{Block{File: path, Line: id.Line, Column: id.Column, End: max(end, id.Column+1), Address: id.Value}, k, ""}
		if name := member(member(body, "Properties"), k.property); name != nil && name.Kind == yaml.ScalarNode && name.Tag == "!!str" && !strings.Contains(name.Value, "{{resolve:") {
			r.name = name.Value
		}
		t.templates = append(t.templates, r)
	})
	return nil
}

// pairs goes through a mapping.
func pairs(n *yaml.Node, each func(key, value *yaml.Node)) {
	if n == nil || n.Kind != yaml.MappingNode {
		return
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		each(n.Content[i], n.Content[i+1])
	}
}

func member(n *yaml.Node, key string) (value *yaml.Node) {
	pairs(n, func(k, v *yaml.Node) {
		if k.Value == key && key != "" && value == nil {
			value = v
		}
	})
	return value
}
