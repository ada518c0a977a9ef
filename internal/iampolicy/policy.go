// Package iampolicy reads resource policies (S3 bucket policies, KMS key
// policies) and says what they deny or allow: to whom, for which actions and
// resources, under which condition, and which statement decides.
//
// Every answer is three-valued. What the package cannot model (an unknown
// operator, a policy variable without a value, a question that depends on
// something outside the policy) is Unknown with the reason. It never guesses,
// never calls AWS, never sees identity policies, SCPs or RCPs, and never says
// whether an answer is good or bad.
package iampolicy

import "slices"

// A Policy is one parsed resource policy. It is immutable and safe for
// concurrent use. A nil *Policy is a resource without a policy.
type Policy struct {
	variables  bool // Version 2012-10-17: ${…} is a policy variable
	statements []statement
	text       string // the document, to choose names that it doesn't mention
}

type statement struct {
	index        int
	sid          string
	deny         bool
	principal    principalSet
	notPrincipal bool
	actions      []pattern
	notAction    bool
	resources    []pattern
	notResource  bool
	conditions   []condition
}

// A principalSet is the Principal element: "everyone" for * and {"AWS": "*"},
// which AWS documents as equivalent in resource policies.
type principalSet struct {
	everyone  bool
	aws       []string // ARNs, account ids, unique ids
	services  []string
	federated []string
	canonical []string
}

type condition struct {
	name   string // the operator as written
	op     operator
	key    string // lower case: keys are case-insensitive
	raw    string // the key as written
	values []pattern
}

// A pattern is one string of a policy, compiled where nothing in it depends
// on the request.
type pattern struct {
	raw      string
	compiled glob
	variable bool // holds ${…}, must be compiled for each request
}

// ref names the statement in an Answer.
func (s *statement) ref() StatementRef {
	return StatementRef{Index: s.index, Sid: clip(s.sid, maxQuoted)}
}

// mentions tells whether a condition of the statement reads the key (lower
// case).
func (s *statement) mentions(key string) bool {
	for i := range s.conditions {
		if s.conditions[i].key == key {
			return true
		}
	}
	return false
}

// only is the policy reduced to one Allow statement and every Deny, to ask
// what that one statement grants.
func (p *Policy) only(allow int) *Policy {
	kept := &Policy{variables: p.variables, text: p.text}
	for i := range p.statements {
		if s := p.statements[i]; s.deny || s.index == allow {
			kept.statements = append(kept.statements, s)
		}
	}
	return kept
}

// allowsOnly is the policy without its Deny statements.
func (p *Policy) allowsOnly() *Policy {
	kept := &Policy{variables: p.variables, text: p.text}
	for _, s := range p.statements {
		if !s.deny {
			kept.statements = append(kept.statements, s)
		}
	}
	return kept
}

// bind fills in the policy variables of conditions whose values are the same
// for every request.
func (p *Policy) bind(known Context) *Policy {
	e := &evaluation{context: known}
	bound := &Policy{variables: p.variables, text: p.text, statements: slices.Clone(p.statements)}
	for i := range bound.statements {
		s := &bound.statements[i]
		s.conditions = slices.Clone(s.conditions)
		for j := range s.conditions {
			c := &s.conditions[j]
			c.values = slices.Clone(c.values)
			for k := range c.values {
				v := &c.values[k]
				if g := e.expand(v, c.op.wild()); v.variable && !g.has(unset) && !g.has('*') && !g.has('?') {
					*v = pattern{raw: g.text(), compiled: g}
				}
			}
		}
	}
	return bound
}
