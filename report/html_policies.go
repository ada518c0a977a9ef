package report

import (
	"cmp"
	"slices"
	"strings"

	"github.com/sealaudit/sealaudit/rego"
)

// policyView is a policy with what it met.
type policyView struct {
	Index      int
	Policy     rego.Policy
	Counts     []tile // other than zero
	All        matrixRow
	Tested     int
	Operations string // of the API, that its findings rest on
	Reads      string // attributes
	Params     []paramView
	Frameworks []fact
	Links      []link
	Rows       []findingView
	More       int // findings that Rows lacks
}

type link struct {
	Text string
	URL  bool
}

// policyViews are the policies with their first failures, unknowns and
// waivers, staticRows in all.
func policyViews(policies []rego.Policy, n tally, data *rows, judged Judged) []policyView {
	out := make([]policyView, len(policies))
	operations := data.operationsOf(len(policies))
	for i, p := range policies {
		c := n.byPolicy[p.ID]
		v := policyView{Index: i, Policy: shownPolicy(p), Counts: c.tiles(false), All: newMatrixRow(printable(cmp.Or(p.Title, p.ID)), c), Tested: c.total(), More: c.total()}
		v.Frameworks, v.Operations, v.Reads, v.Params = supports(p), operations[i], printable(strings.Join(p.Reads, ", ")), params([]rego.Policy{p}, judged)
		for _, l := range p.RelatedResources {
			v.Links = append(v.Links, link{printable(l), isLink(l)})
		}
		out[i] = v
	}
	used := 0
	for _, f := range data.Findings {
		v := &out[f[atPolicy].(int)]
		if used < staticRows && len(v.Rows) < staticPolicyRows && f[atStatus].(int) < slices.Index(statuses[:], "attested") {
			v.Rows = append(v.Rows, data.finding(f))
			v.More--
			used++
		}
	}
	return out
}

// operationsOf are the API operations that the findings of each policy rest
// on, in one text.
func (r *rows) operationsOf(policies int) []string {
	seen := make([]map[int]bool, policies)
	for _, f := range r.Findings {
		p := f[atPolicy].(int)
		if seen[p] == nil {
			seen[p] = map[int]bool{}
		}
		calls, _ := f[atCalls].([]int)
		for _, id := range calls {
			seen[p][r.Calls[id][0].(int)] = true
		}
	}
	out := make([]string, policies)
	for p, words := range seen {
		var names []string
		for w := range words {
			names = append(names, r.Words[w])
		}
		slices.Sort(names)
		out[p] = strings.Join(names, ", ")
	}
	return out
}

// shownPolicy is a policy with its text made printable.
func shownPolicy(p rego.Policy) rego.Policy {
	p.Title = printable(cmp.Or(p.Title, p.ID))
	p.Profiles = []string{printable(strings.Join(p.Profiles, ", "))}
	for _, s := range []*string{&p.ID, &p.Control, &p.Description, &p.Resource, &p.Remediation, &p.Origin, &p.File} {
		*s = printable(*s)
	}
	return p
}

// orderPolicies puts the failing first, by severity, then the unknown.
func orderPolicies(policies []rego.Policy, n tally) []rego.Policy {
	rank := func(p rego.Policy) int {
		c := n.byPolicy[p.ID]
		severity := max(slices.Index(severities[:], p.Severity), 0)
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
