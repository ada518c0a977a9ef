package rego

import "github.com/open-policy-agent/opa/v1/ast"

// scan is one rule, with its else rules, being read.
type scan struct {
	*analysis
	arity int
	args  [][]*ast.Term         // parameters, of the rule and of each else
	bound map[ast.Var][]ast.Ref // names for references
	uses  map[ast.Var][]read    // what is taken from a name
	found []read
	data  []ast.Ref // rules that it uses
}

func (a *analysis) scan(rule *ast.Rule) *scan {
	s := &scan{analysis: a, arity: len(rule.Head.Args), bound: map[ast.Var][]ast.Ref{}, uses: map[ast.Var][]read{}}
	for r := rule; r != nil; r = r.Else {
		if !a.settled.dead(r) {
			s.head(r.Head)
			s.walk(r.Body)
		}
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
