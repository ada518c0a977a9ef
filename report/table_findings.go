package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/sealaudit/sealaudit/collectors"
	"github.com/sealaudit/sealaudit/rego"
)

// failures lists what fails, by severity and policy.
func (t *terminal) failures(d Data, n tally) error {
	if n.all.of("fail") == 0 {
		if n.all.total() > 0 {
			t.section("No failures")
		}
		return nil
	}
	policies := map[string]rego.Policy{}
	for _, p := range d.Policies {
		policies[p.ID] = p
	}
	for _, severity := range severities {
		total := n.severity(severity).of("fail")
		if total == 0 {
			continue
		}
		shown, byPolicy, err := firstFailures(d, severity)
		if err != nil {
			return err
		}
		t.raw("")
		t.line(cmp.Or(severityPaint(severity), bold), "%s: %s", strings.ToUpper(string(severity)), plural(total, "failure"))
		for _, id := range sortedKeys(byPolicy) {
			rows := slices.Collect(func(yield func(rego.Finding) bool) {
				for _, f := range shown {
					if f.Policy == id && !yield(f) {
						return
					}
				}
			})
			t.policyFailures(policies[id], rows, byPolicy[id], len(d.Manifest.Accounts) > 1)
		}
		if hidden := total - len(shown); hidden > 0 {
			t.line(yellow, "… and %d more %s failures: write -o json=report.json", hidden, severity)
		}
	}
	return nil
}

// firstFailures are the first failures of a severity by policy and order, and
// how many each policy has. What it holds is bounded, whatever the account.
func firstFailures(d Data, severity rego.Severity) (shown []rego.Finding, byPolicy map[string]int, err error) {
	byPolicy = map[string]int{}
	for f, err := range d.checked() {
		if err != nil {
			return nil, nil, err
		}
		if f.Status != "fail" || f.Severity != severity {
			continue
		}
		byPolicy[f.Policy]++
		i, _ := slices.BinarySearchFunc(shown, f, func(have, f rego.Finding) int {
			return cmp.Or(cmp.Compare(have.Policy, f.Policy), -1) // after its equals
		})
		if i < shownPerSeverity {
			shown = slices.Insert(shown, i, f)
			shown = shown[:min(len(shown), shownPerSeverity)]
		}
	}
	return shown, byPolicy, nil
}

func (t *terminal) policyFailures(p rego.Policy, rows []rego.Finding, total int, accounts bool) {
	t.raw("")
	control := ""
	if p.Control != "" {
		control = " (" + p.Control + ")"
	}
	t.line(bold, "%s", printable(cmp.Or(p.Title, p.ID)))
	t.line(noPaint, "%s%s: %s", printable(p.ID), printable(control), plural(total, "failure"))
	if len(rows) > 0 {
		cols := []column{{title: "Resource", short: true}, {title: "Region"}, {title: "Observed", flex: true}}
		if accounts {
			cols = slices.Insert(cols, 1, column{title: "Account"})
		}
		var cells [][]text
		for _, f := range rows {
			row := plain(printable(cmp.Or(f.Resource.Name, f.Resource.ARN)), printable(cmp.Or(f.Resource.Region, "global")),
				shorten(observed(f), 300))
			if accounts {
				row = slices.Insert(row, 1, text{s: printable(f.Resource.Account)})
			}
			cells = append(cells, row)
		}
		t.table(cols, cells)
	}
	if hidden := total - len(rows); hidden > 0 {
		t.line(yellow, "… and %d more of this policy", hidden)
	}
	if p.Remediation != "" {
		t.line(noPaint, "Fix: %s", printable(p.Remediation))
	}
}

// observed is what a finding says, on one line.
func observed(f rego.Finding) string {
	var parts []string
	for _, m := range f.Messages {
		parts = append(parts, printable(m))
	}
	for _, u := range f.Unknowns {
		parts = append(parts, strings.TrimSpace(fmt.Sprintf("%s is unknown (%s): %s", printable(u.Attribute), u.Reason, printable(u.Detail))))
	}
	return strings.Join(parts, "; ")
}

// obstacle is why findings are unknown: one thing to mend.
type obstacle struct {
	reason     collectors.Reason
	permission string
}

// obstructed is what one obstacle costs and what ends it.
type obstructed struct {
	obstacle
	findings int
	example  string
	remedies []string // distinct, at most three
	more     bool     // there are other remedies
}

// unknowns groups what could not be decided by what would decide it.
func (t *terminal) unknowns(d Data, n tally) error {
	total := n.all.of("unknown")
	if total == 0 {
		return nil
	}
	groups, err := obstacles(d)
	if err != nil {
		return err
	}
	t.raw("")
	t.line(yellow, "UNKNOWN: %s could not be decided; they count neither as pass nor as fail", plural(total, "finding"))
	shown := groups[:min(len(groups), shownPerSeverity)]
	for _, g := range shown {
		t.raw("")
		t.line(bold, "%s: %s", plural(g.findings, "finding"), printable(strings.TrimSpace(string(g.reason)+" "+g.permission)))
		todo := strings.Join(g.remedies, " ")
		if g.more {
			todo += " Others: write -o json=report.json."
		}
		t.indented(shorten(strings.TrimSpace(todo+" For example: "+g.example+"."), 500))
	}
	if hidden := len(groups) - len(shown); hidden > 0 {
		t.line(yellow, "… and %d more reasons: write -o json=report.json", hidden)
	}
	t.raw("")
	t.line(dim, "A finding with several reasons counts in each.")
	return nil
}

// obstacles are the reasons of all unknown findings, the costliest first.
func obstacles(d Data) ([]*obstructed, error) {
	groups := map[obstacle]*obstructed{}
	for f, err := range d.checked() {
		if err != nil {
			return nil, err
		}
		if f.Status != "unknown" {
			continue
		}
		counted := map[obstacle]bool{}
		for _, u := range append(slices.Clip(f.Unknowns), unexplained(f)...) {
			key := obstacle{u.Reason, u.Permission}
			g := groups[key]
			if g == nil {
				g = &obstructed{obstacle: key, example: shorten(printable(f.Policy+" of "+cmp.Or(f.Resource.Name, f.Resource.ARN)), 80)}
				groups[key] = g
			}
			if !counted[key] {
				counted[key] = true
				g.findings++
			}
			if remedy := printable(u.Remedy); remedy != "" && !slices.Contains(g.remedies, remedy) {
				if g.more = len(g.remedies) == 3; !g.more {
					g.remedies = append(g.remedies, remedy)
				}
			}
		}
	}
	var out []*obstructed
	for _, g := range groups {
		out = append(out, g)
	}
	slices.SortFunc(out, func(a, b *obstructed) int {
		return cmp.Or(cmp.Compare(b.findings, a.findings), cmp.Compare(a.reason, b.reason), cmp.Compare(a.permission, b.permission))
	})
	return out, nil
}

// unexplained stands in for the reason of an unknown finding that has none,
// so that it can't fall out of the groups.
func unexplained(f rego.Finding) []rego.Unknown {
	if len(f.Unknowns) > 0 {
		return nil
	}
	return []rego.Unknown{{Reason: "no reason given", Detail: strings.Join(f.Messages, "; ")}}
}

func sortedKeys[V any](m map[string]V) []string {
	var keys []string
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
