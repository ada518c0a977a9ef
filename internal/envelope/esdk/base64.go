package esdk

import (
	"bufio"
	"encoding/base64"
	"fmt"
	"io"

	"github.com/sealaudit/sealaudit/internal/envelope"
)

// recognise tells whether b begins a message, and whether in base64: AYA for
// version 1, AgR4 and AgV4 for the suites of version 2.
func recognise(b []byte) (message, text bool) {
	if len(b) < 4 {
		return false, false
	}
	switch {
	case b[0] == 1 && b[1] == 0x80, b[0] == 2 && (b[1] == 4 || b[1] == 5) && b[2] == 0x78:
		return true, false
	case string(b[:3]) == "AYA", string(b[:4]) == "AgR4", string(b[:4]) == "AgV4":
		return true, true
	}
	return false, false
}

// Recognise tells whether b, the first bytes of something, at least 4, begins
// a message, binary or in base64.
func Recognise(b []byte) bool {
	message, _ := recognise(b)
	return message
}

// decoded is r, decoded if it is base64, which text tells.
func decoded(r io.Reader) (d io.Reader, text bool, err error) {
	var first [4]byte
	n, err := io.ReadFull(r, first[:])
	if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
		return nil, false, fmt.Errorf("reading the message: %w", err)
	}
	r = &prefixed{first[:n], r}
	if _, text = recognise(first[:n]); text {
		r = &decoder{r: bufio.NewReader(r)}
	}
	return r, text, nil
}

// prefixed reads first and then r.
type prefixed struct {
	first []byte
	r     io.Reader
}

func (p *prefixed) Read(b []byte) (int, error) {
	if len(p.first) == 0 {
		return p.r.Read(b)
	}
	n := copy(b, p.first)
	p.first = p.first[n:]
	return n, nil
}

// decoder decodes base64 with padding, over line ends, to the end: unlike the
// standard library's it finds what follows the padding.
type decoder struct {
	r     *bufio.Reader
	ended bool // padding was read
	out   [3 * 1024]byte
	rest  []byte // of out
}

func (d *decoder) Read(b []byte) (int, error) {
	for len(d.rest) == 0 {
		if err := d.fill(); err != nil {
			return 0, err
		}
	}
	n := copy(b, d.rest)
	d.rest = d.rest[n:]
	return n, nil
}

func (d *decoder) fill() error {
	var in [4 * 1024]byte
	n := 0
	for n < len(in) && (n%4 != 0 || n == 0 || d.r.Buffered() > 0) {
		c, err := d.r.ReadByte()
		if err != nil {
			if err == io.EOF && n%4 != 0 {
				return fmt.Errorf("%w: the base64 of the message ends within a group", envelope.ErrFormat)
			}
			return err
		}
		if c == '\n' || c == '\r' {
			continue
		}
		if d.ended {
			return fmt.Errorf("%w: bytes follow the padding of the message's base64", envelope.ErrFormat)
		}
		in[n] = c
		if n++; c == '=' && n%4 == 0 {
			d.ended = true
		}
	}
	got, err := base64.StdEncoding.Decode(d.out[:], in[:n])
	if err != nil {
		return fmt.Errorf("%w: the message is in base64 with other characters in between", envelope.ErrFormat)
	}
	d.rest = d.out[:got]
	return nil
}
