package item

import (
	"bytes"
	"unicode/utf16"
	"unicode/utf8"
)

// space skips white space (RFC 8259, section 2).
func (p *parser) space() {
	for p.i < len(p.b) && (p.b[p.i] == ' ' || p.b[p.i] == '\n' || p.b[p.i] == '\t' || p.b[p.i] == '\r') {
		p.i++
	}
}

// next is the next byte that is not space, or 0 at the end.
func (p *parser) next() byte {
	if p.space(); p.i < len(p.b) {
		return p.b[p.i]
	}
	return 0
}

func (p *parser) expect(c byte) error {
	if p.next() != c {
		return p.bad("expected " + string(rune(c)))
	}
	p.i++
	return nil
}

// key reads a name and its colon.
func (p *parser) key() (string, error) {
	s, err := p.text()
	if err != nil {
		return "", err
	}
	return s, p.expect(':')
}

// elements reads an object or array, whose elements read does.
func (p *parser) elements(open, end byte, read func() error) error {
	if err := p.expect(open); err != nil {
		return err
	}
	if p.next() == end {
		p.i++
		return nil
	}
	for {
		if err := read(); err != nil {
			return err
		}
		if p.next() == end {
			p.i++
			return nil
		}
		if err := p.expect(','); err != nil {
			return err
		}
	}
}

func (p *parser) boolean() (bool, error) {
	p.space()
	switch {
	case bytes.HasPrefix(p.b[p.i:], []byte("true")):
		p.i += 4
		return true, nil
	case bytes.HasPrefix(p.b[p.i:], []byte("false")):
		p.i += 5
		return false, nil
	}
	return false, p.bad("expected true or false")
}

// text reads a string (RFC 8259, section 7).
func (p *parser) text() (string, error) {
	if err := p.expect('"'); err != nil {
		return "", err
	}
	start, escaped := p.i, false
	for ; p.i < len(p.b) && p.b[p.i] != '"'; p.i++ {
		switch c := p.b[p.i]; {
		case c < ' ':
			return "", p.bad("a control character in a string")
		case c == '\\':
			escaped = true
			p.i++
		}
	}
	if p.i >= len(p.b) {
		return "", p.bad("a string does not end")
	}
	raw := p.b[start:p.i]
	p.i++
	if !utf8.Valid(raw) {
		return "", p.bad("a string is not UTF-8")
	}
	if !escaped {
		return string(raw), nil
	}
	out, ok := unescape(raw)
	if !ok {
		return "", p.bad("a string has an unknown escape")
	}
	return string(out), nil
}

// unescape undoes a string's escapes; half of a surrogate pair is none.
func unescape(raw []byte) ([]byte, bool) {
	plain := map[byte]byte{'"': '"', '\\': '\\', '/': '/', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t'}
	out := make([]byte, 0, len(raw))
	for i := 0; i < len(raw); i++ {
		if raw[i] != '\\' {
			out = append(out, raw[i])
			continue
		}
		i++ // the scanner saw that a byte follows
		if c, ok := plain[raw[i]]; ok {
			out = append(out, c)
			continue
		}
		r, ok := unit(raw[i:])
		if !ok {
			return nil, false
		}
		i += 4
		if utf16.IsSurrogate(r) {
			if i+1 >= len(raw) || raw[i+1] != '\\' {
				return nil, false
			}
			low, ok := unit(raw[i+2:])
			if r = utf16.DecodeRune(r, low); !ok || r == utf8.RuneError {
				return nil, false
			}
			i += 6
		}
		out = utf8.AppendRune(out, r)
	}
	return out, true
}

// unit reads uXXXX.
func unit(b []byte) (rune, bool) {
	if len(b) < 5 || b[0] != 'u' {
		return 0, false
	}
	var r rune
	for _, c := range b[1:5] {
		switch {
		case '0' <= c && c <= '9':
			r = r<<4 | rune(c-'0')
		case 'a' <= c|0x20 && c|0x20 <= 'f':
			r = r<<4 | rune(c|0x20-'a'+10)
		default:
			return 0, false
		}
	}
	return r, true
}
