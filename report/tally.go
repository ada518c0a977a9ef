package report

import (
	"cmp"
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/sealaudit/sealaudit/collectors"
	"github.com/sealaudit/sealaudit/rego"
)

// statuses in the order that reports show them: what needs work first.
var statuses = [...]rego.Status{"fail", "unknown", "waived", "attested", "pass", "not_applicable"}

// statusWords are what people read for the statuses.
var statusWords = [len(statuses)]string{"fail", "unknown", "waived", "attested", "pass", "n/a"}

var severities = [...]rego.Severity{"critical", "high", "medium", "low", "info"}

// counts are numbers of findings, one for each of statuses.
type counts [len(statuses)]int

func (c counts) of(s rego.Status) int { return c[slices.Index(statuses[:], s)] }

func (c counts) total() int {
	n := 0
	for _, v := range c {
		n += v
	}
	return n
}

func (c *counts) add(d counts) {
	for i, v := range d {
		c[i] += v
	}
}

// cell is one place of the matrix service × severity.
type cell struct {
	service  string
	severity rego.Severity
}

// tally counts the findings, in one pass over them.
type tally struct {
	all      counts
	cells    map[cell]counts
	byPolicy map[string]counts
}

func tallyFindings(d Data) (tally, error) {
	t := tally{cells: map[cell]counts{}, byPolicy: map[string]counts{}}
	for f, err := range d.checked() {
		if err != nil {
			return t, err
		}
		i := slices.Index(statuses[:], f.Status)
		t.all[i]++
		key := cell{serviceOf(f.Policy), f.Severity}
		c, p := t.cells[key], t.byPolicy[f.Policy]
		c[i]++
		p[i]++
		t.cells[key], t.byPolicy[f.Policy] = c, p
	}
	return t, nil
}

// checked are the findings, each with a status and severity that reports know
// and a policy that is among the policies; anything else would be left out or
// shown wrong, and is an error.
func (d Data) checked() iter.Seq2[rego.Finding, error] {
	return func(yield func(rego.Finding, error) bool) {
		known := map[string]bool{}
		for _, p := range d.Policies {
			known[p.ID] = true
		}
		for f, err := range d.Findings() {
			switch {
			case err != nil:
				err = fmt.Errorf("reading the findings: %w", err)
			case !slices.Contains(statuses[:], f.Status) || !slices.Contains(severities[:], f.Severity):
				err = fmt.Errorf("finding %s has status %q and severity %q, which this version can't show; use the version that judged it", f.ID, f.Status, f.Severity)
			case !known[f.Policy]:
				err = fmt.Errorf("finding %s is of policy %q, which is not among the policies; judge the evidence again", f.ID, f.Policy)
			}
			if !yield(f, err) || err != nil {
				return
			}
		}
	}
}

// services are the services that have findings, by name.
func (t tally) services() []string {
	var out []string
	for c := range t.cells {
		out = append(out, c.service)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func (t tally) service(name string) (sum counts) {
	for _, s := range severities {
		sum.add(t.cells[cell{name, s}])
	}
	return sum
}

func (t tally) severity(s rego.Severity) (sum counts) {
	for _, name := range t.services() {
		sum.add(t.cells[cell{name, s}])
	}
	return sum
}

// serviceOf is the first part of a policy's id: "kinesis/stream_encrypted" is
// of "kinesis".
func serviceOf(policy string) string {
	service, _, _ := strings.Cut(policy, "/")
	return service
}

// coverageByType adds the ledger up over accounts and regions.
func coverageByType(lines []collectors.Coverage) []collectors.Coverage {
	var out []collectors.Coverage
	lines = slices.Clone(lines)
	slices.SortStableFunc(lines, func(a, b collectors.Coverage) int { return cmp.Compare(a.Type, b.Type) })
	for _, c := range lines {
		if len(out) == 0 || out[len(out)-1].Type != c.Type {
			out = append(out, collectors.Coverage{Type: c.Type})
		}
		sum := &out[len(out)-1]
		sum.Listed += c.Listed
		sum.Read += c.Read
		sum.Partly += c.Partly
		sum.Unread += c.Unread
		if sum.Gap == nil {
			sum.Gap = c.Gap
		}
	}
	return out
}

// incompleteListings are the ledger's lines whose counts are a lower bound.
func incompleteListings(lines []collectors.Coverage) []collectors.Coverage {
	return slices.DeleteFunc(slices.Clone(lines), func(c collectors.Coverage) bool { return c.Gap == nil })
}

// notOffered are the regions in which AWS does not offer a type, by type.
func notOffered(lines []collectors.Coverage) map[string][]string {
	out := map[string][]string{}
	for _, c := range lines {
		if c.NotOffered != "" {
			out[c.Type] = append(out[c.Type], cmp.Or(c.Scope.Region, "global"))
		}
	}
	for resourceType, regions := range out {
		slices.Sort(regions)
		out[resourceType] = slices.Compact(regions)
	}
	return out
}

// place names a scope: "123456789012, eu-west-1"; account-wide is "global".
func place(account, region string) string {
	return printable(cmp.Or(account, "unknown account")) + ", " + printable(cmp.Or(region, "global"))
}
