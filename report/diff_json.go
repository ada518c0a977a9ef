package report

import (
	"io"

	"github.com/sealaudit/sealaudit/rego"
)

// WriteDiffJSON writes one document, a line a policy and a line a change:
//
//	{"notice": "Demo account, …", "format": "sealaudit-diff/1", "accounts": […], "older": […], "old": {…}, "new": {…},
//	 "summary": {KIND: {SEVERITY: N}}, "policies": […], "unseen": […], "changes": […]}
//
// The notice is of the embedded account only. Text is what the account said, unchanged. Lists are never null.
func WriteDiffJSON(w io.Writer, d Diff) error {
	j := &jsonWriter{out: w}
	j.text("{")
	if d.Demo {
		j.field("notice", DemoNotice, ",")
	}
	j.text("\n")
	j.field("format", DiffFormat, ",\n")
	j.field("accounts", list(d.Accounts), ",\n")
	j.field("older", list(d.Older), ",\n")
	j.field("old", d.Old, ",\n")
	j.field("new", d.New, ",\n")
	j.field("summary", d.summary(), ",\n")
	j.text(`"policies": [`)
	for i, p := range d.Policies {
		j.item(i, p)
	}
	j.text("\n],\n\"unseen\": [")
	for i, u := range d.Unseen {
		j.item(i, u)
	}
	j.text("\n],\n\"changes\": [")
	for i, c := range d.Changes {
		j.item(i, c)
	}
	j.text("\n]\n}\n")
	return j.err
}

// summary counts the changes; kinds and severities without any are not in it.
func (d Diff) summary() map[ChangeKind]map[rego.Severity]int {
	out := map[ChangeKind]map[rego.Severity]int{}
	for _, c := range d.Changes {
		if out[c.Kind] == nil {
			out[c.Kind] = map[rego.Severity]int{}
		}
		out[c.Kind][c.Severity]++
	}
	return out
}
