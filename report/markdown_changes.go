package report

import (
	"cmp"

	"github.com/sealaudit/sealaudit/rego"
)

// changes counts what became of earlier findings and lists the first failures
// that are new, reopened or waived no more.
func (m *markdown) changes(d *Diff) {
	if d == nil {
		return
	}
	m.line("## Changes since %s\n\nCompared with evidence %s.\n\n| Change | Findings | Meaning |\n|---|--:|---|", clock(d.Old.Ended), shortSpan(d.Old.Evidence))
	counted := d.summary()
	for _, k := range changeKinds {
		if n := sum(counted[k]); n > 0 || k == New || k == Fixed {
			m.line("| %s | %d | %s |", k, n, kindWords(k))
		}
	}
	m.line("")
	listed, left := 0, 0
	for _, c := range d.Changes {
		if kindClass(c.Kind) != "fail" {
			continue
		}
		if listed == shownReasons {
			left++
			continue
		}
		listed++
		m.line("- %s **%s** %s: %s in %s. %s", c.Kind, c.Severity, shortSpan(c.Policy), shortSpan(cmp.Or(c.Resource.Name, c.Resource.ARN)),
			shortSpan(cmp.Or(c.Resource.Account, "unknown account")+", "+cmp.Or(c.Resource.Region, "global")), shortSpan(wasAndIs(c)))
	}
	if left > 0 {
		m.line("\n**Not listed here: %s.** The HTML report and diff have more.", plural(left, "more failure"))
	}
	for i, u := range d.Unseen {
		if i == shownReasons {
			m.line("\n**Not listed here: %s.** The JSON of diff has them all.", plural(len(d.Unseen)-i, "more listing"))
			break
		}
		m.line("- Not seen now: %s in %s. %s", markdownText(u.Type, 120), shortSpan(place(u.Scope.Account, u.Scope.Region)), shortSpan(u.why()))
	}
	if len(d.Policies) > 0 {
		m.line("- Policies that are not what they were: %d. A change under one may not be the account's.", len(d.Policies))
	}
	m.line("")
}

func sum(by map[rego.Severity]int) (n int) {
	for _, v := range by {
		n += v
	}
	return n
}
