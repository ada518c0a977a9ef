package rego

import (
	"errors"
	"fmt"
	stdpath "path"
	"slices"
)

// Selection chooses policies of a set. The zero value chooses all.
type Selection struct {
	Profiles []string // only policies in one of these; none: whatever their profile
	Include  []string // only policies that match one of these ids or patterns ("s3/*"); none: all
	Exclude  []string // no policy that matches one of these
}

// Select is the set with only the selected policies that match; the rest stay
// known, so that a parameter for one of them is no mistake. A profile, id or
// pattern that matches no policy of the set is an error, and so is a selection
// that leaves nothing to judge with.
func (s *Set) Select(sel Selection) (*Set, error) {
	for _, name := range sel.Profiles {
		if !slices.Contains(Profiles(), name) {
			return nil, fmt.Errorf("selecting policies: there is no profile %q; choose %s%s", name, oneOf(Profiles()), didYouMean(name, Profiles()))
		}
	}
	for _, pattern := range slices.Concat(sel.Include, sel.Exclude) {
		if err := s.checkPattern(pattern); err != nil {
			return nil, fmt.Errorf("selecting policies: %w", err)
		}
	}
	out := *s
	out.selected = nil
	for _, p := range s.selected {
		if sel.takes(p) {
			out.selected = append(out.selected, p)
		}
	}
	if len(out.selected) == 0 {
		return nil, errors.New("selecting policies: no policy is left; choose another profile or exclude less, sealaudit policies list shows all")
	}
	return &out, nil
}

func (sel Selection) takes(p *Policy) bool {
	inProfile := slices.ContainsFunc(sel.Profiles, func(name string) bool { return slices.Contains(p.Profiles, name) })
	return (inProfile || len(sel.Profiles) == 0) &&
		(matches(sel.Include, p.ID) || len(sel.Include) == 0) &&
		!matches(sel.Exclude, p.ID)
}

func matches(patterns []string, id string) bool {
	return slices.ContainsFunc(patterns, func(pattern string) bool {
		ok, _ := stdpath.Match(pattern, id)
		return ok
	})
}

func (s *Set) checkPattern(pattern string) error {
	if _, err := stdpath.Match(pattern, ""); err != nil {
		return fmt.Errorf("the pattern %q: %w; write an id or a pattern like 's3/*'", pattern, err)
	}
	ids := make([]string, len(s.loaded))
	for i, p := range s.loaded {
		if ids[i] = p.ID; matches([]string{pattern}, p.ID) {
			return nil
		}
	}
	return fmt.Errorf("no policy is or matches %q%s; sealaudit policies list shows all", pattern, didYouMean(pattern, ids))
}
