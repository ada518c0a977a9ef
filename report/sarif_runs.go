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
