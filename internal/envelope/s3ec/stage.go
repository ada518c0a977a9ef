package s3ec

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
)

// What Open keeps in memory: bodies whose length is known beforehand, bodies
// whose length is not and whose buffer has to grow, and of the plaintext of a
// body that is in the caller's memory its end.
const (
	memoryKnown   = 16<<20 + tagSize
	memoryUnknown = 8 << 20
	memoryLent    = 24 << 20
)

// staged is a body that can be read twice.
type staged struct {
	memory []byte        // the whole body, if it fits
	lent   *[]byte       // that memory, where it was borrowed
	seeker io.ReadSeeker // else the caller's own
	start  int64
	stream io.Reader // else what is left to spool
	file   *os.File
	size   int64
}

// stage makes a body readable twice: in memory, by seeking, or by copying the
// ciphertext into a temporary file during the first reading.
func stage(ctx context.Context, obj Object, dir string) (*staged, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("reading the body: %w", err)
	}
	if seeker, start, size, ok := seekable(obj.Body); ok {
		if obj.Size > 0 && size != obj.Size {
			return nil, fmt.Errorf("reading the body: it has %d of %d bytes: %w", size, obj.Size, io.ErrUnexpectedEOF)
		}
		if size > memoryKnown {
			return &staged{seeker: seeker, start: start, size: size}, nil
		}
		obj.Size = size
	}
	if obj.Size > 0 && obj.Size <= memoryKnown {
		return inMemory(obj.Body, obj.Size)
	}
	if obj.Size <= 0 {
		head, err := io.ReadAll(io.LimitReader(obj.Body, memoryUnknown+1))
		if err != nil {
			return nil, fmt.Errorf("reading the body: %w", err)
		}
		if len(head) <= memoryUnknown {
			return &staged{memory: head, size: int64(len(head))}, nil
		}
		obj.Body = io.MultiReader(bytes.NewReader(head), obj.Body)
	}
	file, err := os.CreateTemp(dir, "sealaudit-*.ciphertext")
	if err != nil {
		return nil, fmt.Errorf("keeping the ciphertext to read it twice: %w", err)
	}
	return &staged{stream: io.TeeReader(obj.Body, file), file: file, size: max(obj.Size, 0)}, nil
}

// inMemory reads a body of a known size, and one byte more to see it end.
func inMemory(r io.Reader, size int64) (*staged, error) {
	lent := borrow(int(size))
	s := &staged{memory: *lent, lent: lent, size: size}
	if err := s.read(r); err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

func (s *staged) read(r io.Reader) error {
	n, err := fill(r, s.memory)
	if err == io.EOF {
		return fmt.Errorf("reading the body: it ended after %d of %d bytes: %w", n, s.size, io.ErrUnexpectedEOF)
	}
	if err != nil {
		return fmt.Errorf("reading the body: %w", err)
	}
	var more [1]byte
	if n, err := fill(r, more[:]); n > 0 {
		return fmt.Errorf("reading the body: it goes on after %d bytes: %w", s.size, io.ErrUnexpectedEOF)
	} else if err != io.EOF {
		return fmt.Errorf("reading the body: %w", err)
	}
	return nil
}

// seekable reports where a body that can seek begins, and its length.
func seekable(r io.Reader) (s io.ReadSeeker, start, size int64, ok bool) {
	s, ok = r.(io.ReadSeeker)
	if !ok {
		return nil, 0, 0, false
	}
	start, err := s.Seek(0, io.SeekCurrent)
	if err != nil {
		return nil, 0, 0, false
	}
	end, err := s.Seek(0, io.SeekEnd)
	if err != nil {
		return nil, 0, 0, false
	}
	if _, err := s.Seek(start, io.SeekStart); err != nil || end <= start {
		return nil, 0, 0, false
	}
	return s, start, end - start, true
}

// first is the body for its first reading.
func (s *staged) first() io.Reader {
	switch {
	case s.memory != nil:
		return bytes.NewReader(s.memory)
	case s.seeker != nil:
		return s.seeker
	}
	return s.stream
}

// again is the body from its start, for the second reading.
func (s *staged) again() (io.Reader, error) {
	if s.memory != nil {
		return bytes.NewReader(s.memory), nil
	}
	seeker, start := s.seeker, s.start
	if s.file != nil {
		seeker, start = s.file, 0
	}
	if _, err := seeker.Seek(start, io.SeekStart); err != nil {
		return nil, fmt.Errorf("reading the body again: %w", err)
	}
	return seeker, nil
}

// close gives memory back and removes the temporary file.
func (s *staged) close() {
	if s.lent != nil {
		giveBack(s.lent)
	}
	if s.file != nil {
		_ = s.file.Close()
		_ = os.Remove(s.file.Name())
	}
}
