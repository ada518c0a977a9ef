package report

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/sealaudit/sealaudit/collectors"
	"github.com/sealaudit/sealaudit/rego"
)

// maxHeld is how many findings are held at a time while they are sorted into
// runs; a scope with more is written as it is read.
const maxHeld = 100000

// full writes every finding, each with its kind, and a run for every account
// and region, whole or not. GitHub's limits are not kept: it is not for
// GitHub, which would show a pass as an alert.
func (s *sarifWriter) full(d Data) error {
	seen, err := surveyed(d)
	if err != nil {
		return err
	}
	_, of := newRuns(seen, false, d.Manifest)
	s.begin(sarifProperties{Profile: "full"})
	for _, batch := range batches(seen, cmp.Or(s.most, maxHeld)) {
		if err := s.batch(d, batch, of); err != nil {
			return err
		}
	}
	s.json.text("\n]}\n")
	return s.json.err
}

// batches are the scopes in their order, as many together as may be held.
func batches(seen survey, most int) [][]collectors.Scope {
	var out [][]collectors.Scope
	held := 0
	for _, s := range seen.scopes {
		if held += seen.size[s]; len(out) == 0 || held > most {
			out = append(out, nil)
			held = seen.size[s]
		}
		out[len(out)-1] = append(out[len(out)-1], s)
	}
	return out
}

// batch writes the runs of some scopes in one pass over the findings.
func (s *sarifWriter) batch(d Data, scopes []collectors.Scope, of map[collectors.Scope]*sarifRun) error {
	alone := len(scopes) == 1
	lists, words := map[collectors.Scope]*held{}, newWords()
	for _, scope := range scopes {
		lists[scope] = &held{words: words}
	}
	if alone {
		s.openRun(of[scopes[0]])
	}
	for f, err := range d.checked() {
		if err != nil {
			return err
		}
		switch list := lists[scopeOf(f)]; {
		case list == nil: // of another batch
		case alone:
			s.result(s.places.anyResult(f))
		default:
			list.add(f)
		}
	}
	for _, scope := range scopes {
		if !alone {
			s.openRun(of[scope])
		}
		for f := range lists[scope].all() {
			s.result(s.places.anyResult(f))
		}
		s.json.text("\n]}")
	}
	return s.json.err
}

// sarifKinds are the kinds of results by status (SARIF 2.1.0 §3.27.9). What
// AWS alone can know is for a person to review.
var sarifKinds = map[rego.Status]string{
	rego.Fail: "fail", rego.Waived: "fail", rego.Pass: "pass", rego.NotApplicable: "notApplicable",
	rego.Undecided: "open", rego.Attested: "review",
}

// anyResult is the SARIF result of a finding of any status.
func (l *locator) anyResult(f rego.Finding) sarifResult {
	var res sarifResult
	suppressions := []sarifSuppression{}
	if f.Status == rego.Fail {
		res = l.result(f)
	} else {
		res = l.finding(f, seenOf(f))
	}
	if w := f.Waiver; w != nil {
		state := "accepted"
		if f.Status != rego.Waived {
			state = "rejected" // it expired
		}
		suppressions = append(suppressions, sarifSuppression{"external", state,
			printable(fmt.Sprintf("%s (owner %s, ticket %s, until %s)", w.Reason, w.Owner, orNone(w.Ticket), w.Expires))})
	}
	res.Suppressions = &suppressions
	if res.Kind = sarifKinds[f.Status]; res.Kind != "fail" {
		res.Level = "none" // §3.27.10
	}
	res.Properties["status"] = string(f.Status)
	return res
}

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return s
}

// seenOf says what led to a status other than fail.
func seenOf(f rego.Finding) string {
	switch f.Status {
	case rego.Pass:
		return "the policy is met"
	case rego.NotApplicable:
		return "the policy does not apply"
	case rego.Undecided:
		var why []string
		for _, u := range append(f.Unknowns[:len(f.Unknowns):len(f.Unknowns)], unexplained(f)...) {
			why = append(why, strings.TrimSpace(string(u.Reason)+" "+u.Permission)+": "+strings.TrimSuffix(u.Detail, "."))
		}
		return "unknown, " + strings.Join(why, "; ")
	}
	text := strings.Join(f.Messages, "; ")
	if f.Status == rego.Waived {
		text = "waived: " + text
	}
	if f.Status == rego.Attested {
		text = "attested by AWS: " + text
	}
	return text
}
