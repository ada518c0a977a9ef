package report

import "slices"

// tile is a status and how many findings have it.
type tile struct {
	Word, Class, Help string
	Count             int
}

// slice is one part of a bar of 100 units.
type slice struct {
	Class    string
	X, Width string
}

type matrixRow struct {
	Name   string
	Counts []tile
	Bar    []slice
}

// summarise counts the findings by what people ask first.
func (p *page) summarise(n tally) {
	p.Tiles, p.Statuses = n.all.tiles(true), n.all.tiles(true)
	for _, s := range severities {
		p.Severities = append(p.Severities, newMatrixRow(string(s), n.severity(s)))
	}
	for _, s := range n.services() {
		p.Services = append(p.Services, newMatrixRow(printable(s), n.service(s)))
	}
	p.Charts = []chart{verdictChart("Verdicts by service", p.Services), verdictChart("Verdicts by severity", p.Severities), coverageChart(p.Types)}
}

// statusHelp says what a status means.
var statusHelp = [len(statuses)]string{"a policy is violated", "could not be decided", "accepted failure", "only AWS can know", "as the policy wants it", "policy does not apply"}

// tiles are the counts by status, with the zeros or without.
func (c counts) tiles(zeros bool) []tile {
	var out []tile
	for i, v := range c {
		if v > 0 || zeros {
			out = append(out, tile{statusWords[i], string(statuses[i]), statusHelp[i], v})
		}
	}
	return out
}

// matrix is a table of counts: a row a severity or service.
type matrix struct {
	Title, Head string
	Statuses    []tile
	Rows        []matrixRow
}

func newMatrix(title, head string, statuses []tile, rows []matrixRow) matrix {
	return matrix{title, head, statuses, rows}
}

// tallies count the findings of a resource for its chips.
func tallies(findings []findingView) []tile {
	var c counts
	for _, f := range findings {
		c[slices.Index(statusWords[:], f.Status)]++
	}
	return c.tiles(false)
}

func newMatrixRow(name string, c counts) matrixRow {
	return matrixRow{name, c.tiles(true), bar(c)}
}

// bar divides 100 units among the statuses.
func bar(c counts) []slice { return scaledBar(c, max(c.total(), 1)) }
