package iampolicy

import (
	"errors"
	"fmt"
	"strings"
)

// Parse reads a resource policy in the grammar of the IAM User Guide ("Grammar
// of the IAM JSON policy language"). It takes what IAM takes (single values
// for lists, names in any case, bool and number condition values) and refuses
// the rest with an error that names the statement. Its error is never about
// what the policy says, only about how it is written.
func Parse(doc []byte) (*Policy, error) { return parseAs(doc, false) }

// ParseKeyPolicy reads a KMS key policy: a statement without Action or without
// Resource, which KMS accepts, has no effect (KMS API reference, PutKeyPolicy).
func ParseKeyPolicy(doc []byte) (*Policy, error) { return parseAs(doc, true) }

func parseAs(doc []byte, keyPolicy bool) (*Policy, error) {
	p, err := parse(doc, keyPolicy)
	if err != nil {
		return nil, fmt.Errorf("parsing the resource policy: %w; read the policy again or look at it in the AWS console", err)
	}
	return p, nil
}

func parse(doc []byte, keyPolicy bool) (*Policy, error) {
	root, err := parseTree(doc)
	if err != nil {
		return nil, err
	}
	if root.kind != nodeObject {
		return nil, errors.New("it is not a JSON object")
	}
	p := &Policy{text: string(doc)}
	var statements *node
	for i := range root.fields {
		f := &root.fields[i]
		switch strings.ToLower(f.name) {
		case "version":
			if f.node.kind != nodeText || f.node.text != "2012-10-17" && f.node.text != "2008-10-17" {
				return nil, fmt.Errorf("its Version is %s, not 2012-10-17 or 2008-10-17", quote(f.node.text))
			}
			p.variables = f.node.text == "2012-10-17"
		case "id":
			if f.node.kind != nodeText {
				return nil, errors.New("its Id is not a string")
			}
		case "statement":
			statements = &f.node
		default:
			return nil, fmt.Errorf("its element %s is not one of Version, Id and Statement", quote(f.name))
		}
	}
	if statements == nil {
		return nil, errors.New("it has no Statement")
	}
	items := statements.items
	if statements.kind == nodeObject {
		items = []node{*statements}
	} else if statements.kind != nodeList {
		return nil, errors.New("its Statement is neither an object nor a list")
	}
	for i := range items {
		s, err := p.parseStatement(i, items[i])
		var lacks incomplete
		if keyPolicy && errors.As(err, &lacks) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", s.label(), err)
		}
		p.statements = append(p.statements, s)
	}
	return p, nil
}

func (p *Policy) parseStatement(index int, n node) (statement, error) {
	s := statement{index: index}
	if n.kind != nodeObject {
		return s, errors.New("it is not an object")
	}
	seen := map[string]bool{}
	// Sid first, so that every later error can name it.
	for _, f := range n.fields {
		if strings.EqualFold(f.name, "Sid") {
			if f.node.kind != nodeText {
				return s, errors.New("its Sid is not a string")
			}
			s.sid = f.node.text
		}
	}
	for _, f := range n.fields {
		name := strings.ToLower(f.name)
		seen[name] = true
		if err := p.parseElement(&s, name, f); err != nil {
			return s, err
		}
	}
	return s, complete(seen)
}

// incomplete is the error of a statement that lacks its actions or resources.
type incomplete struct{ error }

// complete tells whether a statement with these elements has all it needs.
func complete(seen map[string]bool) error {
	if !seen["effect"] {
		return errors.New("it has no Effect")
	}
	var lacks error
	for _, pair := range [][2]string{{"Principal", "NotPrincipal"}, {"Action", "NotAction"}, {"Resource", "NotResource"}} {
		a, b := seen[strings.ToLower(pair[0])], seen[strings.ToLower(pair[1])]
		switch err := fmt.Errorf("it must have exactly one of %s and %s", pair[0], pair[1]); {
		case a && b || !a && !b && pair[0] == "Principal":
			return err
		case !a && !b:
			lacks = incomplete{err}
		}
	}
	return lacks
}

func (p *Policy) parseElement(s *statement, name string, f field) (err error) {
	switch name {
	case "sid":
	case "effect":
		if f.node.kind != nodeText || f.node.text != "Allow" && f.node.text != "Deny" {
			return fmt.Errorf("its Effect is %s, not Allow or Deny", quote(f.node.text))
		}
		s.deny = f.node.text == "Deny"
	case "principal", "notprincipal":
		s.notPrincipal = name == "notprincipal"
		s.principal, err = parsePrincipal(f)
	case "action", "notaction":
		s.notAction = name == "notaction"
		var actions []string
		if actions, err = stringList(f); err == nil {
			for _, a := range actions {
				s.actions = append(s.actions, pattern{raw: a, compiled: compileGlob(strings.ToLower(a), true, nil)})
			}
		}
	case "resource", "notresource":
		s.notResource = name == "notresource"
		var resources []string
		if resources, err = stringList(f); err == nil {
			for _, r := range resources {
				s.resources = append(s.resources, p.pattern(r, true))
			}
		}
	case "condition":
		s.conditions, err = p.parseConditions(f.node)
	default:
		return fmt.Errorf("its element %s is not one that IAM has", quote(f.name))
	}
	return err
}

// pattern compiles a string of the policy; wild says whether * and ? are
// wildcards in it.
func (p *Policy) pattern(raw string, wild bool) pattern {
	if p.variables && strings.Contains(raw, "${") {
		return pattern{raw: raw, variable: true}
	}
	return pattern{raw: raw, compiled: compileGlob(raw, wild, nil)}
}

func stringList(f field) ([]string, error) {
	if f.node.kind == nodeText {
		return []string{f.node.text}, nil
	}
	if f.node.kind != nodeList || len(f.node.items) == 0 {
		return nil, fmt.Errorf("its %s is neither a string nor a list of strings", quote(f.name))
	}
	var list []string
	for _, item := range f.node.items {
		if item.kind != nodeText {
			return nil, fmt.Errorf("its %s holds something that is not a string", quote(f.name))
		}
		list = append(list, item.text)
	}
	return list, nil
}

func parsePrincipal(f field) (principalSet, error) {
	var set principalSet
	if f.node.kind == nodeText {
		if f.node.text != "*" {
			return set, fmt.Errorf("its %s is the string %s, and only \"*\" may be one", quote(f.name), quote(f.node.text))
		}
		set.everyone = true
		return set, nil
	}
	if f.node.kind != nodeObject || len(f.node.fields) == 0 {
		return set, fmt.Errorf("its %s is neither \"*\" nor an object", quote(f.name))
	}
	for _, kind := range f.node.fields {
		names, err := stringList(kind)
		if err != nil {
			return set, err
		}
		switch strings.ToLower(kind.name) {
		case "aws", "*":
			for _, name := range names {
				if name == "*" {
					set.everyone = true
				} else {
					set.aws = append(set.aws, name)
				}
			}
		case "service":
			set.services = append(set.services, names...)
		case "federated":
			set.federated = append(set.federated, names...)
		case "canonicaluser":
			set.canonical = append(set.canonical, names...)
		default:
			return set, fmt.Errorf("its principal type %s is not one that IAM has", quote(kind.name))
		}
	}
	return set, nil
}

func (p *Policy) parseConditions(n node) ([]condition, error) {
	if n.kind != nodeObject {
		return nil, errors.New("its Condition is not an object")
	}
	var list []condition
	for _, f := range n.fields {
		if f.node.kind != nodeObject {
			return nil, fmt.Errorf("its condition %s is not an object", quote(f.name))
		}
		op := parseOperator(f.name)
		for _, key := range f.node.fields {
			c := condition{name: f.name, op: op, key: strings.ToLower(key.name), raw: key.name}
			items := []node{key.node}
			if key.node.kind == nodeList {
				items = key.node.items
			}
			for _, item := range items {
				if item.kind != nodeText && item.kind != nodeScalar {
					return nil, fmt.Errorf("its condition on %s holds something that is not a string, bool or number", quote(key.name))
				}
				c.values = append(c.values, p.pattern(item.text, op.wild()))
			}
			list = append(list, c)
		}
	}
	return list, nil
}
