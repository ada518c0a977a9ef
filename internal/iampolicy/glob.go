package iampolicy

import (
	"strings"
	"unicode/utf8"
)

// A glob is a pattern as a list of characters and, below zero, wildcards.
// In each run of wildcards the ? come first and at most one * follows, which
// makes equal patterns look equal.
type glob []rune

const (
	anyOne rune = -1 - iota // ?: exactly one character
	anyRun                  // *: any number of characters
	unset                   // a policy variable whose value isn't known
)

// compileGlob reads s. wild makes * and ? wildcards. resolve, when not nil,
// gives the value of a policy variable; nil leaves ${ as text.
func compileGlob(s string, wild bool, resolve func(name string) (string, bool)) glob {
	g := make(glob, 0, len(s))
	for s != "" {
		if resolve != nil && strings.HasPrefix(s, "${") {
			if end := strings.IndexByte(s, '}'); end > 0 {
				g = appendVariable(g, s[2:end], resolve)
				s = s[end+1:]
				continue
			}
		}
		r, n := utf8.DecodeRuneInString(s)
		s = s[n:]
		switch {
		case wild && r == '*':
			if len(g) == 0 || g[len(g)-1] != anyRun {
				g = append(g, anyRun)
			}
		case wild && r == '?':
			if len(g) > 0 && g[len(g)-1] == anyRun {
				g[len(g)-1] = anyOne
				g = append(g, anyRun)
			} else {
				g = append(g, anyOne)
			}
		default:
			g = append(g, r)
		}
	}
	return g
}

// appendVariable expands ${name}, ${name, 'default'} and the escapes ${*},
// ${?} and ${$} (IAM User Guide, "Policy variables").
func appendVariable(g glob, name string, resolve func(string) (string, bool)) glob {
	if name == "*" || name == "?" || name == "$" {
		return append(g, rune(name[0]))
	}
	value, known := resolve(name)
	if !known {
		return append(g, unset)
	}
	return append(g, []rune(value)...)
}

func (g glob) has(r rune) bool {
	for _, c := range g {
		if c == r {
			return true
		}
	}
	return false
}

// text writes g with its wildcards as * and ?.
func (g glob) text() string {
	var b strings.Builder
	for _, r := range g {
		switch r {
		case anyRun:
			b.WriteByte('*')
		case anyOne:
			b.WriteByte('?')
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// A meter bounds the work on one question, so that no policy can make a scan
// slow. Out of work, an answer is Unknown.
type meter struct{ left int }

const maxWork = 10_000_000

func (m *meter) spend(n int) bool {
	m.left -= n
	return m.left > 0
}

// relate compares a pattern with a request's value, which may be a pattern
// itself ("every object of the bucket"): True when it covers every value,
// False when it covers none.
func relate(pattern, value glob, m *meter) Tri {
	if !m.spend(len(pattern) + len(value)) {
		return Unknown
	}
	covered, ok := covers(pattern, value, m)
	if !ok {
		return Unknown
	}
	if covered {
		return True
	}
	if !pattern.has(unset) && !value.has(anyRun) && !value.has(anyOne) {
		return False
	}
	if shared, ok := intersects(pattern, value, m); ok && !shared {
		return False
	}
	return Unknown
}

// covers tells whether every string of b is one of a. It walks once and
// returns only to the last *, so its work is at most len(a)·len(b). A "no" on
// two patterns can be a "yes" in rare spellings; the caller takes it as "not
// shown".
func covers(a, b glob, m *meter) (yes, ok bool) {
	i, j, star, mark := 0, 0, -1, 0
	for j < len(b) {
		switch {
		case i < len(a) && a[i] == anyRun:
			star, mark = i, j
			i++
		case i < len(a) && a[i] != unset && (a[i] == b[j] || a[i] == anyOne && b[j] != anyRun):
			i++
			j++
		case star >= 0:
			mark++
			i, j = star+1, mark
			if !m.spend(1) {
				return false, false
			}
		default:
			return false, true
		}
		if !m.spend(1) {
			return false, false
		}
	}
	for i < len(a) && a[i] == anyRun {
		i++
	}
	return i == len(a), true
}

// intersects tells whether a and b have a string in common. Work and memory
// are len(a)·len(b) and len(b).
func intersects(a, b glob, m *meter) (yes, ok bool) {
	if !m.spend((len(a) + 1) * (len(b) + 1)) {
		return false, false
	}
	run := func(r rune) bool { return r == anyRun || r == unset }
	next, row := make([]bool, len(b)+1), make([]bool, len(b)+1)
	for i := len(a); i >= 0; i-- {
		for j := len(b); j >= 0; j-- {
			switch {
			case i == len(a) && j == len(b):
				row[j] = true
			case i < len(a) && run(a[i]):
				row[j] = next[j] || j < len(b) && row[j+1]
			case j < len(b) && run(b[j]):
				row[j] = row[j+1] || i < len(a) && next[j]
			case i < len(a) && j < len(b):
				row[j] = next[j+1] && (a[i] == b[j] || a[i] == anyOne || b[j] == anyOne)
			default:
				row[j] = false
			}
		}
		next, row = row, next
	}
	return next[0], true
}
