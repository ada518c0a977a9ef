package report

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/sealaudit/sealaudit/rego"
)

// section is a numbered part of the page.
type section struct {
	ID, Title string
	Number    int
}

// sections are those of the page, in the order in which auditors file them:
// what was asked, of what, by whom, with which result, and on which evidence.
func sections() []section {
	out := []section{
		{ID: "criteria", Title: "Objective and criteria"},
		{ID: "scope", Title: "Scope and exclusions"},
		{ID: "who", Title: "Who, what and when"},
		{ID: "coverage", Title: "Population"},
		{ID: "method", Title: "Method and sampling"},
		{ID: "proofs", Title: "Proofs"},
		{ID: "results", Title: "Results by control"},
		{ID: "policies", Title: "Controls and procedures"},
		{ID: "resources", Title: "Findings by resource"},
		{ID: "unknown", Title: "Not determined"},
		{ID: "waivers", Title: "Waivers"},
		{ID: "keys", Title: "Keys"},
		{ID: "limits", Title: "Limits"},
		{ID: "changes", Title: "Changes since the last run"},
		{ID: "integrity", Title: "Integrity"},
		{ID: "sign-off", Title: "Sign-off"},
	}
	for i := range out {
		out[i].Number = i + 1
	}
	return out
}

// Head is the section with an id, for its heading.
func (p *page) Head(id string) section {
	return p.Sections[slices.IndexFunc(p.Sections, func(s section) bool { return s.ID == id })]
}

// frameworkView is a framework with its requirements that a policy supports.
type frameworkView struct {
	Name         string
	Requirements []requirementView
}

type requirementView struct {
	ID       string
	Policies []policyLink
	Counts   []tile
}

type policyLink struct {
	Index int
	ID    string
}

// frameworks turns the policies' mappings around. index is a policy's place.
func frameworks(policies []rego.Policy, n tally) []frameworkView {
	type requirement struct {
		policies []policyLink
		counts   counts
	}
	all := map[string]map[string]*requirement{}
	for i, p := range policies {
		for framework, ids := range p.Frameworks {
			if all[framework] == nil {
				all[framework] = map[string]*requirement{}
			}
			for _, id := range ids {
				r := all[framework][id]
				if r == nil {
					r = &requirement{}
					all[framework][id] = r
				}
				r.policies = append(r.policies, policyLink{i, printable(p.ID)})
				r.counts.add(n.byPolicy[p.ID])
			}
		}
	}
	var out []frameworkView
	for _, framework := range sortedKeys(all) {
		v := frameworkView{Name: printable(framework)}
		for _, id := range sortedKeys(all[framework]) {
			r := all[framework][id]
			v.Requirements = append(v.Requirements, requirementView{printable(id), r.policies, r.counts.tiles(false)})
		}
		out = append(out, v)
	}
	return out
}

// paramView is a parameter that an organisation may set, with its value.
type paramView struct {
	Policy                   policyLink
	Name, Value, Description string
	Set                      bool // by the user
}

func params(policies []rego.Policy, judged Judged) []paramView {
	var out []paramView
	for i, p := range policies {
		for _, name := range sortedKeys(p.Params) {
			v := paramView{Policy: policyLink{i, printable(p.ID)}, Name: printable(name), Description: printable(p.Params[name].Description)}
			value, set := judged.Params[p.ID][name]
			if !set {
				value, set = judged.Params["*"][name]
			}
			if v.Set = set; !set {
				value = p.Params[name].Default
			}
			text, err := json.Marshal(value)
			if err != nil {
				text = []byte("?") // it came from JSON
			}
			v.Value = printable(string(text))
			out = append(out, v)
		}
	}
	slices.SortStableFunc(out, func(a, b paramView) int {
		switch {
		case a.Set == b.Set:
			return 0
		case a.Set:
			return -1
		}
		return 1
	})
	return out
}

// exclusions say what was not looked at.
func exclusions(d Data) []string {
	m := d.Manifest
	out := []string{"Other accounts, other regions and other services than those above. A region that the account has not enabled, or that was not named, was not asked."}
	if len(d.Judged.Excluded) > 0 {
		out = append(out, "Policies that were left out: "+printable(strings.Join(d.Judged.Excluded, ", "))+".")
	}
	if m.Interrupted != "" {
		out = append(out, "What had not been read when the collection was interrupted: "+printable(m.Interrupted)+".")
	}
	listings := incompleteListings(m.Coverage)
	unread, partly := 0, 0
	for _, c := range m.Coverage {
		unread += c.Unread
		partly += c.Partly
	}
	if len(listings) > 0 {
		out = append(out, fmt.Sprintf("What %s left out; the section on the population names each.", plural(len(listings), "incomplete listing")))
	}
	if unread+partly > 0 {
		out = append(out, fmt.Sprintf("%s that could not be read, and parts of %s: what needs them is not determined.", plural(unread, "listed resource"), plural(partly, "other")))
	}
	for _, c := range sortedKeys(notOffered(m.Coverage)) {
		out = append(out, fmt.Sprintf("%s in %s, where AWS does not offer it.", printable(c), printable(strings.Join(notOffered(m.Coverage)[c], ", "))))
	}
	if m.Sampling == nil {
		out = append(out, "What is stored: no object, record or item was sampled (--prove). What is said of encryption at rest is what AWS says of it.")
	} else {
		out = append(out, "Objects, records and items beyond the samples, and versions of objects other than the current ones.")
	}
	return append(out, "Anything outside of AWS's APIs: applications, people, contracts, devices, and how AWS itself does what it states.")
}

// waiverView is a waiver and what became of it.
type waiverView struct {
	rego.WaiverUse
	Class, Help string
}

func waivers(uses []rego.WaiverUse) []waiverView {
	var out []waiverView
	for _, u := range uses {
		v := waiverView{u, "waived", "accepts failures"}
		switch u.State {
		case rego.WaiverExpired:
			v.Class, v.Help = "fail", "what it matches fails again"
		case rego.WaiverUnmatched:
			v.Class, v.Help = "unknown", "no failure is one that it accepts"
		}
		for _, s := range []*string{&v.Policy, &v.Resource, &v.Owner, &v.Reason, &v.Ticket, &v.Expires, &v.State} {
			*s = printable(*s)
		}
		out = append(out, v)
	}
	return out
}
