package report

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/sealaudit/sealaudit/collectors"
	"github.com/sealaudit/sealaudit/rego"
)

// GitHub's limits, from "SARIF support for code scanning". It rejects a file
// with more runs, and silently drops results beyond 5,000 in a run.
const (
	maxRuns    = 20
	maxResults = 5000
	maxRules   = 25000
)

// sarifRun is one account and region, or one account when a file would have
// more runs than GitHub takes.
type sarifRun struct {
	id       string
	account  string
	region   string
	open     [len(severities)]held // what is listed, by severity
	listed   int
	cut      map[string]int // policy to failures that are counted but not listed
	missing  []string       // evidence whose lack could close an alert; see incomplete
	standing []string       // evidence that no other scan would have either
}

// sarifRuns sorts the open failures into runs. It holds at most maxResults
// failures a run, and none of a run that is incomplete.
func sarifRuns(d Data, o Options) ([]*sarifRun, error) {
	if len(d.Policies) > maxRules {
		return nil, fmt.Errorf("%d policies are more rules than the %d that GitHub takes; choose policies with --policy", len(d.Policies), maxRules)
	}
	seen, err := surveyed(d)
	if err != nil {
		return nil, err
	}
	byAccount := o.SARIFRuns == "account"
	if o.SARIFRuns == "" || o.SARIFRuns == "auto" {
		if byAccount = len(seen.scopes) > maxRuns; byAccount {
			o.warn("SARIF: %d scopes are more runs than the %d that GitHub takes in a file, so each account is one run. Categories are sealaudit/<account>/ then: delete older analyses by region, or set one run per account for good.", len(seen.scopes), maxRuns)
		}
	}
	runs, of := newRuns(seen, byAccount, d.Manifest)
	if len(runs) > maxRuns {
		return nil, fmt.Errorf("a file of %d runs: GitHub takes %d; write one SARIF file an account", len(runs), maxRuns)
	}
	for f, err := range d.checked() {
		if err != nil {
			return nil, err
		}
		if r := of[scopeOf(f)]; f.Status == rego.Fail && len(r.missing) == 0 {
			r.hold(f)
		}
	}
	for _, r := range runs {
		r.makeRoom()
	}
	return runs, nil
}

// scopeOf is a finding's scope as the runs know it: GitHub's categories have
// no partition, and an account number is of one partition only.
func scopeOf(f rego.Finding) collectors.Scope {
	return collectors.Scope{Account: f.Resource.Account, Region: f.Resource.Region}
}

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

// hold takes a failure to be listed, or counts the least severe and latest
// one instead when there are too many.
func (r *sarifRun) hold(f rego.Finding) {
	r.open[slices.Index(severities[:], f.Severity)].add(f)
	if r.listed++; r.listed > maxResults {
		r.drop()
	}
}

// makeRoom drops what the results that stand for the others need.
func (r *sarifRun) makeRoom() {
	for r.listed > 0 && r.listed+len(r.cut) > maxResults {
		r.drop()
	}
}

func (r *sarifRun) drop() {
	for i := len(severities) - 1; i >= 0; i-- {
		if r.open[i].len() > 0 {
			r.cut[r.open[i].drop().Policy]++
			r.listed--
			return
		}
	}
}

// failures are the listed ones, the severest first.
func (r *sarifRun) failures() iter.Seq[rego.Finding] {
	return func(yield func(rego.Finding) bool) {
		for i := range r.open {
			for f := range r.open[i].all() {
				if !yield(f) {
					return
				}
			}
		}
	}
}

func (r *sarifRun) cutNotice() string {
	n := 0
	for _, v := range r.cut {
		n += v
	}
	return fmt.Sprintf("%s more than the %d results that GitHub keeps in a run: one result a policy stands for them; the JSON report lists them all.", plural(n, "failure"), maxResults)
}

// rest is the result that stands for the failures of a policy that are not
// listed. Its identity is the policy in the run, so its alert stays one.
func (r *sarifRun) rest(policy string, p rego.Policy) sarifResult {
	sum := sha256.Sum256([]byte("rest\x00" + policy + "\x00" + r.account + "\x00" + r.region))
	id := hex.EncodeToString(sum[:])
	at := physical("aws/"+segment(cmp.Or(r.account, "unknown"))+"/"+segment(cmp.Or(r.region, "global"))+"/"+segment(serviceOf(policy))+"/more", 1, 2)
	return sarifResult{RuleID: policy, Level: sarifLevel(p.Severity),
		Message: sarifText{Text: fmt.Sprintf("%s more in %s, beyond the %d results of a run; required: %s. The JSON report lists every resource.",
			plural(r.cut[policy], "failure"), place(r.account, r.region), maxResults, strings.TrimSuffix(escapeMessage(p.Title, 300), "."))},
		Locations: []sarifLocation{{Physical: &at, Logical: []sarifLogical{{"more", policy, "resource"}}}},
		Fingerprints: map[string]string{
			"primaryLocationLineHash": lineHash(id),
			"sealauditFinding/v1":     id,
		}}
}

// notifications say what the run is without.
func (r *sarifRun) notifications() []sarifNotification {
	const most = 50
	var out []sarifNotification
	add := func(level string, notes []string) {
		for i, n := range notes {
			if i == most {
				n = fmt.Sprintf("And %d more such; the JSON report has them all.", len(notes)-most)
			}
			if i <= most {
				out = append(out, sarifNotification{level, sarifText{Text: n}})
			}
		}
	}
	add("error", r.missing)
	add("warning", r.standing)
	if len(r.cut) > 0 {
		add("warning", []string{"This run has " + r.cutNotice()})
	}
	return out
}
