package report

import (
	"fmt"
	"unicode/utf8"
)

// VisibleJSON writes the hidden characters of a JSON text as JSON's own escapes
// (RFC 8259 §7): programs read the same text, and a terminal that shows it is
// not moved by it. The text is as encoding/json writes it, so that such
// characters are in strings only.
func VisibleJSON(text []byte) []byte {
	i := 0
	for i < len(text) && (text[i] < 0x7f || text[i] > 0x7f && !veiled(text[i:])) {
		i++
	}
	if i == len(text) {
		return text
	}
	out := append(make([]byte, 0, len(text)+16), text[:i]...)
	for rest := text[i:]; len(rest) > 0; {
		r, n := utf8.DecodeRune(rest)
		switch {
		case !veiled(rest):
			out = append(out, rest[:n]...)
		case r < 0x10000:
			out = fmt.Appendf(out, `\u%04x`, r)
		default: // a surrogate pair
			out = fmt.Appendf(out, `\u%04x\u%04x`, 0xd800+(r-0x10000)>>10, 0xdc00+(r-0x10000)&0x3ff)
		}
		rest = rest[n:]
	}
	return out
}

// veiled reports whether the text begins with a hidden character that JSON may
// have as it is; line ends between values are not meant.
func veiled(text []byte) bool {
	if text[0] < utf8.RuneSelf {
		return text[0] == 0x7f
	}
	r, _ := utf8.DecodeRune(text)
	return r != utf8.RuneError && hidden(r)
}
