package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/sealaudit/sealaudit/collectors"
	"github.com/sealaudit/sealaudit/rego"
)

// survey is what is there to be reported.
type survey struct {
	scopes []collectors.Scope // of the ledger and of the findings, sorted
	unread map[collectors.Scope]map[obstacle]int
	size   map[collectors.Scope]int // findings
}

// surveyed goes through the ledger and the findings once. Without any there
// is one scope, of which nothing was read.
func surveyed(d Data) (survey, error) {
	s := survey{unread: map[collectors.Scope]map[obstacle]int{}, size: map[collectors.Scope]int{}}
	for _, c := range d.Manifest.Coverage {
		s.unread[collectors.Scope{Account: c.Scope.Account, Region: c.Scope.Region}] = map[obstacle]int{}
	}
	for f, err := range d.checked() {
		if err != nil {
			return s, err
		}
		scope := scopeOf(f)
		if s.unread[scope] == nil {
			s.unread[scope] = map[obstacle]int{}
		}
		s.size[scope]++
		if f.Status == rego.Undecided {
			for _, u := range append(slices.Clip(f.Unknowns), unexplained(f)...) {
				s.unread[scope][obstacle{u.Reason, u.Permission}]++
			}
		}
	}
	if len(s.unread) == 0 {
		nothing := collectors.Scope{Account: strings.Join(d.Manifest.Accounts, "+")}
		s.unread[nothing] = map[obstacle]int{{reason: "nothing was listed and nothing judged"}: 0}
	}
	for scope := range s.unread {
		s.scopes = append(s.scopes, scope)
	}
	slices.SortFunc(s.scopes, func(a, b collectors.Scope) int {
		return cmp.Or(cmp.Compare(a.Account, b.Account), cmp.Compare(a.Region, b.Region))
	})
	return s, nil
}

// newRuns are the runs of what was surveyed, and each scope's run.
func newRuns(seen survey, byAccount bool, m collectors.Manifest) ([]*sarifRun, map[collectors.Scope]*sarifRun) {
	var runs []*sarifRun
	of := map[collectors.Scope]*sarifRun{}
	words := newWords()
	for _, s := range seen.scopes {
		r := &sarifRun{account: s.Account, region: s.Region, cut: map[string]int{}}
		for i := range r.open {
			r.open[i].words = words
		}
		r.id = "sealaudit/" + segment(cmp.Or(s.Account, "unknown")) + "/" + segment(cmp.Or(s.Region, "global")) + "/"
		if byAccount {
			r.id = "sealaudit/" + segment(cmp.Or(s.Account, "unknown")) + "/"
			r.region = "all regions"
		}
		if len(runs) == 0 || runs[len(runs)-1].id != r.id {
			runs = append(runs, r)
		}
		of[s] = runs[len(runs)-1]
		incomplete(of[s], s, m, seen.unread[s])
	}
	return runs, of
}

// incomplete notes what is missing from a scope's evidence. An alert of a
// resource that could not be read this time would close as fixed, so any of
// these keeps the run from GitHub, and makes it unsuccessful in an archive: an
// interrupted scan, a listing that did not finish, a finding that is unknown
// because a call got no proper answer. Unknown for a reason that every scan
// will meet again (a value or a setting that this program can't
// decide, another account's key, a service without data) or because the
// resource is gone does not: it would keep the scope from ever being
// reported. It is noted all the same.
func incomplete(r *sarifRun, s collectors.Scope, m collectors.Manifest, unread map[obstacle]int) {
	where := place(s.Account, s.Region)
	if m.Interrupted != "" {
		r.missing = append(r.missing, fmt.Sprintf("%s: the scan was interrupted: %s.", where, printable(m.Interrupted)))
	}
	for _, c := range incompleteListings(m.Coverage) {
		if c.Scope.Account == s.Account && c.Scope.Region == s.Region {
			r.missing = append(r.missing, fmt.Sprintf("%s: the listing of %s is incomplete (%s): %s", where, printable(c.Type), c.Gap.Reason, shorten(printable(c.Gap.Detail), 500)))
		}
	}
	keys := make([]obstacle, 0, len(unread))
	for o := range unread {
		keys = append(keys, o)
	}
	slices.SortFunc(keys, func(a, b obstacle) int {
		return cmp.Or(cmp.Compare(a.reason, b.reason), cmp.Compare(a.permission, b.permission))
	})
	for _, o := range keys {
		note := fmt.Sprintf("%s: %s unknown (%s)", where, plural(unread[o], "verdict"), printable(strings.TrimSpace(string(o.reason)+" "+o.permission)))
		switch o.reason {
		case collectors.UnknownValue, collectors.Unmodelled, collectors.Unsupported, collectors.OutOfScope, collectors.NoData, collectors.Vanished:
			r.standing = append(r.standing, note+"; no other scan would know more.")
		default:
			r.missing = append(r.missing, note+".")
		}
	}
}
