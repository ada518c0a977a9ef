package esdk

import (
	"bytes"
	"context"
	"fmt"
	"io"

	"github.com/sealaudit/sealaudit/internal/envelope"
)

const (
	firstBuffer = 2 << 10  // holds a small message whole
	fullBuffer  = 68 << 10 // what a long message is read in, in whole frames; one of 64 KiB fits
)

// source reads a message ahead of its parser. Its buffer grows only as bytes
// arrive, so that a hostile length allocates nothing, and ends at a frame's
// end where it can, so that nothing has to be moved.
type source struct {
	buffer
	ctx      context.Context
	r        io.Reader
	off, end int
	frame    int           // bytes of a whole frame, once known
	seen     int64         // bytes that arrived
	err      error         // of r
	memory   *bytes.Reader // r, if that is what it is
	lent     bool          // buf is the caller's memory, not to be written to
	asked    int           // bytes that were taken since the context was asked
	scratch  buffer        // for what is decrypted and cannot be where it was read
}

func newSource(ctx context.Context, r io.Reader) *source {
	s := &source{ctx: ctx, r: r}
	s.grow(firstBuffer, 0)
	return s
}

// take returns the next n bytes, valid until the next call.
func (s *source) take(n int) ([]byte, error) {
	if s.end-s.off < n {
		if err := s.fill(n); err != nil {
			return nil, err
		}
	}
	if s.asked += n; s.lent && s.asked > longPiece {
		if err := s.ctx.Err(); err != nil {
			return nil, fmt.Errorf("reading the message: %w", err)
		}
		s.asked = 0
	}
	s.off += n
	return s.buf[s.off-n : s.off], nil
}

// fill reads until n bytes are there. The message's end before that is io.EOF.
func (s *source) fill(n int) error {
	if err := s.ctx.Err(); err != nil {
		return fmt.Errorf("reading the message: %w", err)
	}
	if s.lent {
		return io.EOF
	}
	s.end = copy(s.buf, s.buf[s.off:s.end])
	s.off = 0
	for empty := 0; s.end < n; {
		if s.err == io.EOF {
			return io.EOF
		}
		if s.err != nil {
			return fmt.Errorf("reading the message: %w", s.err)
		}
		var got int
		got, s.err = s.r.Read(s.room(n))
		s.end += got
		s.seen += int64(got)
		if empty++; got > 0 {
			empty = 0
		} else if empty == 100 && s.err == nil {
			s.err = io.ErrNoProgress
		}
	}
	return nil
}

// room is where to read to on the way to n bytes. A buffer that filled grows to
// the full one, and beyond by doubling.
func (s *source) room(n int) []byte {
	want := fullBuffer
	if s.frame > 0 && s.frame <= fullBuffer {
		want -= fullBuffer % s.frame
	}
	want = max(n, want)
	if size := len(s.buf); size < want && s.seen >= int64(size) {
		s.grow(min(want, max(2*size, fullBuffer)), s.end)
	}
	end := len(s.buf)
	if s.frame > 0 && end >= s.frame {
		end -= end % s.frame
	}
	if end <= s.end {
		end = len(s.buf)
	}
	return s.buf[s.end:end]
}

// drain calls do, which takes what is left. A message that is in the caller's
// memory is read there meanwhile, and not copied.
func (s *source) drain(do func() error) error {
	if s.memory == nil || s.memory.Len() == 0 || s.back() != nil {
		return do()
	}
	own := s.buffer
	_, err := s.memory.WriteTo(whole(func(message []byte) error {
		s.buffer, s.end, s.lent = buffer{buf: message}, len(message), true
		return do()
	}))
	if more := s.back(); err == nil {
		err = more
	}
	s.buffer, s.lent = own, false
	return err
}

// back gives memory back what was read of it and not taken.
func (s *source) back() error {
	_, err := s.memory.Seek(int64(s.off-s.end), io.SeekCurrent)
	s.off, s.end = 0, 0
	return err
}

// whole is an io.Writer that is written to once.
type whole func(message []byte) error

func (w whole) Write(p []byte) (int, error) { return len(p), w(p) }

// into is where to decrypt n bytes that were read in b.
func (s *source) into(b []byte, n int) []byte {
	if !s.lent {
		return b[:0]
	}
	if len(s.scratch.buf) < n {
		s.scratch.grow(n, 0)
	}
	return s.scratch.buf[:0]
}

// own is b, or a copy of it where b is not to be written to.
func (s *source) own(b []byte) []byte {
	if !s.lent {
		return b
	}
	return append(s.into(b, len(b)), b...)
}

// close ends the use of what take and into returned.
func (s *source) close() {
	s.giveBack()
	s.scratch.giveBack()
	s.off, s.end = 0, 0
}

// atEnd is nil when no byte is left.
func (s *source) atEnd() error {
	if s.end == s.off {
		if err := s.fill(1); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
	}
	return fmt.Errorf("%w: bytes follow the end of the message", envelope.ErrFormat)
}

// cut says of a failure of take what the message ended within.
func cut(err error, within string) error {
	if err == io.EOF {
		return fmt.Errorf("%w: the message ends within %s", envelope.ErrFormat, within)
	}
	return err
}
