package report

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/olekukonko/tablewriter/pkg/twwidth"
)

// printable makes text from an account safe to show: control characters, ANSI
// sequences, bidirectional overrides, zero-width and other invisible
// characters become escapes that a reader sees (\x1b, \u202e), and bytes that
// are no UTF-8 too. All formats but JSON, which has escapes of its own
// (VisibleJSON), show account text through it; HTML, Markdown and SARIF escape for their syntax
// after it.
func printable(s string) string {
	if !strings.ContainsFunc(s, hidden) {
		return s
	}
	var b strings.Builder
	for len(s) > 0 {
		r, n := utf8.DecodeRuneInString(s)
		switch {
		case r == utf8.RuneError && n == 1:
			fmt.Fprintf(&b, `\x%02x`, s[0])
		case !hidden(r):
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\t':
			b.WriteString(`\t`)
		case r < 0x100:
			fmt.Fprintf(&b, `\x%02x`, r)
		case r < 0x10000:
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			fmt.Fprintf(&b, `\U%08x`, r)
		}
		s = s[n:]
	}
	return b.String()
}

// hidden says whether a reader could miss the character or what it does to
// its neighbours.
func hidden(r rune) bool {
	if ' ' <= r && r <= '~' { // nearly all
		return false
	}
	switch r {
	case utf8.RuneError, '\u034f', '\u115f', '\u1160', '\u2800', '\u3164', '\uffa0': // letters by class, blank by looks
		return true
	}
	return !unicode.IsPrint(r) || unicode.Is(unicode.Variation_Selector, r)
}

// width is how many terminal columns s takes. Characters of ambiguous width
// count as narrow whatever the locale, so that every machine draws the same.
func width(s string) int {
	return twwidth.WidthWithOptions(s, twwidth.Options{})
}

// shorten cuts the middle out of s so that it fits into n columns.
func shorten(s string, n int) string {
	if width(s) <= n || n < 3 {
		return s
	}
	runes := []rune(s)
	head, tail := 0, len(runes)
	for left, room := true, n-1; head < tail; left = !left {
		next := runes[head]
		if !left {
			next = runes[tail-1]
		}
		if room -= width(string(next)); room < 0 {
			break
		}
		if left {
			head++
		} else {
			tail--
		}
	}
	return string(runes[:head]) + "…" + string(runes[tail:])
}

// wrap breaks s into lines of at most n columns, at spaces where it can.
func wrap(s string, n int) []string {
	var lines []string
	line := ""
	for _, word := range strings.Fields(s) {
		if line != "" && width(line)+1+width(word) <= n {
			line += " " + word
			continue
		}
		if line != "" {
			lines = append(lines, line)
		}
		for width(word) > n {
			cut := fit(word, n)
			lines = append(lines, word[:cut])
			word = word[cut:]
		}
		line = word
	}
	return append(lines, line)
}

// fit is how many bytes of s, at least one character, take at most n columns.
func fit(s string, n int) int {
	used := 0
	for i, r := range s {
		if used += width(string(r)); used > n && i > 0 {
			return i
		}
	}
	return len(s)
}

// plural is "1 failure", "2 failures".
func plural(n int, one string) string {
	switch {
	case n == 1:
		return "1 " + one
	case strings.HasSuffix(one, "y"):
		return fmt.Sprintf("%d %sies", n, strings.TrimSuffix(one, "y"))
	}
	return fmt.Sprintf("%d %ss", n, one)
}
