package esdk

import (
	"context"
	"fmt"
	"io"

	"github.com/sealaudit/sealaudit/internal/envelope"
)

const (
	firstBuffer = 2 << 10  // holds a small message whole
	fullBuffer  = 64 << 10 // what a long message is read in, in whole frames
)

// source reads a message ahead of its parser. Its buffer grows only as bytes
// arrive, so that a hostile length allocates nothing, and ends at a frame's
// end where it can, so that nothing has to be moved.
type source struct {
	ctx      context.Context
	r        io.Reader
	buf      []byte
	off, end int
	frame    int   // bytes of a whole frame, once known
	seen     int64 // bytes that arrived
	err      error // of r
}

func newSource(ctx context.Context, r io.Reader) *source {
	return &source{ctx: ctx, r: r, buf: make([]byte, firstBuffer)}
}

// take returns the next n bytes, valid until the next call.
func (s *source) take(n int) ([]byte, error) {
	if s.end-s.off < n {
		if err := s.fill(n); err != nil {
			return nil, err
		}
	}
	s.off += n
	return s.buf[s.off-n : s.off], nil
}

// fill reads until n bytes are there. The message's end before that is io.EOF.
func (s *source) fill(n int) error {
	if err := s.ctx.Err(); err != nil {
		return fmt.Errorf("reading the message: %w", err)
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
		buf := make([]byte, min(want, max(2*size, fullBuffer)))
		copy(buf, s.buf[:s.end])
		s.buf = buf
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
