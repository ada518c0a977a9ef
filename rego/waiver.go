package rego

import (
	"errors"
	"fmt"
	stdpath "path"
	"strings"
	"time"
	"unicode/utf8"
)

// Waiver accepts failures of policies on resources until a day. It hides
// nothing: a waived finding stays a finding, with its messages and the waiver.
type Waiver struct {
	Policy   string `json:"policy"`   // an id, or a pattern like "s3/*"
	Resource string `json:"resource"` // an ARN; each * stands for any text
	Owner    string `json:"owner"`    // who answers for it
	Reason   string `json:"reason"`
	Ticket   string `json:"ticket,omitempty"`
	Expires  string `json:"expires"` // the last day, 2027-03-31 in UTC, that it holds on
}

// WaiverUse is what became of a waiver in an evaluation.
type WaiverUse struct {
	Waiver
	// State is active, expired (by the snapshot's clock: what it matches fails
	// again) or unmatched (no failure is one that it accepts).
	State    string `json:"state"`
	Findings int    `json:"findings"` // failures that it matches first
}

// The states of a waiver.
const (
	WaiverActive    = "active"
	WaiverExpired   = "expired"
	WaiverUnmatched = "unmatched"
)

// Check says what is wrong with a waiver by itself.
func (w Waiver) Check() error {
	for _, field := range []struct{ name, value string }{
		{"policy", w.Policy}, {"resource", w.Resource}, {"owner", w.Owner}, {"reason", w.Reason}, {"expires", w.Expires},
	} {
		if strings.TrimSpace(field.value) == "" {
			return fmt.Errorf("a waiver needs a policy, a resource, an owner, a reason and the day it expires; %s is missing", field.name)
		}
	}
	if _, err := w.last(); err != nil {
		return fmt.Errorf("expires is %q; write the last day as 2027-03-31", w.Expires)
	}
	if _, err := stdpath.Match(w.Policy, ""); err != nil {
		return fmt.Errorf("the policy pattern %q: %w; write an id or a pattern like 's3/*'", w.Policy, err)
	}
	for _, text := range []string{w.Policy, w.Resource, w.Owner, w.Reason, w.Ticket} {
		if len(text) > 2048 || !utf8.ValidString(text) {
			return errors.New("a text of a waiver is longer than 2048 bytes or no UTF-8; shorten it")
		}
	}
	return nil
}

// last is the moment from which it holds no more.
func (w Waiver) last() (time.Time, error) {
	day, err := time.Parse(time.DateOnly, w.Expires)
	return day.AddDate(0, 0, 1), err
}

func (w Waiver) matches(f *Finding) bool {
	ok, _ := stdpath.Match(w.Policy, f.Policy)
	return ok && matchesText(w.Resource, f.Resource.ARN)
}

// matchesText says whether a text is the pattern, in which each * stands for
// any text.
func matchesText(pattern, s string) bool {
	head, rest, wild := strings.Cut(pattern, "*")
	if !wild {
		return pattern == s
	}
	s, ok := strings.CutPrefix(s, head)
	if !ok {
		return false
	}
	parts := strings.Split(rest, "*")
	for _, part := range parts[:len(parts)-1] {
		i := strings.Index(s, part)
		if i < 0 {
			return false
		}
		s = s[i+len(part):]
	}
	return strings.HasSuffix(s, parts[len(parts)-1])
}

// checkWaivers says which waiver is wrong, or for a policy that is not there.
func (s *Set) checkWaivers(waivers []Waiver) error {
	for i, w := range waivers {
		err := w.Check()
		if err == nil {
			err = s.checkPattern(w.Policy)
		}
		if err != nil {
			return fmt.Errorf("waiver %d: %w", i+1, err)
		}
	}
	return nil
}

// waive turns a failure that an unexpired waiver accepts into a waived one; the
// first that matches counts. One that only expired waivers match keeps failing,
// and shows which.
func waive(f *Finding, uses []WaiverUse) {
	if f.Status != Fail {
		return
	}
	for i := range uses {
		u := &uses[i]
		if !u.matches(f) || u.State == WaiverExpired && f.Waiver != nil {
			continue
		}
		w := u.Waiver
		f.Waiver = &w
		u.Findings++
		if u.State == WaiverExpired {
			continue // another may still hold
		}
		u.State, f.Status = WaiverActive, Waived
		return
	}
}

// startWaivers are the waivers before anything is judged.
func startWaivers(waivers []Waiver, now time.Time) []WaiverUse {
	var uses []WaiverUse
	for _, w := range waivers {
		u := WaiverUse{Waiver: w, State: WaiverUnmatched}
		if end, err := w.last(); err == nil && !now.Before(end) {
			u.State = WaiverExpired
		}
		uses = append(uses, u)
	}
	return uses
}
