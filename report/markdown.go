package report

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/sealaudit/sealaudit/rego"
)

const (
	// summaryLimit is how many bytes the report has at most. GitHub drops the
	// summary of a step above 1 MiB (Workflow commands, "Adding a job summary").
	summaryLimit = 900_000
	// shownFailures and shownReasons bound what is listed; the rest is counted.
	shownFailures = 50
	shownReasons  = 25
)

// writeMarkdown writes a summary for people who look at a job: GitHub
// flavoured Markdown below GitHub's limit for a job's summary. It shows the
// worst failures and says how many it does not show. Text of the account
// stands in code spans, where nothing is markup, link or mention.
func writeMarkdown(w io.Writer, d Data, _ Options) error {
	counted, err := tallyFindings(d)
	if err != nil {
		return err
	}
	failures, err := worstFailures(d)
	if err != nil {
		return err
	}
	reasons, err := obstacles(d)
	if err != nil {
		return err
	}
	m := &markdown{left: summaryLimit - 1000} // what closing needs
	m.heading(d, counted)
	m.severities(counted)
	m.failures(d, counted, failures)
	m.changes(d.Changes)
	m.unknown(counted, reasons)
	m.waivers(d.Summary.Waivers)
	m.coverage(d)
	m.closing(d)
	_, err = io.WriteString(w, m.text.String())
	return err
}

// worstFailures are the first failures of each severity, the severest first.
func worstFailures(d Data) ([]rego.Finding, error) {
	var bySeverity [len(severities)][]rego.Finding
	for f, err := range d.checked() {
		if err != nil {
			return nil, err
		}
		if i := slices.Index(severities[:], f.Severity); f.Status == rego.Fail && len(bySeverity[i]) < shownFailures {
			f.Evidence = nil // not shown here
			bySeverity[i] = append(bySeverity[i], f)
		}
	}
	all := slices.Concat(bySeverity[:]...)
	return all[:min(len(all), shownFailures)], nil
}

// markdown collects the report, which is small.
type markdown struct {
	text    strings.Builder
	left    int // bytes that may still be written
	dropped int // lines that did not fit
}

// line writes a line, or counts it when it would make the report too large.
func (m *markdown) line(format string, args ...any) {
	line := fmt.Sprintf(format, args...) + "\n"
	if len(line) > m.left {
		m.dropped++
		return
	}
	m.left -= len(line)
	m.text.WriteString(line)
}

func (m *markdown) heading(d Data, n tally) {
	if d.Manifest.Demo {
		m.line("> **" + DemoNotice + "**\n")
	}
	if n.all.total() == 0 {
		m.line("# sealaudit: nothing was judged\n\nNo policy met a resource. That is not a pass.\n")
	} else {
		m.line("# sealaudit: %s, %d unknown\n", plural(n.all.of(rego.Fail), "failure"), n.all.of(rego.Undecided))
	}
	x := d.Manifest
	if x.Interrupted != "" {
		m.line("**Interrupted:** %s. What was not read by then is unknown.\n", shortSpan(x.Interrupted))
	}
	m.line("- Account: %s", shortSpan(strings.Join(x.Accounts, ", ")))
	m.line("- Regions: %s", shortSpan(strings.Join(x.Regions, ", ")))
	m.line("- Read by: %s", shortSpan(x.Caller))
	m.line("- Time: %s to %s", clock(x.Started), clock(x.Ended))
	m.line("- Judged: %s", shortSpan(d.Judged.String()))
	if x.Endpoint != "" {
		m.line("- Endpoint: %s", shortSpan(x.Endpoint))
	}
	if x.FIPS {
		m.line("- FIPS: endpoints asked for")
	}
	m.line("")
}

func (m *markdown) severities(n tally) {
	m.line("| Severity | Fail | Unknown | Waived | Attested | Pass | N/A |\n|---|--:|--:|--:|--:|--:|--:|")
	row := func(name string, c counts) {
		cells := name
		for _, v := range c {
			cells += fmt.Sprintf(" | %d", v)
		}
		m.line("| %s |", cells)
	}
	for _, s := range severities {
		if c := n.severity(s); c.total() > 0 {
			row(string(s), c)
		}
	}
	row("**all**", n.all)
	m.line("")
}

func (m *markdown) failures(d Data, n tally, shown []rego.Finding) {
	if n.all.of(rego.Fail) == 0 {
		return
	}
	policies := d.policiesByID()
	m.line("## Failures\n")
	listed := map[rego.Severity]int{}
	for _, f := range shown {
		p := policies[f.Policy]
		m.line("- **%s** %s (%s): %s in %s. Observed: %s", f.Severity, markdownText(cmp.Or(p.Title, p.ID), 300), shortSpan(f.Policy),
			shortSpan(cmp.Or(f.Resource.Name, f.Resource.ARN)), shortSpan(cmp.Or(f.Resource.Account, "unknown account")+", "+cmp.Or(f.Resource.Region, "global")),
			shortSpan(cmp.Or(observed(f), "the policy is violated")))
		listed[f.Severity]++
	}
	var more []string
	for _, s := range severities {
		if hidden := n.severity(s).of(rego.Fail) - listed[s]; hidden > 0 {
			more = append(more, fmt.Sprintf("%d %s", hidden, s))
		}
	}
	if len(more) > 0 {
		m.line("\n**Not listed here: %s more** (%s). The JSON and CSV reports have them all.", plural(n.all.of(rego.Fail)-len(shown), "failure"), strings.Join(more, ", "))
	}
	m.line("")
}

func (m *markdown) unknown(n tally, reasons []*obstructed) {
	if n.all.of(rego.Undecided) == 0 {
		return
	}
	m.line("## Unknown\n\n%s could not be decided. They count neither as pass nor as fail. One with several reasons counts in each.\n", plural(n.all.of(rego.Undecided), "finding"))
	for i, r := range reasons {
		if i == shownReasons {
			m.line("\n**Not listed here: %s.** The JSON report has them all.", plural(len(reasons)-i, "more reason"))
			break
		}
		todo := ""
		if len(r.remedies) > 0 {
			todo = " To do: " + shortSpan(strings.Join(r.remedies, " "))
		}
		m.line("- %s: %s, for example %s.%s", plural(r.findings, "finding"), shortSpan(strings.TrimSpace(string(r.reason)+" "+r.permission)), shortSpan(r.example), todo)
	}
	m.line("")
}

// closing may use what line may not, so that it is always there.
func (m *markdown) closing(d Data) {
	m.left = 1000
	if m.dropped > 0 {
		m.line("**%s did not fit below GitHub's limit and are left out.** The JSON report has everything.\n", plural(m.dropped, "line"))
	}
	m.line("%s. Evidence %s", shortSpan(d.Manifest.Tool), shortSpan(d.Evidence))
}
