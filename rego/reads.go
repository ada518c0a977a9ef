package rego

import (
	"slices"

	"github.com/open-policy-agent/opa/v1/ast"
)

// findReads works out what applies and violations depend on: every reference
// to the input in every rule that they can reach. Dynamic parts truncate a
// path, so that the answer is never too small.
//
// It is finer than OPA's own dependencies.Base, where that stays safe. A local
// name for a part of the input, and a parameter of a function, count as what
// is taken from them: after "k := input.facts.key", "k.state" reads
// facts.key.state, and of facts.key only whether it is there.
func (p *policyFile) findReads() {
	p.code.hasApplies = len(p.code.compiler.GetRulesExact(p.ref().Append(ast.StringTerm("applies")))) > 0
	p.code.needs = p.needs(nil)
	for _, r := range p.code.needs.all() {
		p.Reads = append(p.Reads, r.at.String())
	}
	p.Reads = slices.Compact(p.Reads)
}

// needs are the reads of a policy without the bodies that are settled; nil:
// of all its code.
func (p *Policy) needs(s *settled) needs {
	a := &analysis{compiler: p.code.compiler, settled: s, funcs: map[string][]params{}}
	return needs{
		applies:    a.reads(p.ref().Append(ast.StringTerm("applies"))),
		violations: a.reads(p.ref().Append(ast.StringTerm("violations"))),
	}
}

// withJoins adds the paths that joined resources hang on: not to know one is
// not to know the joined resource.
func (p *Policy) withJoins(n needs) needs {
	return needs{minimal(p.addJoins(n.applies)), minimal(p.addJoins(n.violations))}
}

func (p *Policy) addJoins(reads []read) []read {
	out := slices.Clone(reads)
	for _, r := range reads {
		for name, join := range p.Related {
			if r.touches(path{"related", name}) {
				out = append(out, read{at: parsePath(join.At)})
			}
		}
	}
	return out
}

// analysis finds the reads of rules.
type analysis struct {
	compiler *ast.Compiler
	settled  *settled
	funcs    map[string][]params // by function, one a definition
}

// params says what a definition of a function takes from each argument,
// relative to it.
type params [][]read

// reads are those of the rules at ref and of all rules that they reach.
func (a *analysis) reads(ref ast.Ref) []read {
	seen := map[*ast.Rule]bool{}
	var out []read
	queue := a.compiler.GetRules(ref)
	for len(queue) > 0 {
		rule := queue[0]
		queue = queue[1:]
		if seen[rule] {
			continue
		}
		seen[rule] = true
		s := a.scan(rule)
		out = append(out, s.found...)
		for _, ref := range s.data {
			queue = append(queue, a.compiler.GetRules(ref)...)
		}
	}
	return minimal(out)
}

// function is what the definitions of the function at ref take from their
// arguments. Rego has no recursion, so this ends.
func (a *analysis) function(ref ast.Ref) []params {
	key := ref.String()
	if known, ok := a.funcs[key]; ok {
		return known
	}
	var out []params
	for _, rule := range a.compiler.GetRulesExact(ref) {
		out = append(out, a.scan(rule).params())
	}
	a.funcs[key] = out
	return out
}

// maxDepth bounds what is followed below a name; what is deeper is taken whole.
const maxDepth = 12

// take takes r from where ref points.
func (s *scan) take(ref ast.Ref, r read) {
	at := path{}
	for _, part := range ref[1:] {
		name, constant := part.Value.(ast.String)
		if !constant { // dynamic, or an array's element: anything below
			at, r = at.extend(nil), read{}
			break
		}
		at = append(at, string(name))
	}
	r = read{at.extend(r.at), r.shape}
	switch head := ref[0].Value.(type) {
	case ast.Var:
		if ref[0].Equal(ast.InputRootDocument) {
			s.found = append(s.found, r)
		} else {
			s.use(head, r)
		}
	default: // a call's result, walked like any term
		s.walk(ref[0])
	}
}

func (s *scan) use(v ast.Var, r read) {
	if ast.InputRootDocument.Value.Compare(v) == 0 {
		s.found = append(s.found, r)
		return
	}
	if len(r.at) > maxDepth { // names for each other: x = y.a; y = x.b
		r = read{}
	}
	covered := slices.ContainsFunc(s.uses[v], func(o read) bool { return !o.shape && r.at.hasPrefix(o.at) || compareReads(o, r) == 0 })
	if !covered {
		s.uses[v] = append(s.uses[v], r)
	}
}

// resolve hands what is taken from a name on to what it names, until nothing
// new comes up. A name for two things compares them, and takes both whole; so
// does a parameter that is a name too.
func (s *scan) resolve() {
	for v, refs := range s.bound {
		s.use(v, read{shape: true})
		if len(refs) > 1 || s.isParam(v) {
			s.use(v, read{})
		}
	}
	done := map[ast.Var]int{}
	for again := true; again; {
		again = false
		for v, refs := range s.bound {
			for ; done[v] < len(s.uses[v]); done[v]++ {
				again = true
				for _, ref := range refs {
					s.take(ref, s.uses[v][done[v]])
				}
			}
		}
	}
}

func (s *scan) isParam(v ast.Var) bool {
	return slices.ContainsFunc(s.args, func(args []*ast.Term) bool {
		return slices.ContainsFunc(args, func(t *ast.Term) bool { return t.Value.Compare(v) == 0 })
	})
}

// params is what a function's arguments are used for. An argument that is a
// pattern is taken whole.
func (s *scan) params() params {
	out := make(params, s.arity)
	for _, args := range s.args {
		for i, arg := range args {
			if v, ok := arg.Value.(ast.Var); ok {
				out[i] = append(out[i], s.uses[v]...)
			} else {
				out[i] = append(out[i], read{})
			}
		}
	}
	for i := range out {
		out[i] = minimal(out[i])
	}
	return out
}
