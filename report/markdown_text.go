package report

import "strings"

// spanWidth is how many columns, and characters, of a text a short span shows.
const spanWidth = 300

// shortSpan is a code span that takes the middle out of long text, aloud.
func shortSpan(s string) string {
	return codeSpan(clip(shorten(printable(s), spanWidth), spanWidth))
}

// codeSpan shows text of the account as it is: within a code span (CommonMark
// §6.1) only the run of backticks that closes it means something, so its own
// is longer than any in the text.
func codeSpan(s string) string {
	s = printable(s)
	if strings.TrimSpace(s) == "" {
		return "`-`"
	}
	longest, run := 0, 0
	for i := range len(s) {
		if run++; s[i] != '`' {
			run = 0
		}
		longest = max(longest, run)
	}
	fence := strings.Repeat("`", longest+1)
	if longest > 0 || s[0] == ' ' || s[len(s)-1] == ' ' {
		s = " " + s + " " // a space at both ends is stripped
	}
	return fence + s + fence
}

// markdownText makes text of a policy safe within a line or a table's cell:
// nothing in it is markup, raw HTML, a link or a mention.
func markdownText(s string, n int) string {
	return autolinks.Replace(escapeMarkdown(clip(shorten(printable(s), n), n)))
}

// autolinks are what GitHub makes a link of without any markup.
var autolinks = strings.NewReplacer("://", "&#58;//", "www.", "www&#46;")
