package report

import (
	"strconv"
	"strings"

	"github.com/sealaudit/sealaudit/collectors"
	"github.com/sealaudit/sealaudit/rego"
)

// summary draws the verdicts: a row a service, failures by severity, then the
// other statuses. Columns of zeros are left out where zero is the usual case.
// Where one table is too wide for the terminal it becomes two.
func (t *terminal) summary(n tally) {
	if n.all.total() == 0 {
		t.section("Nothing was judged: no policy met a resource. That is not a pass.")
		return
	}
	t.section("Verdicts (a severity's column counts its failures)")
	fails, others := t.failColumns(n), t.otherColumns(n)
	if _, total := gridWidth(n.matrix(append(fails[:len(fails):len(fails)], others...))); total <= t.width {
		t.table(n.matrix(append(fails, others...)))
		return
	}
	t.table(n.matrix(fails))
	t.table(n.matrix(others))
}

// verdict is a column of the summary: how to count one service in it.
type verdict struct {
	title string
	count func(service string) int
	paint paint
}

func (t *terminal) failColumns(n tally) []verdict {
	var out []verdict
	for _, s := range severities {
		if s == "info" && n.severity(s).of("fail") == 0 {
			continue
		}
		out = append(out, verdict{title(string(s)), func(service string) int { return n.cells[cell{service, s}].of("fail") }, severityPaint(s)})
	}
	return out
}

func (t *terminal) otherColumns(n tally) []verdict {
	paints := map[rego.Status]paint{"unknown": yellow, "pass": green}
	var out []verdict
	for i, s := range statuses {
		if s == "fail" || ((s == "waived" || s == "attested") && n.all.of(s) == 0) {
			continue
		}
		out = append(out, verdict{title(statusWords[i]), func(service string) int { return n.service(service).of(s) }, paints[s]})
	}
	return out
}

// title is a word as a column title: severities are failures.
func title(word string) string {
	if word == "n/a" {
		return "N/A"
	}
	return string(word[0]-'a'+'A') + word[1:]
}

// matrix is the summary's table with the given columns and a row of totals.
func (n tally) matrix(columns []verdict) ([]column, [][]text) {
	cols := []column{{title: "Service", short: true}}
	for _, c := range columns {
		cols = append(cols, column{title: c.title, right: true})
	}
	var rows [][]text
	totals := make([]int, len(columns))
	for _, service := range n.services() {
		row := plain(printable(service))
		for i, c := range columns {
			v := c.count(service)
			totals[i] += v
			row = append(row, number(v, c.paint))
		}
		rows = append(rows, row)
	}
	row := []text{{"total", bold}}
	for _, v := range totals {
		row = append(row, number(v, bold))
	}
	return cols, append(rows, row)
}

// number is a count; zero is a dot, so that the others stand out.
func number(n int, p paint) text {
	if n == 0 {
		return text{"·", dim}
	}
	return text{strconv.Itoa(n), p}
}

// coverage draws how much was read, by type, and names every listing that is
// incomplete.
func (t *terminal) coverage(lines []collectors.Coverage) {
	if len(lines) == 0 {
		t.section("Coverage: nothing was listed")
		return
	}
	t.section("Coverage (resources)")
	cols := []column{{title: "Type", short: true}, {title: "Listed", right: true}, {title: "Read", right: true},
		{title: "Partly", right: true}, {title: "Unread", right: true}, {title: "Listing"}}
	var rows [][]text
	for _, c := range coverageByType(lines) {
		listing := text{"complete", noPaint}
		if c.Gap != nil {
			listing = text{"incomplete", yellow}
		}
		rows = append(rows, append(plain(printable(c.Type)), text{strconv.Itoa(c.Listed), noPaint}, number(c.Read, noPaint),
			number(c.Partly, yellow), number(c.Unread, yellow), listing))
	}
	t.table(cols, rows)
	for _, resourceType := range sortedKeys(notOffered(lines)) {
		t.line(dim, "AWS does not offer %s in %s: endpoints there have no address.", printable(resourceType), printable(strings.Join(notOffered(lines)[resourceType], ", ")))
	}
	gaps := incompleteListings(lines)
	for i, c := range gaps {
		if i == shownPerSeverity {
			t.line(yellow, "… and %d more incomplete listings: write -o json=report.json", len(gaps)-i)
			break
		}
		t.line(yellow, "Incomplete: %s in %s (%s). %s %s", printable(c.Type), place(c.Scope.Account, c.Scope.Region), c.Gap.Reason,
			shorten(printable(c.Gap.Detail), 300), shorten(printable(c.Gap.Remedy), 300))
	}
}
