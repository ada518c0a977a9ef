package rego

import (
	"bytes"
	"errors"
	"maps"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
)

// maxCompileErrors bounds how many errors OPA reports for one file.
const maxCompileErrors = 100

func parse(file string, text []byte, bad *Problems) *ast.Module {
	m, err := ast.ParseModuleWithOpts(file, string(text), ast.ParserOptions{RegoVersion: ast.RegoV1, Capabilities: capabilities()})
	var many ast.Errors
	switch {
	case errors.As(err, &many):
		for _, e := range many {
			bad.add(file, lineOf(e.Location), "%s", explain(e, nil))
		}
	case err != nil && len(bytes.TrimSpace(text)) > 0:
		bad.add(file, 0, "it can't be read as Rego: %v", err)
	case m == nil:
		bad.add(file, 0, "the file is empty; write a policy into it or remove it")
	}
	return m
}

func lineOf(at *ast.Location) int {
	if at == nil {
		return 0
	}
	return at.Row
}

func (l *loader) addLib(file, name string, text []byte) {
	m := parse(file, text, &l.bad)
	if m == nil {
		return
	}
	if want := "lib." + name; m.Package.Path.String() != "data."+want {
		l.bad.add(file, m.Package.Location.Row, "the package is %s; by its path it must be %s", packageName(m), want)
	}
	l.libs[file] = m
}

func packageName(m *ast.Module) string { return strings.TrimPrefix(m.Package.Path.String(), "data.") }

// checkLibs compiles the library alone, so that a mistake in it is told once
// and not for every policy.
func (l *loader) checkLibs() {
	byPackage := map[string]string{}
	for _, file := range keysOf(l.libs) {
		m := l.libs[file]
		if before, twice := byPackage[packageName(m)]; twice {
			l.bad.add(file, 0, "the package %s is in %s too; rename one of them", packageName(m), before)
		}
		byPackage[packageName(m)] = file
		checkRefs(m, nil, file, &l.bad)
	}
	if len(l.bad) > 0 {
		return
	}
	c := newCompiler()
	if c.Compile(l.libs); c.Failed() {
		for _, e := range c.Errors {
			l.bad.add(e.Location.File, e.Location.Row, "%s", explain(e, nil))
		}
	}
}

func newCompiler() *ast.Compiler {
	return ast.NewCompiler().WithStrict(true).WithCapabilities(capabilities()).WithEnablePrintStatements(false).SetErrorLimit(maxCompileErrors)
}

// build turns a policy file into a policy, or into problems.
func (l *loader) build(p *policyFile) {
	m := parse(p.file, p.text, &p.bad)
	if m == nil {
		return
	}
	if want := strings.ReplaceAll("policies/"+p.ID, "/", "."); packageName(m) != want {
		p.bad.add(p.file, m.Package.Location.Row, "the package is %s; by its path it must be %s", packageName(m), want)
	}
	checkRules(m, p)
	p.formed = len(p.bad) == 0
	meta, b := readMetadata(m, p.file, &p.bad)
	checkRefs(m, p.ref(), p.file, &p.bad)
	if meta == nil {
		return
	}
	meta.check(b, &p.bad)
	p.checkFrameworks(l, meta.Custom.Frameworks, b)
	facts := l.schemas[meta.Custom.Resource]
	if facts == nil {
		l.noSchema(p, meta.Custom.Resource, b.lineOf("custom", "resource"))
	} else {
		l.checkJoins(p, meta.Custom.Related, facts, b)
	}
	if len(p.bad) > 0 && facts == nil {
		return
	}
	p.take(meta)
	l.compile(p, m, facts)
}

func (l *loader) noSchema(p *policyFile, resourceType string, line int) {
	if resourceType != "" {
		p.bad.add(p.file, line, "the resource type %s has no %s%s; name a type that a collector reads", resourceType, SchemaFile(resourceType), didYouMean(resourceType, keysOf(l.schemas)))
	}
}

func (l *loader) checkJoins(p *policyFile, joins map[string]joinSpec, facts *schema, b block) {
	for name, join := range joins {
		line := b.lineOf("custom", "related", name)
		if !varName.MatchString(name) {
			p.bad.add(p.file, line, "related %q is not a name of small letters, digits and _", name)
		}
		if l.schemas[join.Type] == nil {
			l.noSchema(p, join.Type, line)
		}
		at := parsePath(join.At)
		if len(at) < 2 || at[0] != "facts" || at.String() != join.At {
			p.bad.add(p.file, line, "related %s is at %q; give the path of an ARN in the facts, like facts.destination.bucket_arn", name, join.At)
			continue
		}
		if prop := facts.property(at[1:]); prop == nil || prop["type"] != "string" {
			p.bad.add(p.file, line, "related %s is at %s, and the facts of %s have no string there", name, join.At, facts.resourceType)
		}
	}
}

// take puts the metadata into the policy.
func (p *policyFile) take(m *metadata) {
	c := m.Custom
	p.Title, p.Description, p.Remediation = strings.TrimSpace(m.Title), strings.TrimSpace(m.Description), strings.TrimSpace(c.Remediation)
	p.Control, p.Severity, p.Resource, p.Profiles = c.Control, c.Severity, c.Resource, c.Profiles
	p.RelatedResources = m.RelatedResources
	p.Frameworks, p.Mappings = mappings(c.Frameworks)
	for name, spec := range c.Params {
		if p.Params == nil {
			p.Params = map[string]Param{}
		}
		p.Params[name], _ = spec.param()
	}
	for name, join := range c.Related {
		if p.Related == nil {
			p.Related = map[string]Join{}
		}
		p.Related[name] = Join(join)
	}
}

// compile compiles the policy with the library, and works out what it reads.
func (l *loader) compile(p *policyFile, m *ast.Module, facts *schema) {
	modules := map[string]*ast.Module{p.file: m}
	maps.Copy(modules, l.libs)
	c := newCompiler().WithSchemas(l.inputSchema(facts, p.Related))
	if c.Compile(modules); c.Failed() {
		for _, e := range c.Errors {
			if e.Code == ast.RecursionErr && len(p.bad) > 0 {
				continue // through data that it may not name
			}
			if e.Location != nil && e.Location.File == p.file {
				p.bad.add(p.file, e.Location.Row, "%s", explain(e, facts))
			} else if len(l.bad) == 0 {
				p.bad.add(p.file, 0, "it can't be compiled with the library: %v", e)
			}
		}
		return
	}
	compiled := c.Modules[p.file]
	if p.formed {
		p.checkTypes(c, compiled)
	}
	p.checkData(c, compiled)
	if len(p.bad) > 0 {
		return
	}
	p.code = &code{compiler: c}
	p.findReads()
}
