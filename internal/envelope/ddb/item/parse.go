package item

import (
	"encoding/base64"
	"fmt"
	"strings"

	"github.com/sealaudit/sealaudit/internal/envelope"
)

// Parse reads an item from DynamoDB JSON: {"name": {"S": "text"}, …}. It is
// strict: no duplicate name, no empty or repeating set, no unknown type, no
// invalid UTF-8, nothing after the item, and no more than MaxJSON bytes,
// MaxSize bytes of content and MaxDepth levels. Its error wraps ErrFormat and
// names the place, not the content.
func Parse(b []byte) (Item, error) {
	if len(b) > MaxJSON {
		return nil, fmt.Errorf("%w: the item's JSON has %d bytes; an item has at most %d", envelope.ErrFormat, len(b), MaxJSON)
	}
	p := &parser{b: b}
	attributes, err := p.attributes(0)
	if err != nil {
		return nil, err
	}
	if p.space(); p.i != len(p.b) {
		return nil, p.bad("something follows the item")
	}
	return attributes, nil
}

// parser is a place in a JSON text and how much content came before it.
type parser struct {
	b    []byte
	i    int
	size int
}

func (p *parser) bad(what string) error {
	return fmt.Errorf("%w: item JSON at byte %d: %s", envelope.ErrFormat, p.i, what)
}

// grow counts content as DynamoDB does.
func (p *parser) grow(n int) error {
	if p.size += n; p.size > MaxSize {
		return p.bad("the item is larger than DynamoDB's 400 KB")
	}
	return nil
}

// attributes reads an object of values by name.
func (p *parser) attributes(depth int) (map[string]Value, error) {
	out := map[string]Value{}
	err := p.elements('{', '}', func() error {
		name, err := p.key()
		if err != nil {
			return err
		}
		if name == "" && depth == 0 || len(name) > maxName {
			return p.bad("an attribute's name is empty or too long")
		}
		if _, twice := out[name]; twice {
			return p.bad("a name stands twice")
		}
		if err := p.grow(len(name) + 1); err != nil {
			return err
		}
		v, err := p.value(depth)
		out[name] = v
		return err
	})
	return out, err
}

// value reads {"TYPE": content}.
func (p *parser) value(depth int) (v Value, err error) {
	if depth > MaxDepth {
		return Value{}, p.bad("lists and maps are nested too deeply")
	}
	if err := p.expect('{'); err != nil {
		return Value{}, err
	}
	name, err := p.key()
	if err != nil {
		return Value{}, err
	}
	v.Type = Type(name)
	switch v.Type {
	case S, N, B:
		v.Data, err = p.scalar(v.Type)
	case Bool:
		v.True, err = p.boolean()
	case Null:
		var yes bool
		if yes, err = p.boolean(); err == nil && !yes {
			err = p.bad("NULL is not true")
		}
	case SS, NS, BS:
		v.Set, err = p.set(v.Type)
	case L:
		err = p.elements('[', ']', func() error {
			element, err := p.value(depth + 1)
			v.List = append(v.List, element)
			return err
		})
	case M:
		v.Map, err = p.attributes(depth + 1)
	default:
		err = p.bad("the type is not one of DynamoDB's: S, N, B, BOOL, NULL, SS, NS, BS, M, L")
	}
	if err == nil {
		err = p.grow(3)
	}
	if err == nil {
		err = p.expect('}')
	}
	return v, err
}

// scalar reads the text of an S or N, or the base64 of a B.
func (p *parser) scalar(t Type) (string, error) {
	s, err := p.text()
	if err != nil {
		return "", err
	}
	switch t {
	case B:
		b, err := base64.StdEncoding.Strict().DecodeString(s)
		if err != nil || strings.ContainsAny(s, "\r\n") {
			return "", p.bad("a binary value is not base64")
		}
		s = string(b)
	case N:
		if _, err := Normalise(s); err != nil {
			return "", p.bad("a number is not decimal or beyond DynamoDB's range")
		}
	}
	return s, p.grow(len(s))
}

// set reads a set's members, which must differ.
func (p *parser) set(t Type) ([]string, error) {
	var out []string
	seen := map[string]bool{}
	err := p.elements('[', ']', func() error {
		s, err := p.scalar(t[:1])
		if err != nil {
			return err
		}
		same := s
		if t == NS {
			same = number(s)
		}
		if seen[same] {
			return p.bad("a set has a member twice")
		}
		seen[same] = true
		out = append(out, s)
		return p.grow(1)
	})
	if err == nil && len(out) == 0 {
		err = p.bad("a set is empty")
	}
	return out, err
}
