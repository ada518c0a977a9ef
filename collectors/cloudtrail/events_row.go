package cloudtrail

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/sealaudit/sealaudit/collectors"
	"github.com/sealaudit/sealaudit/internal/awsapi"
)

const maxKeys = 16 // that a row names

// uses are the events of one resource.
type uses struct {
	of          named
	services    map[string]bool
	keys        map[string]bool
	events      map[string]*EventCount
	refused     map[string]*refusal // by code
	callers     int                 // denied
	transient   int
	first, last time.Time
	calls       []collectors.CallRef // pages
}

// refusal is a Refusal in the making.
type refusal struct {
	key         string
	count       int
	first, last time.Time
}

func newUses(of named) *uses {
	return &uses{of: of, services: map[string]bool{}, keys: map[string]bool{}, events: map[string]*EventCount{}, refused: map[string]*refusal{}}
}

// add counts an event.
func (s *uses) add(u use, principal, key string, at time.Time, page []collectors.CallRef) {
	s.services[principal] = true
	if key != "" && len(s.keys) < maxKeys {
		s.keys[key] = true
	}
	if s.events[u.Name] == nil {
		s.events[u.Name] = &EventCount{Name: u.Name}
	}
	s.events[u.Name].Count++
	s.first, s.last = widen(s.first, s.last, at)
	for _, c := range page {
		if !slices.Contains(s.calls, c) {
			s.calls = append(s.calls, c)
		}
	}
	code := u.code()
	if code != "" {
		s.events[u.Name].Failed++
	}
	switch {
	case code == "":
	case u.ofCaller():
		s.callers++
	case u.isTransient():
		s.transient++
	default:
		s.refuse(code, key, at)
	}
}

func (s *uses) refuse(code, key string, at time.Time) {
	r := s.refused[code]
	if r == nil {
		r = &refusal{}
		s.refused[code] = r
	}
	r.count++
	if at.After(r.last) {
		r.key = key
	}
	r.first, r.last = widen(r.first, r.last, at)
}

// widen makes a span reach a time; one that is zero has none yet.
func widen(first, last, at time.Time) (from, to time.Time) {
	if first.IsZero() || at.Before(first) {
		first = at
	}
	if at.After(last) {
		last = at
	}
	return first, last
}

// row is the resource's row. Its ARN has the region, because a bucket's name
// may come up in several. Without a refusal it is not known whether a lookup
// that failed would have shown one; a refusal is known whatever else there is.
func (s *uses) row(h *history) collectors.Resource {
	out := collectors.Resource{ARN: s.of.arn + "/*#kms-use-" + h.scope.Region, Type: eventType, Name: s.of.name + " · KMS use", Scope: h.scope, Calls: s.calls}
	f := EventFacts{Resource: s.of.arn, Services: slices.Sorted(maps.Keys(s.services)), Keys: slices.Sorted(maps.Keys(s.keys)),
		CallersDenied: s.callers, Transient: s.transient, First: awsapi.Stamp(&s.first), Last: awsapi.Stamp(&s.last), Range: h.covered()}
	for _, name := range slices.Sorted(maps.Keys(s.events)) {
		f.Events = append(f.Events, *s.events[name])
	}
	for _, code := range slices.Sorted(maps.Keys(s.refused)) {
		r := s.refused[code]
		f.Refused = append(f.Refused, Refusal{Code: code, Key: r.key, Count: r.count, First: awsapi.Stamp(&r.first), Last: awsapi.Stamp(&r.last)})
	}
	for _, l := range h.lookups {
		f.Lookups = append(f.Lookups, l.Lookup)
	}
	if err := h.failure(); err != nil {
		attributes := []string{"facts.range"}
		if len(f.Refused) == 0 {
			attributes = append(attributes, "facts.refused")
		}
		out.Gaps = append(out.Gaps, eventGap(err, attributes...))
	}
	out.Facts = f
	slices.SortStableFunc(out.Calls, func(a, b collectors.CallRef) int {
		if c := a.Time.Compare(b.Time); c != 0 {
			return c
		}
		return strings.Compare(a.RequestID, b.RequestID)
	})
	return out
}
