package s3ec

import (
	"bytes"
	"context"
	"crypto/cipher"
	"fmt"
	"io"
	"sync"

	"github.com/sealaudit/sealaudit/internal/envelope"
)

// Buffers that were used, for the next body: making new ones takes a fifth of
// the time of the decryption. Nobody reads of one what was not written to it
// since.
var (
	pieceBuffers = sync.Pool{New: func() any { return new([pieceSize + tagSize]byte) }}
	bodyBuffers  sync.Pool // of *[]byte
)

// borrow is a buffer of so many bytes, for giveBack when it is not used any
// more.
func borrow(n int) *[]byte {
	if b, ok := bodyBuffers.Get().(*[]byte); ok && cap(*b) >= n {
		*b = (*b)[:n]
		return b
	}
	b := make([]byte, n)
	return &b
}

func giveBack(b *[]byte) { bodyBuffers.Put(b) }

// lent gives do what is left of a reader that is in the caller's memory, and
// reads it by that, without a copy. It reports whether it did. do neither
// changes nor keeps what it gets.
func lent(r io.Reader, do func(body []byte) error) (is bool, err error) {
	switch r := r.(type) {
	case *bytes.Reader:
		if r.Len() == 0 {
			return true, do(nil)
		}
		_, err = r.WriteTo(whole(do))
		return true, err
	case *bytes.Buffer:
		return true, do(r.Next(r.Len()))
	}
	return false, nil
}

// whole is an io.Writer that is written to once.
type whole func(body []byte) error

func (w whole) Write(p []byte) (int, error) { return len(p), w(p) }

// cut takes a whole body apart into ciphertext and tag. size is what the store
// says of its length, or 0.
func cut(body []byte, size int64) (text, tag []byte, err error) {
	n := int64(len(body))
	switch {
	case size > 0 && n != size:
		return nil, nil, fmt.Errorf("reading the body: it has %d of %d bytes: %w", n, size, io.ErrUnexpectedEOF)
	case n < tagSize:
		return nil, nil, fmt.Errorf("%w: the body has %d bytes, and its tag alone has %d", envelope.ErrFormat, n, tagSize)
	case n > maxBody+tagSize:
		return nil, nil, fmt.Errorf("%w: the body is longer than AES-GCM allows", envelope.ErrFormat)
	}
	return body[:n-tagSize], body[n-tagSize:], nil
}

// absorbAll adds ciphertext that is in memory, piece by piece.
func (g *piecewise) absorbAll(ctx context.Context, text []byte) error {
	for first := true; first || len(text) > 0; first = false {
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("reading the body: %w", err)
		}
		n := min(len(text), pieceSize)
		g.absorb(text[:n])
		text = text[n:]
	}
	return nil
}

// verifyLent authenticates a body that is in memory.
func (g *piecewise) verifyLent(ctx context.Context, body []byte, size int64) (passed, error) {
	text, tag, err := cut(body, size)
	if err != nil {
		return passed{}, err
	}
	if err := g.absorbAll(ctx, text); err != nil {
		return passed{}, err
	}
	return finished(body), g.check(tag)
}

func finished(body []byte) passed {
	out := passed{bytes: int64(len(body) - tagSize)}
	copy(out.last[:], body[len(body)-tagSize:])
	return out
}

// openLent opens a body that is in the caller's memory. Its last bytes, all of
// it if it is short, are decrypted in one call which also authenticates the
// body; what comes before them was only read until then.
func (h *header) openLent(ctx context.Context, dst io.Writer, key, body []byte, size int64) (passed, error) {
	text, _, err := cut(body, size)
	if err != nil {
		return passed{}, err
	}
	if err := ctx.Err(); err != nil {
		return passed{}, fmt.Errorf("reading the body: %w", err)
	}
	held := borrow(min(len(text), memoryLent))
	defer giveBack(held)
	if len(text) <= memoryLent {
		return h.openMemory(dst, (*held)[:0], key, body)
	}
	g, err := newPiecewise(key, h.contentIV(), h.suite.aad())
	if err != nil {
		return passed{}, err
	}
	at := (len(text) - memoryLent + pieceSize - 1) / pieceSize * pieceSize
	if err := g.absorbAll(ctx, text[:at]); err != nil {
		return passed{}, err
	}
	rest, err := g.openRest((*held)[:0], body[at:])
	if err != nil {
		return passed{}, err
	}
	if err := g.release(ctx, dst, text[:at]); err != nil {
		return passed{}, err
	}
	return finished(body), write(dst, rest)
}

// release decrypts the beginning of a body that was found authentic, and that
// lay in memory since.
func (g *piecewise) release(ctx context.Context, dst io.Writer, text []byte) error {
	buf := pieceBuffers.Get().(*[pieceSize + tagSize]byte)
	defer func() { clear(buf[:]); pieceBuffers.Put(buf) }()
	first := g.counter(2)
	stream := cipher.NewCTR(g.block, first[:])
	for len(text) > 0 {
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("decrypting the body: %w", err)
		}
		n := min(len(text), pieceSize)
		stream.XORKeyStream(buf[:n], text[:n])
		if err := write(dst, buf[:n]); err != nil {
			return err
		}
		text = text[n:]
	}
	return nil
}
