package report

import (
	"cmp"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/sealaudit/sealaudit/collectors"
	"github.com/sealaudit/sealaudit/rego"
)

// shownPerSeverity is how many failures the table lists of each severity; the
// others are counted, policy by policy.
const shownPerSeverity = 50

// paint is an ANSI colour: the parameters of an SGR sequence.
type paint string

const (
	noPaint paint = ""
	bold    paint = "1"
	dim     paint = "2"
	red     paint = "31"
	green   paint = "32"
	yellow  paint = "33"
)

// severityPaint is bold and red for what can't wait, none for the rest.
func severityPaint(s rego.Severity) paint {
	switch s {
	case "critical":
		return "1;31"
	case "high":
		return red
	case "medium":
		return yellow
	}
	return noPaint
}

// terminal draws the table format.
type terminal struct {
	out   io.Writer
	width int
	color bool
	err   error
}

// writeTable is for people: the summary, what fails, what is unknown and what
// to do about it. It lists a bounded number of failures and says how many
// more there are.
func writeTable(w io.Writer, d Data, o Options) error {
	counted, err := tallyFindings(d)
	if err != nil {
		return err
	}
	t := &terminal{out: w, width: min(max(cmp.Or(o.Width, 80), 60), 140), color: o.Color}
	t.heading(d.Manifest)
	t.field("Judged", d.Judged.String())
	t.summary(counted)
	t.coverage(d.Manifest.Coverage)
	if err := t.failures(d, counted); err != nil {
		return err
	}
	if err := t.unknowns(d, counted); err != nil {
		return err
	}
	if err := t.waived(d, counted); err != nil {
		return err
	}
	t.closing(d, counted)
	return t.err
}

// line prints one line, wrapped at words when it is too long.
func (t *terminal) line(p paint, format string, args ...any) {
	for _, l := range wrap(fmt.Sprintf(format, args...), t.width) {
		t.raw(t.paint(p, l))
	}
}

// indented prints what belongs to the line before it.
func (t *terminal) indented(s string) {
	for _, l := range wrap(s, t.width-2) {
		t.raw("  " + l)
	}
}

func (t *terminal) raw(line string) {
	if _, err := io.WriteString(t.out, line+"\n"); t.err == nil {
		t.err = err
	}
}

func (t *terminal) paint(p paint, s string) string {
	if !t.color || p == noPaint || s == "" {
		return s
	}
	return "\x1b[" + string(p) + "m" + s + "\x1b[0m"
}

func (t *terminal) section(title string) {
	t.raw("")
	t.line(bold, "%s", title)
}

// table draws a grid and keeps its error for the end.
func (t *terminal) table(cols []column, rows [][]text) {
	if err := t.grid(cols, rows); t.err == nil {
		t.err = err
	}
}

func (t *terminal) heading(m collectors.Manifest) {
	if m.Demo {
		t.line(yellow, DemoNotice)
		t.raw("")
	}
	t.field("Account", strings.Join(m.Accounts, ", "))
	t.field("Regions", strings.Join(m.Regions, ", "))
	t.field("Read by", m.Caller)
	t.field("Time", clock(m.Started)+" to "+clock(m.Ended))
	t.field("Tool", m.Tool)
	if m.Endpoint != "" {
		t.field("Endpoint", m.Endpoint)
	}
	if m.FIPS {
		t.field("FIPS", "endpoints asked for")
	}
	if m.Interrupted != "" {
		t.line(red, "Interrupted: %s. What was not read by then is unknown.", printable(m.Interrupted))
	}
}

// field prints a name and its value, the value's further lines indented.
func (t *terminal) field(name, value string) {
	for i, l := range wrap(printable(cmp.Or(value, "-")), t.width-9) {
		if i > 0 {
			name = ""
		}
		t.raw(t.paint(dim, fmt.Sprintf("%-9s", name)) + l)
	}
}

// clock is a time as reports print it, to the second and in UTC.
func clock(at time.Time) string {
	return at.UTC().Format("2006-01-02 15:04:05") + " UTC"
}

func (t *terminal) closing(d Data, n tally) {
	var parts []string
	for i, word := range statusWords {
		parts = append(parts, fmt.Sprintf("%d %s", n.all[i], word))
	}
	t.raw("")
	t.line(bold, "%s: %s. Evidence %s", plural(n.all.total(), "finding"), strings.Join(parts, ", "), d.Evidence)
}
