// Package report is what people see of a scan: a terminal table, JSON, SARIF,
// HTML and the other Formats, made from the same findings.
//
// It shows and never judges: no status, severity or order is decided here,
// and nothing is left out without a line that says so. It reads no account,
// no clock and no environment, so the same Data gives the same bytes.
// Everything that came from an account is hostile: see printable.
package report

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"

	"github.com/sealaudit/sealaudit/collectors"
	"github.com/sealaudit/sealaudit/rego"
	"github.com/sealaudit/sealaudit/report/iac"
)

// Data is what a report is made of.
type Data struct {
	Manifest collectors.Manifest
	// Evidence is the "sha256:…" digest of the bundle's manifest. Every
	// report prints it, so that a report can be held against its evidence.
	Evidence string
	Judged   Judged
	Policies []rego.Policy
	Summary  rego.Summary
	// Findings streams all findings in their stable order. Reports go through
	// them more than once, so every call starts again at the first.
	Findings func() iter.Seq2[rego.Finding, error]
	// Resources streams the evidence that was judged, by account, region, type
	// and ARN; facts are json.RawMessage. HTML shows proofs and keys from it,
	// the other formats ignore it; nil when there is none. Every call starts
	// again at the first.
	Resources func() iter.Seq2[collectors.Resource, error]
	// Changes is what became of the findings of earlier judgements, from Compare
	// with this one as the newest; nil when none was given. HTML and Markdown
	// show it, the other formats ignore it.
	Changes *Diff
	// Weaknesses are the ids that proofs name weaknesses by, and what they mean.
	Weaknesses map[string]string
}

// Judged is how the policies were chosen, and the parameters that users set.
// The others have the defaults that the policies state.
type Judged struct {
	Profiles []string                  `json:"profiles,omitempty"`
	Policies []string                  `json:"policies,omitempty"` // ids or patterns that were chosen, whatever their profile
	Excluded []string                  `json:"excluded,omitempty"` // ids or patterns that were left out
	Params   map[string]map[string]any `json:"params,omitempty"`   // by policy id, or "*", and name
}

// String says it in one line: "profiles baseline, cmk; without s3/*;
// kinesis/stream_encrypted.required_level = none".
func (j Judged) String() string {
	var parts []string
	for _, part := range []struct {
		word string
		list []string
	}{{"profiles ", j.Profiles}, {"policies ", j.Policies}, {"without ", j.Excluded}} {
		if len(part.list) > 0 {
			parts = append(parts, part.word+strings.Join(part.list, ", "))
		}
	}
	for _, policy := range sortedKeys(j.Params) {
		for _, name := range sortedKeys(j.Params[policy]) {
			value, err := json.Marshal(j.Params[policy][name])
			if err != nil {
				value = []byte("?") // it came from JSON
			}
			parts = append(parts, policy+"."+name+" = "+strings.Trim(string(value), `"`))
		}
	}
	if len(j.Params) == 0 {
		parts = append(parts, "default parameters")
	}
	return strings.Join(parts, "; ")
}

// DemoNotice is the first thing that a report of the embedded account says.
const DemoNotice = "Demo account, not yours: everything below is about an example."

// Options are choices of presentation. The zero value is a good default.
type Options struct {
	Color bool // ANSI colours, in the table only; NO_COLOR is the caller's to obey
	Width int  // columns of the terminal; 0 is 80, below 60 counts as 60
	// Root is the directory of the repository that SARIF locations are
	// relative to; "" means that none is known.
	Root          string
	SARIFLocation string // where an alert points: auto (default), policy or resource
	SARIFAnchor   string // file below Root that alerts without another place point to
	// IaC knows the blocks that declare resources, for SARIF locations; may be nil.
	IaC          *iac.Index
	SARIFProfile string // github (default) or full
	SARIFPartial bool   // github: runs of what was not read completely too
	SARIFRuns    string // one run per: auto (default), region or account
	// Warn takes what the reader of the file can't see in it, such as a
	// limit of GitHub's that made the report shorter. May be nil.
	Warn func(string)
}

// Format is a way to write a report.
type Format struct {
	Name        string // "json", as in -o json=FILE
	Extension   string // ".json"
	Description string // one phrase
	// Write writes all of the report or returns an error; then what was
	// written is no report and the caller drops it.
	Write func(io.Writer, Data, Options) error
}

// Formats are all formats, in the order that help shows them.
func Formats() []Format {
	return []Format{
		{"table", ".txt", "summary, failures and unknowns for a terminal", writeTable},
		{"json", ".json", "one document with everything (sealaudit-report/1)", writeJSON},
		{"sarif", ".sarif", "open failures for GitHub code scanning, or everything (SARIF 2.1.0)", writeSARIF},
		{"html", ".html", "one file for a browser, needs no network", writeHTML},
		{"oscal", ".oscal.json", "assessment results for compliance tools (NIST OSCAL 1.2.1)", writeOSCAL},
		{"ocsf", ".ocsf.ndjson", "Compliance Finding events, one a line (OCSF 1.6.0)", writeOCSF},
		{"asff", ".asff.json", "findings for AWS Security Hub (ASFF 2018-10-08)", writeASFF},
		{"junit", ".junit.xml", "test results for CI systems (JUnit XML)", writeJUnit},
		{"csv", ".csv", "every finding for a spreadsheet (RFC 4180)", writeCSV},
		{"markdown", ".md", "summary for a GitHub job, below its size limit", writeMarkdown},
		{"prometheus", ".prom", "counts and coverage as metrics (Prometheus text format)", writePrometheus},
	}
}

// Find is the format called name. Its error lists the choices.
func Find(name string) (Format, error) {
	var names []string
	for _, f := range Formats() {
		if f.Name == name {
			return f, nil
		}
		names = append(names, f.Name)
	}
	return Format{}, fmt.Errorf("unknown report format %q; choose one of %s", name, strings.Join(names, ", "))
}

// Check says what is wrong with options, before there is anything to report.
func Check(o Options) error {
	if err := checkSARIF(o); err != nil {
		return err
	}
	_, err := newLocator(Data{}, o)
	return err
}

// Write writes the report in the named format.
func Write(w io.Writer, format string, d Data, o Options) error {
	f, err := Find(format)
	if err != nil {
		return err
	}
	if d.Findings == nil {
		return errors.New("writing a report: there are no findings to report; judge the evidence first")
	}
	out := bufio.NewWriterSize(w, 1<<16)
	if err := f.Write(out, d, o); err != nil {
		return fmt.Errorf("writing the %s report: %w", f.Name, err)
	}
	if err := out.Flush(); err != nil {
		return fmt.Errorf("writing the %s report: %w; check the free space", f.Name, err)
	}
	return nil
}

func (o Options) warn(format string, args ...any) {
	if o.Warn != nil {
		o.Warn(fmt.Sprintf(format, args...))
	}
}
