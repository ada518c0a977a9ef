package rego

import (
	"cmp"
	"slices"
	"strings"
)

// path is a place in a policy's input: ["facts", "encryption", "type"]. The
// empty path is the whole input.
type path []string

func (p path) String() string { return strings.Join(p, ".") }

// parsePath reads a dotted path. An array index in it ends it there, because
// paths do not look into arrays: the path then covers the whole array.
func parsePath(text string) path {
	var out path
	for part := range strings.SplitSeq(text, ".") {
		name, _, indexed := strings.Cut(part, "[")
		if strings.Trim(name, "0123456789") == "" {
			return out
		}
		if out = append(out, name); indexed {
			return out
		}
	}
	return out
}

func (p path) hasPrefix(q path) bool { return len(p) >= len(q) && slices.Equal(p[:len(q)], q) }

func (p path) extend(more path) path { return append(slices.Clone(p), more...) }

// read is one place that a policy's verdict depends on: its value, or, for a
// shape, only whether it is there and, if so, whether it is false.
type read struct {
	at    path
	shape bool
}

// touches says whether not knowing what is at gap, and everything below it,
// could change what the read gives.
func (r read) touches(gap path) bool {
	return r.at.hasPrefix(gap) || !r.shape && gap.hasPrefix(r.at)
}

func compareReads(a, b read) int {
	return cmp.Or(slices.Compare(a.at, b.at), cmp.Compare(boolInt(a.shape), boolInt(b.shape)))
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

// minimal sorts reads and drops those that a value read covers.
func minimal(reads []read) []read {
	slices.SortFunc(reads, compareReads)
	var out []read
	for _, r := range reads {
		covered := slices.ContainsFunc(out, func(o read) bool {
			return !o.shape && r.at.hasPrefix(o.at) || o.shape && r.shape && slices.Equal(o.at, r.at)
		})
		if !covered {
			out = append(out, r)
		}
	}
	return out
}
