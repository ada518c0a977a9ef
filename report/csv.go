package report

import (
	"encoding/csv"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/sealaudit/sealaudit/collectors"
	"github.com/sealaudit/sealaudit/rego"
)

// csvColumns never change their place; a new one comes last.
var csvColumns = []string{"finding", "policy", "control", "severity", "status", "account", "region", "type", "name", "arn", "title",
	"observed", "remedy", "requirements", "waiver_owner", "waiver_reason", "waiver_ticket", "waiver_expires", "read_at", "scan_ended", "demo", "evidence"}

// cellLimit is how many characters of a cell are written: a spreadsheet takes
// 32,767, which the escapes must not pass.
const cellLimit = 30000

// writeCSV writes a row a finding, every one of them, under a row of column
// names: RFC 4180 with CRLF, UTF-8, times in UTC. Lists within a cell are
// separated by "; ". The embedded account has a last column more, which is
// empty and whose name says that it is the demo.
func writeCSV(w io.Writer, d Data, _ Options) error {
	policies := d.policiesByID()
	out := csv.NewWriter(w)
	out.UseCRLF = true
	columns, last := csvColumns, []string(nil)
	demo := "false"
	if d.Manifest.Demo {
		demo, columns, last = "true", append(slices.Clone(csvColumns), DemoNotice), []string{""}
	}
	if err := out.Write(columns); err != nil {
		return err
	}
	for f, err := range d.checked() {
		if err != nil {
			return err
		}
		r, p := f.Resource, policies[f.Policy]
		var waiver rego.Waiver
		if f.Waiver != nil {
			waiver = *f.Waiver
		}
		row := []string{f.ID, f.Policy, p.Control, string(f.Severity), string(f.Status), r.Account, r.Region, r.Type, r.Name, r.ARN, p.Title,
			observed(f), strings.Join(remedies(f, p), "; "), strings.Join(requirements(p), "; "),
			waiver.Owner, waiver.Reason, waiver.Ticket, waiver.Expires,
			readAt(f, d.Manifest).Format(time.RFC3339), d.Manifest.Ended.UTC().Format(time.RFC3339), demo, d.Evidence}
		for i, cell := range row {
			row[i] = csvCell(cell)
		}
		if err := out.Write(append(row, last...)); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

// csvCell makes text inert in a spreadsheet, which takes a cell that begins
// with one of these characters for a formula (OWASP, "CSV injection"). An
// apostrophe before it makes it text. A semicolon ends a cell where a comma
// is the decimal sign, so what follows one is treated alike.
func csvCell(s string) string {
	s = clip(printable(s), cellLimit)
	if !strings.ContainsAny(s, "=+-@＝＋－＠") {
		return s
	}
	var b strings.Builder
	begins := true
	for _, r := range s {
		if begins && strings.ContainsRune("=+-@＝＋－＠", r) {
			b.WriteByte('\'')
		}
		b.WriteRune(r)
		begins = r == ';' || begins && (r == ' ' || r == '"')
	}
	return b.String()
}

func (d Data) policiesByID() map[string]rego.Policy {
	out := map[string]rego.Policy{}
	for _, p := range d.Policies {
		out[p.ID] = p
	}
	return out
}

// remedies are what ends a finding: for an unknown what would decide it, for
// a failure, waived or not, the policy's remediation.
func remedies(f rego.Finding, p rego.Policy) []string {
	var out []string
	switch f.Status {
	case rego.Undecided:
		for _, u := range f.Unknowns {
			if u.Remedy != "" && !slices.Contains(out, u.Remedy) {
				out = append(out, u.Remedy)
			}
		}
	case rego.Fail, rego.Waived:
		if p.Remediation != "" {
			out = append(out, p.Remediation)
		}
	}
	return out
}

// requirements are what a policy relates to, as "nist-800-53-r5 SC-28".
func requirements(p rego.Policy) []string {
	var out []string
	for _, framework := range sortedKeys(p.Frameworks) {
		for _, id := range p.Frameworks[framework] {
			out = append(out, framework+" "+id)
		}
	}
	return out
}

// readAt is when the last reply that a finding rests on arrived, in UTC; the
// scan's end for one that rests on none.
func readAt(f rego.Finding, m collectors.Manifest) time.Time {
	var at time.Time
	for _, call := range f.Evidence {
		if call.Time.After(at) {
			at = call.Time
		}
	}
	if at.IsZero() {
		at = m.Ended
	}
	return at.UTC()
}
