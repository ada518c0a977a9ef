package rego

import (
	"bytes"
	"errors"
	"io"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/open-policy-agent/opa/v1/ast"
)

// metadata is the package's METADATA block.
type metadata struct {
	Title            string   `yaml:"title"`
	Description      string   `yaml:"description"`
	RelatedResources []string `yaml:"related_resources"`
	Custom           custom   `yaml:"custom"`
}

type custom struct {
	Control     string                   `yaml:"control"`
	Severity    Severity                 `yaml:"severity"`
	Resource    string                   `yaml:"resource"`
	Profiles    []string                 `yaml:"profiles"`
	Frameworks  map[string][]requirement `yaml:"frameworks"`
	Params      map[string]paramSpec     `yaml:"params"`
	Related     map[string]joinSpec      `yaml:"related"`
	Remediation string                   `yaml:"remediation"`
}

type requirement struct {
	ID       string `yaml:"id"`
	Source   string `yaml:"source"`
	Verified bool   `yaml:"verified"`
}

type paramSpec struct {
	Default     any    `yaml:"default"`
	Enum        []any  `yaml:"enum"`
	Description string `yaml:"description"`
}

type joinSpec struct {
	Type string `yaml:"type"`
	At   string `yaml:"at"`
}

// note is the METADATA block of a rule: words for the reader, nothing else.
type note struct {
	Title            string   `yaml:"title"`
	Description      string   `yaml:"description"`
	RelatedResources []string `yaml:"related_resources"`
}

// block is a METADATA comment: its YAML, the line of the file where that
// starts and the line after it.
type block struct {
	text       []byte
	start, end int
	file       string
}

// blocks are the module's METADATA comments, in order.
func blocks(m *ast.Module, file string) []block {
	var out []block
	comments := slices.Clone(m.Comments)
	slices.SortFunc(comments, func(a, b *ast.Comment) int { return a.Location.Row - b.Location.Row })
	for i := 0; i < len(comments); i++ {
		if strings.TrimSpace(string(comments[i].Text)) != "METADATA" {
			continue
		}
		b := block{start: comments[i].Location.Row + 1, end: comments[i].Location.Row + 1, file: file}
		for i+1 < len(comments) && comments[i+1].Location.Row == b.end && comments[i+1].Location.Col == 1 {
			i++
			b.text = append(append(b.text, bytes.TrimPrefix(comments[i].Text, []byte(" "))...), '\n')
			b.end++
		}
		out = append(out, b)
	}
	return out
}

var yamlLine = regexp.MustCompile(`^(?:yaml: )?line (\d+): (.*)$`)

// decode reads the block strictly into v and reports what does not fit.
func (b block) decode(v any, bad *Problems) bool {
	dec := yaml.NewDecoder(bytes.NewReader(b.text))
	dec.KnownFields(true)
	err := dec.Decode(v)
	if err == nil || errors.Is(err, io.EOF) {
		return true
	}
	lines := []string{err.Error()}
	var many *yaml.TypeError
	if errors.As(err, &many) {
		lines = many.Errors
	}
	for _, line := range lines {
		row, text := 1, line
		if m := yamlLine.FindStringSubmatch(line); m != nil {
			row, _ = strconv.Atoi(m[1])
			text = m[2]
		}
		bad.add(b.file, b.start+row-1, "%s", explainYAML(text))
	}
	return false
}

var (
	unknownField = regexp.MustCompile(`^field (\S+) not found in type rego\.(\w+)$`)
	fieldsOf     = map[string][]string{
		"metadata":    {"title", "description", "related_resources", "custom"},
		"custom":      {"control", "severity", "resource", "profiles", "frameworks", "params", "related", "remediation"},
		"requirement": {"id", "source", "verified"},
		"paramSpec":   {"default", "enum", "description"},
		"joinSpec":    {"type", "at"},
		"note":        {"title", "description", "related_resources"},
		"Framework":   {"title", "version", "url", "statement"},
	}
)

func explainYAML(text string) string {
	if m := unknownField.FindStringSubmatch(text); m != nil {
		return "unknown key " + strconv.Quote(m[1]) + didYouMean(m[1], fieldsOf[m[2]]) + "; use " + oneOf(fieldsOf[m[2]])
	}
	return "the metadata is not as it should be: " + text + "; see the package documentation of rego"
}

// lineOf is the line of the file with the key, at the deepest place that is
// there, so that a missing key is reported where it should be.
func (b block) lineOf(keys ...string) int {
	var root yaml.Node
	if yaml.Unmarshal(b.text, &root) != nil || len(root.Content) == 0 {
		return b.start
	}
	node, line := root.Content[0], b.start
	for _, key := range keys {
		if node.Kind != yaml.MappingNode {
			return line
		}
		at := slices.IndexFunc(node.Content, func(n *yaml.Node) bool { return n.Value == key })
		if at < 0 || at%2 != 0 {
			return line
		}
		line, node = b.start+node.Content[at].Line-1, node.Content[at+1]
	}
	return line
}

// readMetadata reads the METADATA blocks of a policy. It is nil when the
// package has none that can be read.
func readMetadata(m *ast.Module, file string, bad *Problems) (*metadata, block) {
	var meta *metadata
	var of block
	for _, b := range blocks(m, file) {
		if b.end != m.Package.Location.Row {
			b.decode(&note{}, bad)
			continue
		}
		of = b
		if into := new(metadata); b.decode(into, bad) {
			meta = into
		}
	}
	if of.start == 0 {
		bad.add(file, m.Package.Location.Row, "the policy has no metadata; put a # METADATA comment with title, description, related_resources and custom right above the package")
	}
	return meta, of
}

var (
	controlID = regexp.MustCompile(`^[A-Z][A-Z0-9]*-[0-9]{2,}$`)
	varName   = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)
)

// check reports what is missing in the metadata or has a value that it can't
// have.
func (m *metadata) check(b block, bad *Problems) {
	text := func(value string, keys ...string) {
		if strings.TrimSpace(value) == "" {
			bad.add(b.file, b.lineOf(keys...), "%s is missing; write it into the metadata", strings.Join(keys, "."))
		}
	}
	text(m.Title, "title")
	text(m.Description, "description")
	text(m.Custom.Remediation, "custom", "remediation")
	text(m.Custom.Resource, "custom", "resource")
	if len(m.RelatedResources) == 0 {
		bad.add(b.file, b.lineOf("related_resources"), "related_resources is missing; give the URL of at least one document that says why")
	}
	for _, link := range m.RelatedResources {
		if u, err := url.Parse(link); err != nil || u.Scheme != "https" || u.Host == "" {
			bad.add(b.file, b.lineOf("related_resources"), "related resource %q is not an https URL", link)
		}
	}
	c := m.Custom
	if !slices.Contains(Severities(), c.Severity) {
		bad.add(b.file, b.lineOf("custom", "severity"), "severity is %q; choose %s", string(c.Severity), oneOf(Severities()))
	}
	if c.Control != "" && !controlID.MatchString(c.Control) {
		bad.add(b.file, b.lineOf("custom", "control"), "control %q is not a catalogue id; write it like S3-08", c.Control)
	}
	if len(c.Profiles) == 0 {
		bad.add(b.file, b.lineOf("custom", "profiles"), "profiles is missing; choose at least one of %s", oneOf(Profiles()))
	}
	for _, name := range c.Profiles {
		if !slices.Contains(Profiles(), name) {
			bad.add(b.file, b.lineOf("custom", "profiles"), "unknown profile %q; choose %s", name, oneOf(Profiles()))
		}
	}
	for name, p := range c.Params {
		p.check(name, b, bad)
	}
}
