package report

import (
	"slices"

	"github.com/sealaudit/sealaudit/rego"
)

// Opened is how many failures of at least a severity are new, reopened or no
// longer waived: a waiver that has expired fails again here too.
func (d Diff) Opened(least rego.Severity) int {
	n := 0
	for _, c := range d.Changes {
		if (c.Kind == New || c.Kind == Reopened || c.Kind == Unwaived) && atLeast(c.Severity, least) {
			n++
		}
	}
	return n
}

// Undecided says whether there may be new failures of at least a severity that
// nobody can see: a finding is unknown that was not known to fail, a policy is
// judged no more, or resources were not listed.
func (d Diff) Undecided(least rego.Severity) bool {
	return slices.ContainsFunc(d.Changes, func(c Change) bool { return c.Kind == Unknown && atLeast(c.Severity, least) }) ||
		slices.ContainsFunc(d.Policies, func(p PolicyChange) bool { return !p.New && atLeast(p.Severity, least) }) ||
		slices.ContainsFunc(d.Unseen, func(u Unseen) bool {
			return slices.ContainsFunc(d.judges[u.Type], func(s rego.Severity) bool { return atLeast(s, least) })
		})
}

func atLeast(s, least rego.Severity) bool {
	return slices.Index(severities[:], s) <= slices.Index(severities[:], least)
}
