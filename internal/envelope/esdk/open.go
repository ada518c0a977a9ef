package esdk

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/sealaudit/sealaudit/internal/envelope"
)

// Open decrypts a message, binary or in base64, and writes its plaintext to
// dst after all of it was found right: of a message that is refused nothing is
// written. A message that does not fit into opts.MaxFrame is read twice, for
// which src has to be an io.Seeker, and refused with envelope.ErrUnsupported
// when it is not. If src changes in between, Open fails, and what it wrote is
// authentic but not the whole message. A bytes.Reader is read where its bytes
// are, by Verify and Reader.WriteTo too: nothing may write there meanwhile.
func Open(ctx context.Context, dst io.Writer, src io.Reader, kr envelope.Keyring, opts Options) (envelope.Proof, error) {
	start, size, err := extent(src)
	if err != nil {
		m := &message{used: -1}
		return m.proof(), m.do("header", err)
	}
	if start >= 0 && size > opts.maxFrame()+opts.maxFrame()/2 {
		return openTwice(ctx, dst, src.(io.Seeker), start, kr, opts)
	}
	m, err := open(ctx, src, opts)
	defer m.close()
	if err == nil {
		err = m.unlock(ctx, kr)
	}
	if err != nil {
		return m.proof(), err
	}
	held := heldBuffers.Get().(*[]byte)
	defer heldBuffers.Put(held)
	err = m.src.drain(func() error { return m.hold(held, int(min(size, opts.maxFrame()))) })
	if start >= 0 && errors.As(err, new(tooLongError)) {
		return openTwice(ctx, dst, src.(io.Seeker), start, kr, opts)
	}
	if err != nil {
		return m.proof(), err
	}
	return m.proof(), write(dst, *held)
}

// extent is where src stands and how much follows, or -1 and nothing if it
// can't be read again from there.
func extent(src io.Reader) (start, size int64, err error) {
	s, can := src.(io.Seeker)
	if !can {
		return -1, 0, nil
	}
	if start, err = s.Seek(0, io.SeekCurrent); err != nil {
		return -1, 0, nil // a pipe
	}
	end, err := s.Seek(0, io.SeekEnd)
	if err == nil {
		_, err = s.Seek(start, io.SeekStart)
	}
	if err != nil {
		return -1, 0, fmt.Errorf("reading the message: %w", err)
	}
	return start, max(0, end-start), nil
}

func write(dst io.Writer, b []byte) error {
	if _, err := dst.Write(b); err != nil {
		return fmt.Errorf("writing plaintext: %w", err)
	}
	return nil
}

// tooLongError says that a piece or message is longer than what is held.
type tooLongError struct{ most int64 }

func (e tooLongError) Error() string {
	return fmt.Sprintf("%v: more than %d bytes would have to be held until they are authenticated; allow more, or open it from a file",
		envelope.ErrUnsupported, e.most)
}

func (tooLongError) Unwrap() error { return envelope.ErrUnsupported }

// hold reads the whole message into buf, which then has its plaintext if all
// was right. about is what it will come to.
func (m *message) hold(buf *[]byte, about int) error {
	held := slices.Grow((*buf)[:0], about)
	defer func() { *buf = held }()
	most := m.opts.maxFrame()
	for !m.last {
		room := held[len(held):cap(held)]
		b, err := m.next(room, most-int64(len(held)))
		if err != nil {
			return m.do("body", err)
		}
		if len(room) > 0 && len(b) > 0 && &b[0] == &room[0] {
			held = held[:len(held)+len(b)]
		} else {
			held = append(held, b...)
		}
	}
	if err := m.finish(); err != io.EOF {
		return err
	}
	return nil
}

// openTwice verifies all of a message, and then reads it again and writes.
func openTwice(ctx context.Context, dst io.Writer, src io.Seeker, start int64, kr envelope.Keyring, opts Options) (envelope.Proof, error) {
	first, err := again(ctx, src, start, kr, opts)
	defer first.close()
	if err == nil {
		first.marks = &marks{}
		err = first.check()
	}
	if err != nil {
		return first.proof(), err
	}
	second, err := again(ctx, src, start, kr, opts)
	defer second.close()
	if err == nil {
		second.marks = first.marks
		err = second.src.drain(func() error { return second.release(dst) })
	}
	return second.proof(), err
}

// again opens the message from where it starts.
func again(ctx context.Context, src io.Seeker, start int64, kr envelope.Keyring, opts Options) (*message, error) {
	m := &message{opts: opts, used: -1}
	if _, err := src.Seek(start, io.SeekStart); err != nil {
		return m, m.do("header", fmt.Errorf("reading the message: %w", err))
	}
	m, err := open(ctx, src.(io.Reader), opts)
	if err == nil {
		err = m.unlock(ctx, kr)
	}
	return m, err
}

// release writes the plaintext of a message that check found right.
func (m *message) release(dst io.Writer) error {
	for !m.last {
		kind, n, err := m.piece()
		if err == nil && n > longPiece {
			err = m.long(kind, n, func(b []byte) error { return write(dst, b) })
		} else if err == nil {
			var b []byte
			if b, err = m.short(kind, n, nil); err == nil {
				err = write(dst, b)
			}
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
