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
func (c *code) findReads(p *policyFile) {
	a := &analysis{compiler: c.compiler, funcs: map[string][]params{}}
	c.applies = a.reads(p.ref().Append(ast.StringTerm("applies")))
	c.violations = a.reads(p.ref().Append(ast.StringTerm("violations")))
	c.hasApplies = len(c.compiler.GetRulesExact(p.ref().Append(ast.StringTerm("applies")))) > 0
	for _, r := range c.reads() {
		p.Reads = append(p.Reads, r.at.String())
	}
	p.Reads = slices.Compact(p.Reads)
	c.applies = minimal(p.withJoins(c.applies))
	c.violations = minimal(p.withJoins(c.violations))
}

// withJoins adds the paths that joined resources hang on: not to know one is
// not to know the joined resource.
func (p *Policy) withJoins(reads []read) []read {
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

// scan is one rule, with its else rules, being read.
type scan struct {
	*analysis
	args  [][]*ast.Term         // parameters, of the rule and of each else
	bound map[ast.Var][]ast.Ref // names for references
	uses  map[ast.Var][]read    // what is taken from a name
	found []read
	data  []ast.Ref // rules that it uses
}

func (a *analysis) scan(rule *ast.Rule) *scan {
	s := &scan{analysis: a, bound: map[ast.Var][]ast.Ref{}, uses: map[ast.Var][]read{}}
	for r := rule; r != nil; r = r.Else {
		s.head(r.Head)
		s.walk(r.Body)
	}
	s.resolve()
	return s
}

func (s *scan) head(h *ast.Head) {
	s.args = append(s.args, h.Args)
	names := map[ast.Var]bool{}
	for _, arg := range h.Args {
		if name, simple := arg.Value.(ast.Var); !simple || names[name] { // a pattern, or compared with another
			s.walk(arg)
		}
		if name, simple := arg.Value.(ast.Var); simple {
			names[name] = true
		}
	}
	for _, part := range h.Ref()[1:] {
		s.walk(part)
	}
	for _, t := range []*ast.Term{h.Key, h.Value} {
		if t != nil {
			s.walk(t)
		}
	}
}

func (s *scan) walk(x any) {
	ast.NewGenericVisitor(func(x any) bool {
		switch x := x.(type) {
		case *ast.Expr:
			return s.expr(x)
		case ast.Ref:
			s.ref(x, false)
			return true
		case ast.Var:
			s.use(x, read{})
		}
		return false
	}).Walk(x)
}

// expr takes the forms that say less than the value: a name for a reference, a
// test whether something is there, an argument. For all others it is false.
func (s *scan) expr(e *ast.Expr) bool {
	if len(e.With) > 0 { // refused when loading
		return false
	}
	switch terms := e.Terms.(type) {
	case *ast.Term:
		return s.shape(terms)
	case []*ast.Term:
		if e.IsEquality() {
			return s.bind(terms[1], terms[2]) || s.bind(terms[2], terms[1])
		}
		return s.call(terms)
	}
	return false
}

func (s *scan) shape(t *ast.Term) bool {
	switch v := t.Value.(type) {
	case ast.Ref:
		s.ref(v, true)
	case ast.Var:
		s.use(v, read{shape: true})
	default:
		return false
	}
	return true
}

func (s *scan) bind(name, value *ast.Term) bool {
	v, isVar := name.Value.(ast.Var)
	ref, isRef := value.Value.(ast.Ref)
	if !isVar || !isRef || ref[0].Equal(ast.DefaultRootDocument) {
		return false
	}
	s.bound[v] = append(s.bound[v], ref)
	s.parts(ref)
	return true
}

// call takes the arguments of a function that is written in Rego.
func (s *scan) call(terms []*ast.Term) bool {
	f, ok := terms[0].Value.(ast.Ref)
	if !ok || !f[0].Equal(ast.DefaultRootDocument) {
		return false
	}
	s.data = append(s.data, f.ConstantPrefix())
	definitions := s.function(f)
	for i, arg := range terms[1:] {
		taken := []read{{shape: true}}
		for _, d := range definitions {
			if i < len(d) {
				taken = append(taken, d[i]...)
			} else {
				taken = append(taken, read{})
			}
		}
		if len(definitions) == 0 {
			taken = append(taken, read{})
		}
		s.argument(arg, taken)
	}
	return true
}

func (s *scan) argument(arg *ast.Term, taken []read) {
	switch v := arg.Value.(type) {
	case ast.Var:
		for _, r := range taken {
			s.use(v, r)
		}
	case ast.Ref:
		for _, r := range taken {
			s.take(v, r)
		}
		s.parts(v)
	default:
		s.walk(arg)
	}
}

func (s *scan) ref(ref ast.Ref, shape bool) {
	if ref[0].Equal(ast.DefaultRootDocument) {
		s.data = append(s.data, ref.ConstantPrefix())
	} else {
		s.take(ref, read{shape: shape})
	}
	s.parts(ref)
}

// parts walks what stands in the brackets of a reference.
func (s *scan) parts(ref ast.Ref) {
	for _, part := range ref[1:] {
		s.walk(part)
	}
}

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
	out := make(params, len(s.args[0]))
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
