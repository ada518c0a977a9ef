package iac

import (
	"bytes"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclparse"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
)

// module is a directory with Terraform files.
type module struct {
	resources map[string]*resource // by "type.name"; nil where it is declared twice
	calls     map[string]*call     // by name; nil where it is declared twice
}

type resource struct {
	Block
	kind kind
	name string // where it is written out
}

// call is a module block.
type call struct {
	Block
	dir string // of the module, where its source is a path
}

func (t *tree) terraform(path string, src []byte) error {
	return t.hcl(path, src, (*hclparse.Parser).ParseHCL)
}

func (t *tree) terraformJSON(path string, src []byte) error {
	return t.hcl(path, src, (*hclparse.Parser).ParseJSON)
}

func (t *tree) hcl(path string, src []byte, parse func(*hclparse.Parser, []byte, string) (*hcl.File, hcl.Diagnostics)) error {
	if nested(src) {
		return errors.New("it is nested deeper than any code")
	}
	file, diags := parse(hclparse.NewParser(), src, path)
	if file == nil || file.Body == nil {
		return errors.New(shortly(diags))
	}
	// What other blocks there are, and what is wrong in them, is not asked.
	content, _, _ := file.Body.PartialContent(&hcl.BodySchema{Blocks: []hcl.BlockHeaderSchema{
		{Type: "resource", LabelNames: []string{"type", "name"}}, {Type: "module", LabelNames: []string{"name"}}}})
	m := t.modules[filepath.Dir(path)]
	if m == nil {
		m = &module{resources: map[string]*resource{}, calls: map[string]*call{}}
		t.modules[filepath.Dir(path)] = m
	}
	known := terraformKinds()
	for _, b := range content.Blocks {
		if b.Type == "module" {
			m.addCall(path, src, b)
		} else if k, ok := known[b.Labels[0]]; ok {
			m.addResource(path, src, b, k)
		}
	}
	if diags.HasErrors() {
		t.notices = append(t.notices, path+" is read in part: "+shortly(diags))
	}
	return nil
}

// shortly is the first error, without the path that is named already.
func shortly(diags hcl.Diagnostics) string {
	for _, d := range diags {
		if d.Severity == hcl.DiagError && d.Subject != nil {
			return fmt.Sprintf("line %d: %s; %s", d.Subject.Start.Line, d.Summary, d.Detail)
		}
	}
	return diags.Error()
}

func (m *module) addResource(path string, src []byte, b *hcl.Block, k kind) {
	address := b.Labels[0] + "." + b.Labels[1]
	if _, twice := m.resources[address]; twice {
		m.resources[address] = nil
		return
	}
	m.resources[address] = &resource{head(path, src, b.DefRange, address), k, text(b.Body, k.attribute)}
}

func (m *module) addCall(path string, src []byte, b *hcl.Block) {
	name := b.Labels[0]
	if _, twice := m.calls[name]; twice {
		m.calls[name] = nil
		return
	}
	c := &call{Block: head(path, src, b.DefRange, "module."+name)}
	if source := text(b.Body, "source"); strings.HasPrefix(source, "./") || strings.HasPrefix(source, "../") {
		c.dir = filepath.Join(filepath.Dir(path), filepath.FromSlash(source))
	}
	m.calls[name] = c
}

// text is a string that is written out, not made of anything: expressions
// are not evaluated.
func text(body hcl.Body, attribute string) string {
	if attribute == "" {
		return ""
	}
	content, _, _ := body.PartialContent(&hcl.BodySchema{Attributes: []hcl.AttributeSchema{{Name: attribute}}})
	a := content.Attributes[attribute]
	if a == nil {
		return ""
	}
	switch e := a.Expr.(type) {
	case *hclsyntax.TemplateExpr:
		if !e.IsStringLiteral() {
			return ""
		}
	case hclsyntax.Expression:
		return ""
	}
	// Without a context, JSON syntax takes a string as it is.
	v, diags := a.Expr.Value(nil)
	if diags.HasErrors() || v.Type() != cty.String || !v.IsKnown() || v.IsNull() {
		return ""
	}
	return v.AsString()
}

// head is the first line of a range. HCL counts columns in graphemes, SARIF
// in UTF-16 code units.
func head(path string, src []byte, r hcl.Range, address string) Block {
	b := Block{File: path, Line: max(1, r.Start.Line), Column: 1, End: 2, Address: address}
	if r.Start.Byte < 0 || r.End.Byte > len(src) || r.Start.Byte > r.End.Byte {
		return b
	}
	line := src[bytes.LastIndexByte(src[:r.Start.Byte], '\n')+1:]
	def, _, _ := bytes.Cut(src[r.Start.Byte:r.End.Byte], []byte("\n"))
	b.Column = 1 + units(line[:len(line)-len(src[r.Start.Byte:])])
	b.End = b.Column + max(1, units(def))
	return b
}

// units is the length of a text in UTF-16 code units.
func units(text []byte) int {
	n := 0
	for len(text) > 0 {
		r, size := utf8.DecodeRune(text)
		n += max(1, utf16.RuneLen(r))
		text = text[size:]
	}
	return n
}
