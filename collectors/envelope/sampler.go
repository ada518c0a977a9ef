package envelope

import (
	"bytes"
	"container/heap"
	"crypto/sha256"
	"encoding/binary"
	"slices"

	"github.com/sealaudit/sealaudit/collectors"
)

// Rank orders names by SHA-256 of seed, parent, name and version. The lowest
// are the sample.
type Rank [sha256.Size]byte

// Less says whether r comes before another rank.
func (r Rank) Less(other Rank) bool { return bytes.Compare(r[:], other[:]) < 0 }

// Picked is a name in a sample, with what the listing told of it.
type Picked[T any] struct {
	Name, Version string
	Rank          Rank
	Value         T
}

// Sampler picks the names of lowest rank while a listing goes by ("bottom-k").
// So every name has the same chance and is picked at most once, the listing's
// order makes no difference, the same seed picks the same names, and no more
// than the sample is held. It is used by one goroutine.
type Sampler[T any] struct {
	size       int
	text       []byte // what a rank is of: seed and parent, then the name at hand
	prefix     int    // length of seed and parent
	picked     lowest[T]
	byRank     map[Rank]*Picked[T]
	population int
}

// NewSampler returns a sampler of names below the parent (an ARN).
func NewSampler[T any](s collectors.Sampling, parent string) *Sampler[T] {
	text := appendText(binary.BigEndian.AppendUint64(nil, uint64(s.Seed)), parent)
	return &Sampler[T]{size: s.Size, text: text, prefix: len(text), byRank: map[Rank]*Picked[T]{}}
}

// appendText appends a text so that what follows can't run into it.
func appendText(b []byte, text string) []byte {
	return append(binary.BigEndian.AppendUint32(b, uint32(len(text))), text...)
}

func (s *Sampler[T]) rank(name, version string) Rank {
	s.text = appendText(appendText(s.text[:s.prefix], name), version)
	return sha256.Sum256(s.text)
}

// Offer takes the next name of a listing, which has each name and version once.
func (s *Sampler[T]) Offer(name, version string, value T) {
	rank := s.rank(name, version)
	if s.byRank[rank] != nil {
		return
	}
	s.population++
	if s.size == 0 || len(s.picked) == s.size && !rank.Less(s.picked[0].Rank) {
		return
	}
	p := &Picked[T]{name, version, rank, value}
	s.byRank[rank] = p
	heap.Push(&s.picked, p)
	if len(s.picked) > s.size {
		out := heap.Pop(&s.picked).(*Picked[T])
		delete(s.byRank, out.Rank)
	}
}

// Find is a name that is in the sample so far, or nil.
func (s *Sampler[T]) Find(name, version string) *Picked[T] { return s.byRank[s.rank(name, version)] }

// Population is how many names were offered.
func (s *Sampler[T]) Population() int { return s.population }

// Picked is the sample by rank.
func (s *Sampler[T]) Picked() []*Picked[T] {
	out := slices.Clone([]*Picked[T](s.picked))
	slices.SortFunc(out, func(a, b *Picked[T]) int { return bytes.Compare(a.Rank[:], b.Rank[:]) })
	return out
}

// lowest is a heap with the highest rank on top.
type lowest[T any] []*Picked[T]

func (l lowest[T]) Len() int           { return len(l) }
func (l lowest[T]) Less(i, j int) bool { return l[j].Rank.Less(l[i].Rank) }
func (l lowest[T]) Swap(i, j int)      { l[i], l[j] = l[j], l[i] }

// Push implements heap.Interface.
func (l *lowest[T]) Push(x any) { *l = append(*l, x.(*Picked[T])) }

// Pop implements heap.Interface.
func (l *lowest[T]) Pop() any {
	last := (*l)[len(*l)-1]
	*l = (*l)[:len(*l)-1]
	return last
}
