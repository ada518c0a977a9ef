package rego

import (
	"regexp"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
)

var notSealed = regexp.MustCompile(`^undefined function ([a-z0-9_.]+)$`)

// explain says what an error of OPA's means to a policy's author.
func explain(e *ast.Error, facts *schema) string {
	if d, ok := e.Details.(*ast.RefErrInvalidDetail); ok && d.Pos > 0 {
		return explainRef(d)
	}
	if d, ok := e.Details.(*ast.RefErrUnsupportedDetail); ok {
		return d.Ref[:d.Pos+1].String() + " has no fields: the schema says that it is a " + d.Have.String()
	}
	if m := notSealed.FindStringSubmatch(e.Message); m != nil {
		for _, b := range ast.CapabilitiesForThisVersion().Builtins {
			if b.Name == m[1] {
				return m[1] + " is not for policies: its answer does not depend on the evidence alone; judge facts instead"
			}
		}
		return "there is no function " + m[1] + didYouMean(m[1], builtinNames())
	}
	if strings.Contains(e.Message, "unsafe") && strings.HasPrefix(e.Message, "var ") {
		return e.Message + ": it is used and never given a value; check its spelling or declare it"
	}
	return e.Message
}

func explainRef(d *ast.RefErrInvalidDetail) string {
	word, ok := d.Ref[d.Pos].Value.(ast.String)
	if !ok {
		return "undefined ref: " + d.Ref.String()
	}
	words := make([]string, 0, len(d.OneOf))
	for _, v := range d.OneOf {
		if s, ok := v.(ast.String); ok {
			words = append(words, string(s))
		}
	}
	text := d.Ref[:d.Pos].String() + " has no " + string(word) + didYouMean(string(word), words)
	if len(words) > 0 {
		text += "; it has " + strings.Replace(oneOf(words), " or ", " and ", 1)
	}
	return text
}

func builtinNames() []string {
	var out []string
	for _, b := range capabilities().Builtins {
		out = append(out, b.Name)
	}
	return out
}
