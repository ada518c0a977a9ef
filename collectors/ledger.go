package collectors

import (
	"cmp"
	"slices"
	"sync"
)

// Coverage is one line of the ledger: how many resources of a type were
// listed in a scope and how many of them were really read. Listed is always
// Read + Partly + Unread.
type Coverage struct {
	Scope  Scope  `json:"scope"`
	Type   string `json:"type"`
	Listed int    `json:"listed"`
	Read   int    `json:"read"`   // without a gap
	Partly int    `json:"partly"` // with a gap on some attributes
	Unread int    `json:"unread"` // nothing of its facts was read
	// Gap is why the listing is incomplete; the counts are then a lower bound.
	// A zero is a fact only without it.
	Gap *Gap `json:"gap,omitempty"`
	// NotOffered is how it is known that AWS does not offer the type's service
	// in the region, so that there is nothing to list.
	NotOffered string `json:"not_offered,omitempty"`
}

// Complete says whether everything of the type in the scope was read.
func (c Coverage) Complete() bool { return c.Gap == nil && c.Partly == 0 && c.Unread == 0 }

// Ledger counts coverage while collectors run. It is safe for concurrent use.
type Ledger struct {
	mu    sync.Mutex
	lines map[Scope]map[string]*Coverage
}

// Open starts a line, so that a type is in the ledger even if nothing more is
// heard of it. Until Listed is called the listing counts as interrupted.
func (l *Ledger) Open(scope Scope, resourceType string) {
	l.change(scope, resourceType, func(c *Coverage) {
		c.Gap = &Gap{Attributes: []string{"facts"}, Reason: TimedOut, Detail: "The listing did not finish.", Remedy: "Scan again with a longer --timeout."}
	})
}

// Listed ends a line's listing; a nil gap means that it was complete.
func (l *Ledger) Listed(scope Scope, resourceType string, gap *Gap) {
	l.change(scope, resourceType, func(c *Coverage) { c.Gap = gap })
}

// NotOffered ends the line of a type that can't exist in the scope.
func (l *Ledger) NotOffered(scope Scope, resourceType, why string) {
	l.change(scope, resourceType, func(c *Coverage) { c.Gap, c.NotOffered = nil, why })
}

// Count adds one resource by how much of it was read. Stand-ins for an
// unlisted type are not resources.
func (l *Ledger) Count(r Resource) {
	if r.Unlisted {
		return
	}
	l.change(r.Scope, r.Type, func(c *Coverage) {
		c.Listed++
		switch {
		case r.unread():
			c.Unread++
		case len(r.Gaps) > 0:
			c.Partly++
		default:
			c.Read++
		}
	})
}

func (l *Ledger) change(scope Scope, resourceType string, f func(*Coverage)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.lines == nil {
		l.lines = map[Scope]map[string]*Coverage{}
	}
	if l.lines[scope] == nil {
		l.lines[scope] = map[string]*Coverage{}
	}
	c := l.lines[scope][resourceType]
	if c == nil {
		c = &Coverage{Scope: scope, Type: resourceType}
		l.lines[scope][resourceType] = c
	}
	f(c)
}

// Lines are the ledger's lines by account, region and type.
func (l *Ledger) Lines() []Coverage {
	l.mu.Lock()
	defer l.mu.Unlock()
	var out []Coverage
	for _, byType := range l.lines {
		for _, c := range byType {
			out = append(out, *c)
		}
	}
	slices.SortFunc(out, func(a, b Coverage) int {
		return cmp.Or(cmp.Compare(a.Scope.Account, b.Scope.Account), cmp.Compare(a.Scope.Region, b.Scope.Region), cmp.Compare(a.Type, b.Type))
	})
	return out
}

// unread: a gap covers all facts.
func (r Resource) unread() bool {
	return slices.ContainsFunc(r.Gaps, func(g Gap) bool { return slices.Contains(g.Attributes, "facts") })
}
