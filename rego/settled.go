package rego

import (
	"context"
	"errors"
	"slices"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/storage"
	"github.com/open-policy-agent/opa/v1/topdown"
)

// settled knows which bodies of a policy's rules its parameters settle: those
// that hold for no input, because a part of them that no input has a say in
// does not hold. Such a body is dead. What only dead bodies read has no say in
// the verdict either.
//
// This rests on OPA evaluating the expressions of a compiled body in their
// order. It is never too bold: a body counts as alive where an error on the
// way to that part could show, since an error is a verdict too.
type settled struct {
	compiler *ast.Compiler
	holds    func(ast.Body) bool // what no input has a say in; true when in doubt

	deadRules, fixedRules, quietRules map[*ast.Rule]bool
}

// needsUnder are the policy's reads under the parameters in the store.
func (p *Policy) needsUnder(ctx context.Context, store storage.Store, txn storage.Transaction) (needs, error) {
	if len(p.Params) == 0 {
		return p.code.needs, nil
	}
	cancel := topdown.NewCancel()
	defer context.AfterFunc(ctx, cancel.Cancel)()
	s := &settled{compiler: p.code.compiler, deadRules: map[*ast.Rule]bool{}, fixedRules: map[*ast.Rule]bool{}, quietRules: map[*ast.Rule]bool{}}
	s.holds = func(body ast.Body) bool {
		found := errors.New("it holds")
		err := topdown.NewQuery(body).WithCompiler(s.compiler).WithStore(store).WithTransaction(txn).WithCancel(cancel).
			WithStrictBuiltinErrors(true).Iter(ctx, func(topdown.QueryResult) error { return found })
		return err != nil // found, or an error of its own
	}
	return p.needs(s), ctx.Err()
}

// dead says whether the body of the rule, without its else, is dead.
func (s *settled) dead(r *ast.Rule) bool {
	return s != nil && !r.Default && remember(s.deadRules, r, func() bool { return s.never(r) })
}

// never tries the expressions that no input has a say in, one more each time,
// as far as they use no name that the others gave a value.
func (s *settled) never(r *ast.Rule) bool {
	var tests ast.Body // not with Append, which would change the expressions
	others := namesIn(r.Head.Args)
	for _, e := range r.Body {
		names := namesIn(e)
		switch {
		case s.fixed(e) && len(names.Intersect(others)) == 0:
			if tests = append(tests, e); !s.holds(tests) {
				return true
			}
		case s.quiet(e):
			others.Update(names)
		default:
			return false
		}
	}
	return false
}

// fixed says whether x gives the same for every input and at every time.
func (s *settled) fixed(x any) bool {
	return s.all(x, func(x any) bool {
		switch x := x.(type) {
		case *ast.Expr:
			b, known := ast.BuiltinMap[operator(x)]
			return operator(x) == "" || known && !b.Nondeterministic
		case ast.Var:
			return !x.Equal(ast.InputRootDocument.Value)
		}
		return true
	}, func(rule *ast.Rule) bool {
		return remember(s.fixedRules, rule, func() bool {
			return s.living(rule, func(r *ast.Rule) bool { return s.fixed(r.Head) && s.fixed(r.Body) })
		})
	})
}

// calm are the functions that fail for no arguments.
var calm = [...]string{"", ast.Equality.Name, ast.Assign.Name, ast.Equal.Name, ast.NotEqual.Name, ast.LessThan.Name, ast.LessThanEq.Name,
	ast.GreaterThan.Name, ast.GreaterThanEq.Name, ast.Member.Name, ast.MemberWithKey.Name}

// quiet says whether x gives no error for any input: neither a function that
// fails nor two values for one name. Of rules only tests and sets are quiet.
func (s *settled) quiet(x any) bool {
	return s.all(x, func(x any) bool {
		switch x := x.(type) {
		case *ast.Expr:
			return slices.Contains(calm[:], operator(x))
		case *ast.ObjectComprehension:
			return false
		}
		return true
	}, func(rule *ast.Rule) bool {
		return remember(s.quietRules, rule, func() bool {
			return s.living(rule, func(r *ast.Rule) bool {
				one := r.Default || r.Head.RuleKind() == ast.MultiValue || r.Head.Value.Equal(ast.BooleanTerm(true))
				return one && s.quiet(r.Head) && s.quiet(r.Body)
			})
		})
	})
}

// living says whether the rule and each else that is not dead pass the test.
func (s *settled) living(rule *ast.Rule, test func(*ast.Rule) bool) bool {
	for r := rule; r != nil; r = r.Else {
		if !s.dead(r) && !test(r) {
			return false
		}
	}
	return true
}

// all says whether everything in x passes the test and every rule that x names
// the other. Calls that the compiler left in a term, data that no rule makes
// and "with" pass neither.
func (s *settled) all(x any, test func(any) bool, rule func(*ast.Rule) bool) bool {
	ok := true
	ast.NewGenericVisitor(func(x any) bool {
		switch x := x.(type) {
		case *ast.Expr:
			ok = ok && len(x.With) == 0
		case ast.Call:
			ok = false
		case ast.Ref:
			if x[0].Equal(ast.DefaultRootDocument) && !x.HasPrefix(paramsRef) {
				rules := s.compiler.GetRules(x.ConstantPrefix())
				ok = ok && len(rules) > 0 && !slices.ContainsFunc(rules, func(r *ast.Rule) bool { return !rule(r) })
			}
		}
		ok = ok && test(x)
		return !ok
	}).Walk(x)
	return ok
}

var paramsRef = ast.Ref{ast.DefaultRootDocument, ast.StringTerm("params")}

// operator is the built-in function that an expression calls, or "".
func operator(e *ast.Expr) string {
	if !e.IsCall() || e.Operator().HasPrefix(ast.DefaultRootRef) {
		return ""
	}
	return e.Operator().String()
}

// namesIn are the local names in x.
func namesIn(x any) ast.VarSet {
	v := ast.NewVarVisitor().WithParams(ast.VarVisitorParams{SkipRefCallHead: true})
	v.Walk(x)
	return v.Vars().Diff(ast.ReservedVars)
}

// remember finds what is said of a rule once. While it is being found the
// answer is no.
func remember(known map[*ast.Rule]bool, r *ast.Rule, find func() bool) bool {
	said, found := known[r]
	if !found {
		known[r] = false
		said = find()
		known[r] = said
	}
	return said
}
