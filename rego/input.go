package rego

import (
	"encoding/binary"
	"fmt"
	"regexp"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/valyala/fastjson"
)

// at is the value at a path, or nil. It looks into objects only, as Rego does
// with a string in a reference.
func at(v *fastjson.Value, p path) *fastjson.Value {
	for _, name := range p {
		if v == nil || v.Type() != fastjson.TypeObject {
			return nil
		}
		v = v.Get(name)
	}
	return v
}

// Marks of what is at the place of a read.
const (
	absent   = 'a'
	present  = 'p'
	isFalse  = 'f'
	hasValue = 'v'
)

func mark(v *fastjson.Value) byte {
	switch {
	case v == nil:
		return absent
	case v.Type() == fastjson.TypeFalse:
		return isFalse
	}
	return present
}

// appendKey appends what the reads see of the input. Two inputs of one key are
// the same to a policy with these reads.
func appendKey(key []byte, input *fastjson.Value, reads []read) []byte {
	for _, r := range reads {
		v := at(input, r.at)
		if r.shape || v == nil {
			key = append(key, mark(v))
			continue
		}
		key = append(key, hasValue, 0, 0, 0, 0)
		start := len(key)
		key = v.MarshalTo(key)
		binary.LittleEndian.PutUint32(key[start-4:], uint32(len(key)-start))
	}
	return key
}

// project is the part of the input that the reads see, and nothing else. So
// what is remembered for one resource is by construction right for every other
// of the same key.
func project(input *fastjson.Value, reads []read) (ast.Value, error) {
	root := &node{}
	for _, r := range reads {
		v := at(input, r.at)
		if v == nil {
			continue
		}
		n := root
		for _, name := range r.at {
			n = n.child(name)
		}
		switch {
		case !r.shape:
			value, err := toAST(v)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", r.at, err)
			}
			n.value = value
		case v.Type() == fastjson.TypeFalse:
			n.value = ast.Boolean(false)
		}
	}
	return root.build(), nil
}

// node is an object being built.
type node struct {
	value    ast.Value
	names    []string
	children []*node
}

func (n *node) child(name string) *node {
	for i, have := range n.names {
		if have == name {
			return n.children[i]
		}
	}
	c := &node{}
	n.names, n.children = append(n.names, name), append(n.children, c)
	return c
}

func (n *node) build() ast.Value {
	if n.value != nil {
		return n.value
	}
	pairs := make([][2]*ast.Term, len(n.names))
	for i, c := range n.children {
		pairs[i] = [2]*ast.Term{ast.StringTerm(n.names[i]), ast.NewTerm(c.build())}
	}
	return ast.NewObject(pairs...)
}

// jsonNumber is RFC 8259's; fastjson lets more pass.
var jsonNumber = regexp.MustCompile(`^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?$`)

// toAST turns JSON into Rego's values. Numbers keep their digits. Of two equal
// keys of an object the first counts, as everywhere in this package.
func toAST(v *fastjson.Value) (ast.Value, error) {
	switch v.Type() {
	case fastjson.TypeNull:
		return ast.NullValue, nil
	case fastjson.TypeTrue:
		return ast.Boolean(true), nil
	case fastjson.TypeFalse:
		return ast.Boolean(false), nil
	case fastjson.TypeString:
		return ast.String(v.GetStringBytes()), nil
	case fastjson.TypeNumber:
		text := string(v.MarshalTo(nil))
		if len(text) > 64 || !jsonNumber.MatchString(text) {
			return nil, fmt.Errorf("%.70q is not a number that JSON allows", text)
		}
		return ast.Number(text), nil
	case fastjson.TypeArray:
		items := v.GetArray()
		terms := make([]*ast.Term, len(items))
		for i, item := range items {
			value, err := toAST(item)
			if err != nil {
				return nil, err
			}
			terms[i] = ast.NewTerm(value)
		}
		return ast.NewArray(terms...), nil
	}
	return objectToAST(v.GetObject())
}

func objectToAST(o *fastjson.Object) (ast.Value, error) {
	var first error
	pairs := make([][2]*ast.Term, 0, o.Len())
	seen := make(map[string]bool, o.Len())
	o.Visit(func(key []byte, item *fastjson.Value) {
		value, err := toAST(item)
		if err != nil && first == nil {
			first = err
		}
		if name := string(key); !seen[name] && err == nil {
			seen[name] = true
			pairs = append(pairs, [2]*ast.Term{ast.StringTerm(name), ast.NewTerm(value)})
		}
	})
	if first != nil {
		return nil, first
	}
	return ast.NewObject(pairs...), nil
}
