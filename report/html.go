package report

import (
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"html/template"
	"io"
)

//go:embed html
var htmlFiles embed.FS

// writeHTML writes one file that needs nothing else: no request leaves it,
// and its content security policy allows only its own style and script, by
// their hashes. Everything that matters can be read without the script, which
// adds the filter and the rows beyond staticRows.
func writeHTML(w io.Writer, d Data, _ Options) error {
	style, err := htmlFiles.ReadFile("html/report.css")
	if err != nil {
		return err
	}
	script, err := htmlFiles.ReadFile("html/report.js")
	if err != nil {
		return err
	}
	pages, err := template.New("").Funcs(template.FuncMap{"matrix": newMatrix, "tallies": tallies, "thousands": thousands}).ParseFS(htmlFiles, "html/*.tmpl")
	if err != nil {
		return err
	}
	p, data, err := newPage(d)
	if err != nil {
		return err
	}
	p.CSP = "default-src 'none'; img-src data:; style-src '" + cspHash(style) + "'; script-src '" + cspHash(script) + "'; base-uri 'none'; form-action 'none'"
	p.Style = template.HTML("<style>" + string(style) + "</style>")
	p.Script = template.HTML("<script>" + string(script) + "</script>")
	if err := pages.ExecuteTemplate(w, "top", p); err != nil {
		return err
	}
	if err := writeRows(w, data); err != nil {
		return err
	}
	return pages.ExecuteTemplate(w, "bottom", p)
}

// cspHash is the source expression that allows exactly this text (CSP 3 §2.3.1).
func cspHash(text []byte) string {
	sum := sha256.Sum256(text)
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}

// writeRows writes the page's data, a line a row. encoding/json escapes <, >
// and &, so no text in it can end the element.
func writeRows(w io.Writer, r *rows) error {
	j := &jsonWriter{out: w}
	j.text("<script type=\"application/json\" id=\"data\">\n{")
	j.field("policies", r.Policies, ",\n")
	j.field("types", r.Types, ",\n")
	j.field("places", r.Places, ",\n")
	j.field("prefixes", r.Prefixes, ",\n")
	j.field("texts", r.Texts, ",\n")
	j.field("words", r.Words, ",\n")
	lines(j, "resources", r.Resources)
	j.text(",\n")
	lines(j, "calls", r.Calls)
	j.text(",\n")
	lines(j, "findings", r.Findings)
	j.text("}\n</script>\n")
	return j.err
}

func lines[T any](j *jsonWriter, name string, list []T) {
	j.text(`"` + name + `": [`)
	for i, v := range list {
		j.item(i, v)
	}
	j.text("]")
}
