package rego

import (
	"regexp"
	"strings"
	"testing"
)

// FuzzWaiverPattern holds the matcher of resource patterns against a regular
// expression of the same meaning.
func FuzzWaiverPattern(f *testing.F) {
	for _, pair := range [][2]string{
		{"arn:aws:s3:::logs", "arn:aws:s3:::logs"}, {"arn:aws:s3:::log*", "arn:aws:s3:::logs-2"}, {"*", ""}, {"", ""}, {"**", "a"},
		{"a*b*c", "a-b-b-c"}, {"a*a", "a"}, {"*ab*ab", "abab"}, {"*ab*ab", "ab"}, {"[a-z].?\\", "b"}, {"\xff*", "\xff\n"}, {"*\n", "a\n"},
	} {
		f.Add(pair[0], pair[1])
	}
	f.Fuzz(func(t *testing.T, pattern, s string) {
		if strings.Count(pattern, "*") > 20 || len(pattern)+len(s) > 4096 {
			return // the expression below would take long
		}
		// A byte is a character: patterns and ARNs need not be UTF-8.
		re := regexp.MustCompile(`(?s)\A` + strings.ReplaceAll(regexp.QuoteMeta(latin1(pattern)), `\*`, `.*`) + `\z`)
		if got, want := matchesText(pattern, s), re.MatchString(latin1(s)); got != want {
			t.Errorf("%q on %q: %t, want %t", pattern, s, got, want)
		}
	})
}

func latin1(s string) string {
	var b strings.Builder
	for i := range len(s) {
		b.WriteRune(rune(s[i]))
	}
	return b.String()
}
