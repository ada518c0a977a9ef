package esdk

import (
	"fmt"
	"io"

	"github.com/sealaudit/sealaudit/internal/envelope"
)

// longPiece is what is checked at once; a longer piece is checked, or walked
// over, in chunks, so that no frame length and no body needs memory.
const longPiece = 1 << 20

// check reads the rest of the message without releasing anything, and with no
// key walks over it. It is nil when all was found right.
func (m *message) check() error { return m.src.drain(m.checkAll) }

func (m *message) checkAll() error {
	for !m.last {
		kind, n, err := m.piece()
		if err == nil && (n > longPiece || m.aead == nil) {
			err = m.long(kind, n, nil)
		} else if err == nil {
			_, err = m.short(kind, n, nil)
		}
		if err != nil {
			return m.do("body", err)
		}
		m.advance(n)
	}
	if err := m.finish(); err != io.EOF {
		return err
	}
	return nil
}

// short authenticates a piece at once and decrypts it, into dst if it fits,
// else where it was read or beside it.
func (m *message) short(kind string, n int64, dst []byte) ([]byte, error) {
	b, err := m.takeHashed(int(n)+tagLen, "a frame")
	if err != nil {
		return nil, err
	}
	var out []byte
	if int64(len(dst)) >= n {
		out = dst[:0:len(dst)]
	} else {
		out = m.src.into(b, int(n))
	}
	out, err = m.aead.Open(out, m.iv[:], b, m.additional(len(m.head.MessageID), kind, n))
	if err != nil {
		return nil, m.forged(kind)
	}
	return out, nil
}

// long checks a piece in chunks. With release it hands out the plaintext of
// each chunk that an earlier check marked.
func (m *message) long(kind string, n int64, release func([]byte) error) error {
	if m.aead == nil {
		return m.skip(n + tagLen)
	}
	g := newPieceGCM(m.block, m.aead, m.iv[:], m.additional(len(m.head.MessageID), kind, n))
	if err := m.mark(g.mask, release != nil); err != nil {
		return err
	}
	for left := n; left > 0; {
		b, err := m.takeHashed(int(min(left, longPiece)), "a frame")
		if err != nil {
			return err
		}
		left -= int64(len(b))
		b = m.src.own(b)
		g.absorb(b)
		if err := m.mark(g.state, release != nil); err != nil {
			return err
		}
		if release == nil {
			continue
		}
		g.stream.XORKeyStream(b, b)
		if err := release(b); err != nil {
			return err
		}
	}
	tag, err := m.takeHashed(tagLen, "a frame")
	if err == nil && !g.verify(tag) {
		err = m.forged(kind)
	}
	return err
}

// skip walks over n bytes.
func (m *message) skip(n int64) error {
	for n > 0 {
		b, err := m.takeHashed(int(min(n, fullBuffer)), "a frame")
		if err != nil {
			return err
		}
		n -= int64(len(b))
	}
	return nil
}

// marks are what an authenticated piece's GCM went through: nobody without the
// key can make other bytes go through the same.
type marks struct{ seen []element }

// mark notes e in a first reading that a second one follows, and in the second
// holds e against the first.
func (m *message) mark(e element, second bool) error {
	switch {
	case m.marks == nil:
		return nil
	case !second:
		m.marks.seen = append(m.marks.seen, e)
		return nil
	case len(m.marks.seen) == 0 || m.marks.seen[0] != e:
		return fmt.Errorf("%w: the message is not the one that was verified before", envelope.ErrTampered)
	}
	m.marks.seen = m.marks.seen[1:]
	return nil
}
