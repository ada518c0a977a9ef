package iampolicy

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// MaxSize bounds a policy document, in bytes. AWS's own limits are 20 KiB
// for a bucket policy and 32 KiB for a key policy.
const MaxSize = 64 << 10

// maxDepth is what a policy needs (document, list, statement, Condition,
// operator, values: 6) and a little more.
const maxDepth = 8

type nodeKind uint8

const (
	nodeText   nodeKind = iota
	nodeScalar          // a number or a bool, as written
	nodeNull
	nodeList
	nodeObject
)

// A node keeps what encoding/json's maps lose: the order of fields, so that
// output is stable, and duplicates, so that they are refused.
type node struct {
	kind   nodeKind
	text   string
	items  []node
	fields []field
}

type field struct {
	name string
	node node
}

func parseTree(doc []byte) (node, error) {
	if len(doc) > MaxSize {
		return node{}, fmt.Errorf("it has %d bytes, more than the %d that any policy may have", len(doc), MaxSize)
	}
	dec := json.NewDecoder(bytes.NewReader(doc))
	dec.UseNumber()
	root, err := readNode(dec, 0)
	if err != nil {
		return node{}, err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return node{}, errors.New("text follows the end of the JSON document")
	}
	return root, nil
}

func readNode(dec *json.Decoder, depth int) (node, error) {
	if depth > maxDepth {
		return node{}, fmt.Errorf("it is nested deeper than %d levels", maxDepth)
	}
	token, err := dec.Token()
	if err != nil {
		return node{}, fmt.Errorf("it is not JSON: %w", err)
	}
	switch v := token.(type) {
	case string:
		return node{kind: nodeText, text: v}, nil
	case json.Number:
		return node{kind: nodeScalar, text: v.String()}, nil
	case bool:
		return node{kind: nodeScalar, text: fmt.Sprint(v)}, nil
	case json.Delim:
		if v == '[' {
			return readList(dec, depth)
		}
		return readObject(dec, depth)
	}
	return node{kind: nodeNull}, nil
}

func readList(dec *json.Decoder, depth int) (node, error) {
	list := node{kind: nodeList}
	for dec.More() {
		item, err := readNode(dec, depth+1)
		if err != nil {
			return node{}, err
		}
		list.items = append(list.items, item)
	}
	if _, err := dec.Token(); err != nil {
		return node{}, fmt.Errorf("it is not JSON: %w", err)
	}
	return list, nil
}

func readObject(dec *json.Decoder, depth int) (node, error) {
	object := node{kind: nodeObject}
	seen := map[string]bool{}
	for dec.More() {
		token, err := dec.Token()
		if err != nil {
			return node{}, fmt.Errorf("it is not JSON: %w", err)
		}
		name, ok := token.(string)
		if !ok {
			return node{}, errors.New("it is not JSON: a field name is missing")
		}
		// IAM takes names in any case, so two spellings of one are a
		// duplicate whose winner nobody documents.
		if seen[strings.ToLower(name)] {
			return node{}, fmt.Errorf("the field %s occurs twice in one object", quote(name))
		}
		seen[strings.ToLower(name)] = true
		value, err := readNode(dec, depth+1)
		if err != nil {
			return node{}, err
		}
		object.fields = append(object.fields, field{name, value})
	}
	if _, err := dec.Token(); err != nil {
		return node{}, fmt.Errorf("it is not JSON: %w", err)
	}
	return object, nil
}
