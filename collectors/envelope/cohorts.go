package envelope

import (
	"bytes"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/sealaudit/sealaudit/collectors"
	"github.com/sealaudit/sealaudit/internal/envelope"
)

const (
	maxShapes   = 256 // cohorts of a parent; more come from somebody who makes them up
	maxExamples = 3
	maxOpened   = 8 // KMS keys of a cohort
)

// Cohorts folds the sightings of one parent. Memory follows the number of
// shapes, of which the lowest 256 by their id are kept, and what comes out does
// not depend on the order of what goes in. It is safe for concurrent use.
type Cohorts struct {
	grown func() // called for each new cohort

	mu      sync.Mutex
	byShape map[shape]*cohort
	highest shape // of those kept, once they are as many as may be
	others  cohort
	sampled int
	text    []byte // scratch
}

// NewCohorts returns an empty fold. grown, if not nil, is called for each
// cohort that comes up.
func NewCohorts(grown func()) *Cohorts {
	return &Cohorts{grown: grown, byShape: map[shape]*cohort{}}
}

// cohort is what is known of the things of one shape.
type cohort struct {
	id       shape
	one      Sighting // that of lowest rank: shape, gaps and proof of all
	count    int
	bytes    int64
	first    time.Time
	last     time.Time
	examples []example // by rank
	opened   []string
	weak     []string
	marks    []Marks
}

type example struct {
	rank  Rank
	name  string
	calls []collectors.CallRef
}

// Add folds one sighting in.
func (c *Cohorts) Add(s Sighting) {
	c.mu.Lock()
	defer c.mu.Unlock()
	var id shape
	id, c.text = s.shape(c.text)
	c.sampled++
	known := c.byShape[id]
	if known == nil {
		known = c.room(id)
	}
	known.add(s)
}

// room is the place of a new shape: its own, or among the others.
func (c *Cohorts) room(id shape) *cohort {
	if len(c.byShape) == maxShapes {
		if bytes.Compare(id[:], c.highest[:]) > 0 {
			return &c.others
		}
		c.others.merge(c.byShape[c.highest])
		delete(c.byShape, c.highest)
	}
	out := &cohort{id: id}
	c.byShape[id] = out
	if len(c.byShape) == maxShapes {
		c.highest = slices.MaxFunc(slices.Collect(maps.Keys(c.byShape)), func(a, b shape) int { return bytes.Compare(a[:], b[:]) })
	}
	if c.grown != nil {
		c.grown()
	}
	return out
}

func (c *cohort) add(s Sighting) {
	if c.count == 0 || s.Rank.Less(c.one.Rank) {
		c.one = s
	}
	c.count++
	c.bytes += s.Bytes
	c.span(s.Modified, s.Modified)
	c.example(example{s.Rank, s.Name, s.Calls})
	for _, key := range s.Opened {
		c.opened = lowestFew(c.opened, maxOpened, key)
	}
	if s.Proof != nil {
		for _, w := range s.Proof.Weaknesses {
			c.weak = lowestFew(c.weak, len(envelope.Weaknesses()), w.ID)
		}
	}
	if s.Marks != (Marks{}) {
		c.marks = append(c.marks, s.Marks)
	}
}

// merge adds a cohort that is kept no longer. What its things have alike is
// lost.
func (c *cohort) merge(other *cohort) {
	c.count += other.count
	c.bytes += other.bytes
	c.span(other.first, other.last)
	for _, e := range other.examples {
		c.example(e)
	}
}

func (c *cohort) span(first, last time.Time) {
	if !first.IsZero() && (c.first.IsZero() || first.Before(c.first)) {
		c.first = first
	}
	if last.After(c.last) {
		c.last = last
	}
}

// example keeps the lowest few.
func (c *cohort) example(e example) {
	at, _ := slices.BinarySearchFunc(c.examples, e.rank, func(e example, r Rank) int { return bytes.Compare(e.rank[:], r[:]) })
	if at == maxExamples {
		return
	}
	c.examples = slices.Insert(c.examples, at, e)
	c.examples = c.examples[:min(len(c.examples), maxExamples)]
}

// sorted are the cohorts by id.
func (c *Cohorts) sorted() []*cohort {
	return slices.SortedFunc(maps.Values(c.byShape), func(a, b *cohort) int { return bytes.Compare(a.id[:], b.id[:]) })
}
