package report

import (
	"cmp"
	"fmt"
	"html/template"
	"slices"

	"github.com/sealaudit/sealaudit/collectors"
	"github.com/sealaudit/sealaudit/rego"
)

// page is what html/*.tmpl shows.
type page struct {
	CSP           string
	Style, Script template.HTML
	Title, Tool   string
	Sections      []section
	Demo          bool
	Interrupted   string
	Facts         []fact // the head's
	Evidence      string
	Tiles         []tile
	Charts        []chart
	Statuses      []tile // heads of the matrices' columns
	Severities    []matrixRow
	Services      []matrixRow
	Judged        []fact // how policies were chosen
	Frameworks    []frameworkView
	Params        []paramView
	Scope, Who    []fact
	Exclusions    []string
	Operations    []operationRow
	Coverage      []collectors.Coverage
	Types         []typeRow
	Untied        int      // of Types, whose counts don't add up
	Cohorted      string   // of Types, those that count cohorts
	Gaps          []string // incomplete listings
	Unknown       int
	Obstacles     []obstacleRow
	Proofs        *proofsView
	Policies      []policyView
	Controls      []policyView // the same by id
	Resources     []resourceView
	MoreResources int // with failures or unknowns, not among Resources
	Choices       []choice
	Waivers       []waiverView
	Keys          *keysView
	Limits        []string
	Changes       *changesView // nil without an earlier run
	Entries       []entryRow
	Register      []registerRow
	MoreCalls     int // of the register, that are not HTML
	StaticNote    string
}

type fact struct{ Name, Value string }

// typeRow is a resource type's coverage in all accounts and regions.
type typeRow struct {
	collectors.Coverage
	Listings, Incomplete int
	Judged               string // resources with a finding
	Tied                 bool   // listed = read + partly + unread
	Bar                  []slice
}

// entryRow is a file of the bundle.
type entryRow struct{ Name, Size, Digest, Packed string }

type obstacleRow struct {
	Reason, Permission string
	Findings           int
	Todo               []string
	Example            string
}

// resourceView is a resource with its findings and calls.
type resourceView struct {
	ID, Cohort             int // Cohort is -1 for what is none
	Name, ARN, Type, Place string
	Rows                   []findingView
	Calls                  []registerRow
	More                   int // findings and calls that are not shown
}

type findingView struct {
	Status, Class, Severity string
	Policy                  int // index
	PolicyID                string
	Resource, ARN, Place    string
	ID, Cohort              int // of the resource
	Linked                  bool
	Texts                   []string
	Refs                    []ref
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
	e, err := readEvidence(d)
	if err != nil {
		return nil, nil, err
	}
	policies := orderPolicies(d.Policies, n)
	index := map[string]int{}
	for i, p := range policies {
		index[p.ID] = i
	}
	data, err := collectRows(d, n, index, e.places)
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
	p.Evidence = d.Evidence
	p.summarise(n)
	p.judge(d, policies, n, data)
	p.Unknown = n.all.of("unknown")
	for _, g := range groups {
		p.Obstacles = append(p.Obstacles, obstacleRow{printable(string(g.reason)), printable(g.permission), g.findings, g.todo(), g.example})
	}
	p.Choices = choices(n, data)
	p.Waivers = waivers(d.Summary.Waivers)
	p.Proofs = newProofs(d, e, data)
	p.Keys = newKeys(e, data)
	p.Operations = data.operations()
	p.Register = data.register()
	p.MoreCalls = len(data.Calls) - len(p.Register)
	p.Limits = limits(d, n, data, e)
	p.Changes = newChanges(d.Changes, index, p.linked(data))
	p.StaticNote = fmt.Sprintf("Without the script that this file carries, the page shows the first %d failures, unknowns and waivers (at most %d a policy) and the first %d resources with one, and no filter. The JSON report has every finding.",
		staticRows, staticPolicyRows, staticResources)
	return p, data, nil
}

// judge shows the policies, how they were chosen, and what they met.
func (p *page) judge(d Data, policies []rego.Policy, n tally, data *rows) {
	p.Judged = []fact{{"Policies", thousands(len(policies))}, {"Chosen by", printable(d.Judged.String())}}
	p.Frameworks, p.Params, p.Exclusions = frameworks(policies, n), params(policies, d.Judged), exclusions(d)
	p.Policies = policyViews(policies, n, data, d.Judged)
	p.Controls = slices.Clone(p.Policies)
	slices.SortStableFunc(p.Controls, func(a, b policyView) int { return cmp.Compare(a.Policy.ID, b.Policy.ID) })
	p.Resources, p.MoreResources = resourceViews(data)
	linked := map[int]bool{}
	for _, id := range p.linked(data) {
		linked[id] = true
	}
	for i := range p.Policies {
		for j := range p.Policies[i].Rows {
			p.Policies[i].Rows[j].Linked = linked[p.Policies[i].Rows[j].ID]
		}
	}
	judged := map[string]int{}
	for _, r := range data.Resources {
		judged[data.Types[r[2].(int)]]++
	}
	for i := range p.Types {
		if p.Types[i].Judged = thousands(judged[p.Types[i].Type]); len(data.Findings) < n.all.total() {
			p.Types[i].Judged = "≥ " + p.Types[i].Judged
		}
	}
}

// linked are the resources that have a place of their own, by rowKey.
func (p *page) linked(data *rows) map[string]int {
	out := map[string]int{}
	for _, r := range p.Resources {
		out[data.keys[r.ID]] = r.ID
	}
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
