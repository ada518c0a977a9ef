package report

import (
	"slices"

	"github.com/sealaudit/sealaudit/rego"
)

// past is what earlier judgements said, by finding, of those that were open
// (failed, waived or unknown) in one of them.
type past map[string]*record

// record is what is remembered of a finding. Of its evidence nothing is.
type record struct {
	finding rego.Finding
	last    rego.Status // of the latest judgement; "" where it has none
	known   rego.Status // the latest that decided; "" when none did, or when it is gone
	failed  bool        // failed or waived in one of them
	seen    bool        // in the judgement that is being added
}

func open(s rego.Status) bool { return failing(s) || s == rego.Undecided }

// failing says whether there is a failure, accepted or not.
func failing(s rego.Status) bool { return s == rego.Fail || s == rego.Waived }

// add adds a judgement that is later than those before it.
func (p past) add(d Data) error {
	for _, r := range p {
		r.seen = false
	}
	for f, err := range d.checked() {
		if err != nil {
			return err
		}
		r := p[f.ID]
		if r == nil {
			if !open(f.Status) {
				continue
			}
			r = &record{}
			p[f.ID] = r
		}
		r.seen, r.last = true, f.Status
		if f.Status == rego.Undecided && failing(r.known) {
			continue // still the last that is known
		}
		r.finding = remembered(f)
		if f.Status != rego.Undecided {
			r.known = f.Status
			r.failed = r.failed || failing(f.Status)
		}
	}
	where := newListing(d)
	for _, r := range p {
		if r.seen {
			continue
		}
		r.last = ""
		if where.of(r.finding) == Gone {
			r.known = ""
		}
	}
	return nil
}

// remembered is a finding without what a diff does not show.
func remembered(f rego.Finding) rego.Finding {
	f.Evidence, f.Unknowns, f.Waiver = nil, nil, nil
	return f
}

// changes says what became of the past in a later judgement, and what that has
// besides. The old one is the latest of the past.
func (p past) changes(old, new Data, policies []PolicyChange) ([]Change, error) {
	changed := map[string]bool{}
	for _, c := range policies {
		changed[c.ID] = c.Old && c.New
	}
	for _, r := range p {
		r.seen = false
	}
	var out []Change
	fresh := map[string]int{} // places in out whose old status is still to be read
	for f, err := range new.checked() {
		if err != nil {
			return nil, err
		}
		r := p[f.ID]
		switch {
		case r != nil && r.seen || r == nil && !open(f.Status):
			continue // there twice, or never open
		case r == nil:
			if _, twice := fresh[f.ID]; twice {
				continue
			}
			r = &record{}
			fresh[f.ID] = len(out)
		}
		r.seen = true
		if c, ok := r.change(f); ok {
			c.PolicyChanged = changed[c.Policy]
			out = append(out, c)
		}
	}
	where := newListing(new)
	for _, r := range p {
		if !r.seen && (failing(r.known) || r.last == rego.Undecided) { // the others were fixed or gone before
			out = append(out, r.missing(where.of(r.finding)))
		}
	}
	return out, oldStatuses(old, out, fresh)
}

// oldStatuses fills in what the old judgement said of findings that were not
// open in it: they passed, did not apply, or were not there.
func oldStatuses(old Data, changes []Change, fresh map[string]int) error {
	if len(fresh) == 0 {
		return nil
	}
	for f, err := range old.checked() {
		if err != nil {
			return err
		}
		if i, ok := fresh[f.ID]; ok {
			changes[i].Old = f.Status
		}
	}
	return nil
}

// change is what became of a record in a later finding; none when it was not
// open before and is not now.
func (r *record) change(f rego.Finding) (Change, bool) {
	c := Change{ID: f.ID, Policy: f.Policy, Severity: f.Severity, Resource: f.Resource, Old: r.last, New: f.Status,
		Messages: f.Messages, Unknowns: f.Unknowns, Waiver: f.Waiver}
	was := failing(r.known)
	regraded := was && r.finding.Severity != f.Severity
	if regraded {
		c.OldSeverity = r.finding.Severity
	}
	reworded := was && !slices.Equal(r.finding.Messages, f.Messages)
	if reworded {
		c.OldMessages = r.finding.Messages
	}
	switch {
	case f.Status == rego.Undecided && was:
		c.Kind = Unread
	case f.Status == rego.Undecided:
		c.Kind = Unknown
	case f.Status == rego.Waived && r.known != rego.Waived:
		c.Kind = Waived
	case f.Status == rego.Fail && r.known == rego.Waived:
		c.Kind = Unwaived
	case failing(f.Status) && was && (regraded || reworded):
		c.Kind = Changed
	case failing(f.Status) && was:
		c.Kind = Unchanged
	case f.Status == rego.Fail && r.failed:
		c.Kind = Reopened
	case f.Status == rego.Fail:
		c.Kind = New
	case was && f.Status == rego.Pass:
		c.Kind = Fixed
	case was:
		c.Kind = Ended
	case r.last == rego.Undecided:
		c.Kind = Decided
	}
	return c, c.Kind != ""
}

// missing is the change of a record that a later judgement has no finding of.
func (r *record) missing(kind ChangeKind) Change {
	f := r.finding
	return Change{Kind: kind, ID: f.ID, Policy: f.Policy, Severity: f.Severity, Resource: f.Resource, Old: r.last, OldMessages: f.Messages}
}
