package report

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/sealaudit/sealaudit/collectors"
	"github.com/sealaudit/sealaudit/rego"
)

// DiffFormat names the shape of a Diff as JSON. It changes when a reader of the
// old shape would misread the new one; new keys do not change it.
const DiffFormat = "sealaudit-diff/1"

// ChangeKind is what became of a finding.
type ChangeKind string

// The kinds. "Failed before" is by the last judgement that knew: where the
// older one has an unknown, and history is given, the one before it counts.
// Open is what fails, is waived or unknown.
const (
	New       ChangeKind = "new"       // fails, and was not known to fail before
	Reopened  ChangeKind = "reopened"  // fails, was fixed, and had failed before that
	Unwaived  ChangeKind = "unwaived"  // fails, and was waived before
	Changed   ChangeKind = "changed"   // failed before, with other messages or another severity
	Unread    ChangeKind = "unread"    // was open before; now there is a gap, or it was not looked at
	Unjudged  ChangeKind = "unjudged"  // was open before; its policy is not judged now
	Unknown   ChangeKind = "unknown"   // can't be decided now, and was not known to fail before
	Waived    ChangeKind = "waived"    // failed before, and is waived now, or is there for the first time and waived
	Fixed     ChangeKind = "fixed"     // failed before, and passes
	Ended     ChangeKind = "ended"     // failed before; the policy does not apply now, or only AWS can know
	Gone      ChangeKind = "gone"      // was open before; its type was listed completely, without it
	Decided   ChangeKind = "decided"   // was unknown before, and is no failure; or a listing that failed is complete
	Unchanged ChangeKind = "unchanged" // as before
)

// changeKinds in the order that diffs show them: what needs work first.
var changeKinds = [...]ChangeKind{New, Reopened, Unwaived, Changed, Unread, Unjudged, Unknown, Waived, Fixed, Ended, Gone, Decided, Unchanged}

// Change is what became of one finding that fails, is waived or unknown in one
// of two judgements.
type Change struct {
	Kind     ChangeKind    `json:"kind"`
	ID       string        `json:"id"` // the finding's
	Policy   string        `json:"policy"`
	Severity rego.Severity `json:"severity"` // the newer, when it is there
	Resource rego.Resource `json:"resource"`
	// Old and New are the statuses; "" where there is no such finding.
	Old rego.Status `json:"old,omitempty"`
	New rego.Status `json:"new,omitempty"`
	// OldSeverity and OldMessages are there when the newer ones differ.
	OldSeverity rego.Severity `json:"old_severity,omitempty"`
	OldMessages []string      `json:"old_messages,omitempty"`
	// Messages are the violations, of the newer finding when it has any.
	Messages []string       `json:"messages,omitempty"`
	Unknowns []rego.Unknown `json:"unknowns,omitempty"` // of the newer
	Waiver   *rego.Waiver   `json:"waiver,omitempty"`   // of the newer
	// PolicyChanged says that the policy is not what it was, so that the change
	// may not be the account's. Policies says how.
	PolicyChanged bool `json:"policy_changed,omitempty"`
}

// Side is one of the judgements that are compared.
type Side struct {
	Evidence string    `json:"evidence"` // "sha256:…" of the bundle's manifest
	Tool     string    `json:"tool"`
	Ended    time.Time `json:"ended"`
	Judged   Judged    `json:"judged"`
}

// Diff is what changed between judgements of one account.
type Diff struct {
	Accounts []string
	Demo     bool   // of the embedded account
	Older    []Side // before Old, the oldest first
	Old, New Side
	// Policies are those that differ between Old and New.
	Policies []PolicyChange
	// Unseen is what New says nothing of: incomplete listings, and what Old
	// listed and New did not look at.
	Unseen []Unseen
	// Changes are by kind, severity, policy, account, region and ARN.
	Changes []Change

	judges map[string][]rego.Severity // what New's policies judge, by type of resource
}

// Compare says what became of the findings of old in new; history are earlier
// judgements, the oldest first, and may be empty. It streams the findings and
// holds those that fail, are waived or unknown somewhere, whatever the size of
// the account. An error is for judgements that can't be compared.
func Compare(history []Data, old, new Data) (Diff, error) {
	all := append(slices.Clip(history), old, new)
	if err := checkOrder(all); err != nil {
		return Diff{}, err
	}
	d := Diff{Accounts: list(new.Manifest.Accounts), Demo: new.Manifest.Demo, Old: side(old), New: side(new), Unseen: unseen(old, new), judges: map[string][]rego.Severity{}}
	for _, h := range history {
		d.Older = append(d.Older, side(h))
	}
	for _, p := range new.Policies {
		d.judges[p.Resource] = append(d.judges[p.Resource], p.Severity)
	}
	d.Policies = comparePolicies(old, new)
	p := past{}
	for _, earlier := range all[:len(all)-1] {
		if err := p.add(earlier); err != nil {
			return Diff{}, err
		}
	}
	var err error
	if d.Changes, err = p.changes(old, new, d.Policies); err != nil {
		return Diff{}, err
	}
	slices.SortFunc(d.Changes, compareChanges)
	return d, nil
}

func side(d Data) Side {
	return Side{d.Evidence, d.Manifest.Tool, d.Manifest.Ended.UTC(), d.Judged}
}

// checkOrder refuses judgements of different accounts, and in the wrong order.
func checkOrder(all []Data) error {
	newest := all[len(all)-1].Manifest
	for i, d := range all {
		m := d.Manifest
		if d.Findings == nil {
			return fmt.Errorf("comparing judgements: %s has no findings; judge it first", sideName(i, len(all)))
		}
		if !slices.Equal(sorted(m.Accounts), sorted(newest.Accounts)) || m.Demo != newest.Demo {
			return fmt.Errorf("comparing judgements: %s is of %s and the newest of %s; compare scans of the same accounts", sideName(i, len(all)), accountsOf(m), accountsOf(newest))
		}
		if i > 0 && m.Ended.Before(all[i-1].Manifest.Ended) {
			return fmt.Errorf("comparing judgements: the evidence of %s ends at %s, before that of %s (%s); name the older first",
				sideName(i, len(all)), clock(m.Ended), sideName(i-1, len(all)), clock(all[i-1].Manifest.Ended))
		}
	}
	return nil
}

func sideName(i, n int) string { return fmt.Sprintf("number %d of %d", i+1, n) }

func accountsOf(m collectors.Manifest) string {
	text := fmt.Sprintf("%q", sorted(m.Accounts))
	if m.Demo {
		text += " (the demo)"
	}
	return text
}

func sorted(s []string) []string {
	s = slices.Clone(s)
	slices.Sort(s)
	return s
}

func compareChanges(a, b Change) int {
	return cmp.Or(
		cmp.Compare(slices.Index(changeKinds[:], a.Kind), slices.Index(changeKinds[:], b.Kind)),
		cmp.Compare(slices.Index(severities[:], a.Severity), slices.Index(severities[:], b.Severity)),
		cmp.Compare(a.Policy, b.Policy),
		cmp.Compare(a.Resource.Account, b.Resource.Account),
		cmp.Compare(a.Resource.Region, b.Resource.Region),
		cmp.Compare(a.Resource.ARN, b.Resource.ARN),
		cmp.Compare(a.ID, b.ID))
}
