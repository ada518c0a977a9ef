package report

import (
	"encoding/json"
	"io"
	"time"

	"github.com/sealaudit/sealaudit/rego"
)

// JSONFormat names the shape of the JSON report. It changes when a reader of
// the old shape would misread the new one; new keys do not change it. The
// schema is testdata/report.schema.json.
const JSONFormat = "sealaudit-report/1"

// scan is the manifest without the coverage, which is a key of its own, and
// without the digests of the bundle's entries, which Evidence stands for.
type scan struct {
	Tool        string    `json:"tool"`
	Demo        bool      `json:"demo"`
	Caller      string    `json:"caller"`
	Accounts    []string  `json:"accounts"`
	Regions     []string  `json:"regions"`
	Services    []string  `json:"services"`
	Started     time.Time `json:"started"`
	Ended       time.Time `json:"ended"`
	SkewMS      int64     `json:"clock_skew_ms"`
	Endpoint    string    `json:"endpoint,omitempty"`
	FIPS        bool      `json:"fips"`
	Interrupted string    `json:"interrupted,omitempty"`
}

// verdictRow is one row of the summary's matrix; zero counts are written too.
type verdictRow struct {
	Service  string         `json:"service"`
	Severity rego.Severity  `json:"severity"`
	Counts   map[string]int `json:"counts"` // status to number of findings
}

// writeJSON writes one document, a line a policy and a line a finding:
//
//	{"format": "sealaudit-report/1", "evidence": "sha256:…", "manifest": {…}, "judged": {…},
//	 "coverage": […], "summary": {…}, "verdicts": […], "policies": […], "findings": […]}
//
// Text is what the account said, unchanged: encoding/json escapes what HTML
// would take for a tag. Lists are never null.
func writeJSON(w io.Writer, d Data, _ Options) error {
	counted, err := tallyFindings(d)
	if err != nil {
		return err
	}
	m := d.Manifest
	j := &jsonWriter{out: w}
	j.text("{")
	if m.Demo {
		j.field("notice", DemoNotice, ",")
	}
	j.text("\n")
	j.field("format", JSONFormat, ",\n")
	j.field("evidence", d.Evidence, ",\n")
	j.field("manifest", scan{m.Tool, m.Demo, m.Caller, list(m.Accounts), list(m.Regions), list(m.Services), m.Started.UTC(), m.Ended.UTC(),
		m.SkewMS, m.Endpoint, m.FIPS, m.Interrupted}, ",\n")
	j.field("judged", d.Judged, ",\n")
	j.field("coverage", list(m.Coverage), ",\n")
	j.field("summary", d.Summary, ",\n")
	j.field("verdicts", counted.rows(), ",\n")
	j.text(`"policies": [`)
	for i, p := range d.Policies {
		p.Profiles, p.RelatedResources, p.Reads = list(p.Profiles), list(p.RelatedResources), list(p.Reads)
		j.item(i, p)
	}
	j.text("\n],\n\"findings\": [")
	n := 0
	for f, err := range d.checked() {
		if err != nil {
			return err
		}
		if j.item(n, f); j.err != nil {
			return j.err
		}
		n++
	}
	j.text("\n]\n}\n")
	return j.err
}

// rows are the matrix by service and severity, without its empty rows.
func (n tally) rows() []verdictRow {
	out := []verdictRow{}
	for _, service := range n.services() {
		for _, severity := range severities {
			c := n.cells[cell{service, severity}]
			if c.total() == 0 {
				continue
			}
			row := verdictRow{service, severity, map[string]int{}}
			for i, s := range statuses {
				row.Counts[string(s)] = c[i]
			}
			out = append(out, row)
		}
	}
	return out
}

// list is v, or an empty list instead of nil, which JSON shows as null.
func list[T any](v []T) []T {
	if v == nil {
		return []T{}
	}
	return v
}

// jsonWriter writes a document piece by piece and keeps the first error.
type jsonWriter struct {
	out io.Writer
	err error
}

func (j *jsonWriter) text(s string) {
	if j.err == nil {
		_, j.err = io.WriteString(j.out, s)
	}
}

func (j *jsonWriter) value(v any) {
	b, err := json.Marshal(v)
	if j.err == nil {
		j.err = err
	}
	j.text(string(VisibleJSON(b)))
}

func (j *jsonWriter) field(name string, v any, end string) {
	j.text(`"` + name + `": `)
	j.value(v)
	j.text(end)
}

// item writes the i-th element of a list on a line of its own.
func (j *jsonWriter) item(i int, v any) {
	if i > 0 {
		j.text(",")
	}
	j.text("\n")
	j.value(v)
}
