package rego

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/agnivade/levenshtein"
)

// Problem is one thing wrong with a policy or a file beside it.
type Problem struct {
	File string
	Line int    // from 1; 0 when it is the whole file
	Text string // what it is; how to mend it
}

func (p Problem) Error() string {
	if p.Line == 0 {
		return p.File + ": " + p.Text
	}
	return fmt.Sprintf("%s:%d: %s", p.File, p.Line, p.Text)
}

// Problems are all problems found, by file and line. It is the error of Load.
type Problems []Problem

func (p Problems) Error() string {
	lines := make([]string, len(p))
	for i, one := range p {
		lines[i] = one.Error()
	}
	return strings.Join(lines, "\n")
}

// Unwrap makes each problem visible to errors.As.
func (p Problems) Unwrap() []error {
	out := make([]error, len(p))
	for i, one := range p {
		out[i] = one
	}
	return out
}

func (p *Problems) add(file string, line int, format string, args ...any) {
	*p = append(*p, Problem{file, line, fmt.Sprintf(format, args...)})
}

// err is nil when there are no problems.
func (p Problems) err() error {
	if len(p) == 0 {
		return nil
	}
	slices.SortFunc(p, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Text, b.Text))
	})
	return slices.Compact(p)
}

// didYouMean is "; did you mean WORD?" for the word closest to the given one,
// or "" when none is close.
func didYouMean(word string, words []string) string {
	best, distance := "", len(word)/3+2
	for _, w := range words {
		if d := levenshtein.ComputeDistance(word, w); d < distance {
			best, distance = w, d
		}
	}
	if best == "" {
		return ""
	}
	return "; did you mean " + best + "?"
}

// oneOf lists words: "a, b or c".
func oneOf[T ~string](words []T) string {
	var b strings.Builder
	for i, w := range words {
		switch {
		case i > 0 && i == len(words)-1:
			b.WriteString(" or ")
		case i > 0:
			b.WriteString(", ")
		}
		b.WriteString(string(w))
	}
	return b.String()
}

func keysOf[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
