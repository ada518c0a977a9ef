package report

import (
	"cmp"
	"fmt"
	"html/template"
	"slices"
	"strconv"

	"github.com/sealaudit/sealaudit/collectors"
	"github.com/sealaudit/sealaudit/rego"
)

// page is what html/*.tmpl shows.
type page struct {
	CSP           string
	Style, Script template.HTML
	Title         string
	Demo          bool
	Interrupted   string
	Facts         []fact // who read what, when, with what
	Evidence      string
	Tiles         []tile
	Bar           []slice
	Statuses      []tile // heads of the matrices' columns
	Severities    []matrixRow
	Services      []matrixRow
	Coverage      []collectors.Coverage
	Types         []typeRow
	Gaps          []string // incomplete listings
	Unknown       int
	Obstacles     []obstacleRow
	Policies      []policyView
	Resources     []resourceView
	MoreResources int // with failures or unknowns, not among Resources
	Choices       []choice
	Limits        []string
	StaticNote    string
}

type fact struct{ Name, Value string }

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

// typeRow is a resource type's coverage in all accounts and regions.
type typeRow struct {
	collectors.Coverage
	Listings, Incomplete int
}

type obstacleRow struct {
	Reason, Permission string
	Findings           int
	Todo               []string
	Example            string
}

type policyView struct {
	Index      int
	Policy     rego.Policy
	Counts     []tile // other than zero
	Frameworks []fact
	Links      []link
	Rows       []findingView
	More       int // findings that Rows lacks
}

type link struct {
	Text string
	URL  bool
}

type resourceView struct {
	Name, ARN, Type, Place string
	Rows                   []findingView
	Calls                  []callView
	More                   int // findings and calls that are not shown
}

type findingView struct {
	Status, Class, Severity string
	Policy                  int // index
	PolicyID                string
	Resource, ARN, Place    string
	Texts                   []string
}

type callView struct {
	Operation, Region, Time, Status, RequestID, Digest string
}

// choice is a filter: its values with what people read for them.
type choice struct {
	ID, Label string
	Values    []fact
}

// newPage makes the page and its data.
func newPage(d Data) (*page, *rows, error) {
	n, err := tallyFindings(d)
	if err != nil {
		return nil, nil, err
	}
	policies := orderPolicies(d.Policies, n)
	index := map[string]int{}
	for i, p := range policies {
		index[p.ID] = i
	}
	data, err := collectRows(d, n, index)
	if err != nil {
		return nil, nil, err
	}
	for _, p := range policies {
		data.Policies = append(data.Policies, policyRow{printable(p.ID), printable(cmp.Or(p.Title, p.ID)), printable(p.Control)})
	}
	groups, err := obstacles(d)
	if err != nil {
		return nil, nil, err
	}
	p := newHeader(d.Manifest)
	p.Facts = append(p.Facts, fact{"Judged with", printable(d.Judged.String())})
	p.Evidence = d.Evidence
	p.Tiles, p.Statuses = n.all.tiles(true), n.all.tiles(true)
	p.Bar = bar(n.all)
	for _, s := range severities {
		p.Severities = append(p.Severities, newMatrixRow(string(s), n.severity(s)))
	}
	for _, s := range n.services() {
		p.Services = append(p.Services, newMatrixRow(printable(s), n.service(s)))
	}
	p.Unknown = n.all.of("unknown")
	for _, g := range groups {
		p.Obstacles = append(p.Obstacles, obstacleRow{printable(string(g.reason)), printable(g.permission), g.findings, g.todo(), g.example})
	}
	p.Policies = policyViews(policies, n, data)
	p.Resources, p.MoreResources = resourceViews(data)
	p.Choices = choices(n, data)
	p.Limits = limits(d, n, data)
	p.StaticNote = fmt.Sprintf("Without the script that this file carries, the page shows the first %d failures, unknowns and waivers (at most %d a policy) and the first %d resources with one, and no filter. The JSON report has every finding.",
		staticRows, staticPolicyRows, staticResources)
	return p, data, nil
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
		c[indexOf(statusWords[:], f.Status)]++
	}
	return c.tiles(false)
}

func newMatrixRow(name string, c counts) matrixRow {
	return matrixRow{name, c.tiles(true), bar(c)}
}

// bar divides 100 units among the statuses.
func bar(c counts) []slice {
	var out []slice
	x, total := 0.0, float64(max(c.total(), 1))
	for i, v := range c {
		if v > 0 {
			w := 100 * float64(v) / total
			out = append(out, slice{string(statuses[i]), strconv.FormatFloat(x, 'f', 2, 64), strconv.FormatFloat(w, 'f', 2, 64)})
			x += w
		}
	}
	return out
}

// orderPolicies puts the failing first, by severity, then the unknown.
func orderPolicies(policies []rego.Policy, n tally) []rego.Policy {
	rank := func(p rego.Policy) int {
		c := n.byPolicy[p.ID]
		severity := max(indexOf(severities[:], p.Severity), 0)
		switch {
		case c.of("fail") > 0:
			return severity
		case c.of("unknown") > 0:
			return 10 + severity
		case c.total() > 0:
			return 20
		}
		return 30
	}
	out := slices.Clone(policies)
	slices.SortStableFunc(out, func(a, b rego.Policy) int {
		return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(a.ID, b.ID))
	})
	return out
}

// todo is what would end the obstacle, as sentences.
func (g *obstructed) todo() []string {
	out := slices.Clone(g.remedies)
	if g.more {
		out = append(out, "Other findings have other remedies; they stand with the resource.")
	}
	return out
}
