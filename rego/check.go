package rego

import (
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/types"
)

// checkRefs reports what a module may not name: data beyond its own package,
// the library and single parameters; "with"; and in a library (own is nil) the
// input too.
func checkRefs(m *ast.Module, own ast.Ref, file string, bad *Problems) {
	var v *ast.GenericVisitor
	v = ast.NewGenericVisitor(func(x any) bool {
		switch x := x.(type) {
		case *ast.Package, *ast.Comment:
			return true
		case *ast.With:
			bad.add(file, lineOf(x.Loc()), "with is for tests; write what the policy needs as arguments of a function")
		case *ast.Import:
			checkRef(x.Path.Value, lineOf(x.Loc()), true, own, file, bad)
			return true
		case *ast.Term:
			checkRef(x.Value, lineOf(x.Loc()), false, own, file, bad)
			if ref, ok := x.Value.(ast.Ref); ok {
				for _, part := range ref[1:] {
					v.Walk(part)
				}
				return true
			}
		}
		return false
	})
	v.Walk(m)
}

func checkRef(v ast.Value, line int, imported bool, own ast.Ref, file string, bad *Problems) {
	var ref ast.Ref
	switch v := v.(type) {
	case ast.Ref:
		ref = v
	case ast.Var:
		ref = ast.Ref{ast.NewTerm(v)}
	}
	if len(ref) == 0 {
		return
	}
	text := func(i int) string {
		if i < len(ref) {
			if s, ok := ref[i].Value.(ast.String); ok {
				return string(s)
			}
		}
		return ""
	}
	switch {
	case ref[0].Equal(ast.InputRootDocument):
		if own == nil {
			bad.add(file, line, "a library may not read the input; take the value as an argument")
		}
	case !ref[0].Equal(ast.DefaultRootDocument):
	case text(1) == "lib" && text(2) != "":
	case text(1) == "params" && text(2) != "" && own != nil:
	case text(1) == "params" && own == nil:
		bad.add(file, line, "a library may not read parameters; take the value as an argument")
	case text(1) == "params" && !imported:
		bad.add(file, line, "name the parameter: data.params.NAME")
	case own != nil && ref.HasPrefix(own):
	case imported && len(ref) == 1:
		bad.add(file, line, "import data is too wide; import data.lib.NAME")
	default:
		bad.add(file, line, "%s is not for policies; a policy sees data.lib, data.params and its own rules", ref)
	}
}

// checkRules reports rules whose form is not a policy's.
func checkRules(m *ast.Module, p *policyFile) {
	for _, r := range m.Rules {
		name := r.Head.Ref()[0].String()
		line := r.Head.Location.Row
		switch {
		case name == "violations":
			if p.Line == 0 {
				p.Line = line
			}
			if r.Head.RuleKind() != ast.MultiValue || len(r.Head.Ref()) != 1 || len(r.Head.Args) > 0 || r.Default {
				p.bad.add(p.file, line, "violations must be a set of messages; write: violations contains \"message\" if …")
			}
		case name == "applies":
			if r.Head.RuleKind() != ast.SingleValue || len(r.Head.Ref()) != 1 || len(r.Head.Args) > 0 {
				p.bad.add(p.file, line, "applies must be true or undefined; write: applies if …")
			}
		case name == "unknowns":
			p.bad.add(p.file, line, "unknowns is not for policies: it is worked out from what the policy reads; remove the rule")
		case strings.HasPrefix(name, "test_"):
			p.bad.add(p.file, line, "tests are in NAME_test.rego; move %s there", name)
		}
	}
	if p.Line == 0 {
		p.bad.add(p.file, m.Package.Location.Row, "there is no violations rule; write: violations contains \"message\" if …")
	}
}

// checkTypes reports violations that are not strings and an applies that is
// not boolean.
func (p *policyFile) checkTypes(c *ast.Compiler, m *ast.Module) {
	set, _ := c.TypeEnv.GetByRef(p.ref().Append(ast.StringTerm("violations"))).(*types.Set)
	if set == nil || !couldBe(set.Of(), types.S) {
		p.bad.add(p.file, p.Line, "the members of violations are not strings; make each a sentence, with sprintf where it needs values")
	}
	for _, r := range m.Rules {
		if r.Head.Ref()[0].String() != "applies" {
			continue
		}
		if !couldBe(c.TypeEnv.GetByRef(p.ref().Append(ast.StringTerm("applies"))), types.B) {
			p.bad.add(p.file, r.Head.Location.Row, "applies is not boolean; write: applies if …")
			return
		}
	}
}

// couldBe says whether a value of type t is always, or as far as is known, of
// type want.
func couldBe(t types.Type, want types.Type) bool {
	if any, ok := t.(types.Any); ok {
		return !slices.ContainsFunc(any, func(o types.Type) bool { return types.Compare(o, want) != 0 })
	}
	return t != nil && types.Compare(t, want) == 0
}

// checkData reports parameters that are not declared and library rules that do
// not exist. OPA takes both for undefined.
func (p *policyFile) checkData(c *ast.Compiler, m *ast.Module) {
	ast.WalkTerms(m, func(t *ast.Term) bool {
		ref, ok := t.Value.(ast.Ref)
		if !ok || len(ref) < 3 || !ref[0].Equal(ast.DefaultRootDocument) {
			return false
		}
		name, _ := ref[2].Value.(ast.String)
		switch {
		case ref[1].Equal(ast.StringTerm("params")):
			if _, declared := p.Params[string(name)]; !declared {
				p.bad.add(p.file, lineOf(t.Location), "parameter %q is not declared%s; add it to custom.params of the metadata", string(name), didYouMean(string(name), keysOf(p.Params)))
			}
		case !ref[1].Equal(ast.StringTerm("lib")) && !ref.HasPrefix(p.ref()): // told by checkRefs
		case len(c.GetRules(ref.ConstantPrefix())) == 0:
			p.bad.add(p.file, lineOf(t.Location), "there is no rule %s; check its spelling", ref)
		}
		return false
	})
}
