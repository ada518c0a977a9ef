package s3ec

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"fmt"
	"io"

	"github.com/sealaudit/sealaudit/internal/envelope"
)

// Open verifies an object and writes its plaintext to dst, nothing before the
// whole body is authentic. AES-CBC, which nothing authenticates, is refused
// unless [Options] say otherwise; then its padding is checked first.
func Open(ctx context.Context, dst io.Writer, obj Object, keys Keys, opts Options) (envelope.Proof, error) {
	p, h, err := begin(obj, opts)
	if err != nil {
		return p, err
	}
	if !h.suite.tagged && !opts.Unauthenticated {
		err := fmt.Errorf("%w: AES-CBC authenticates nothing, so its plaintext is not to be trusted; allow unauthenticated objects to open it all the same",
			envelope.ErrUnsupported)
		p.Add("body", err, "")
		return p, err
	}
	key, err := h.unlock(ctx, keys, opts, &p)
	if err != nil {
		return p, err
	}
	defer key.Zero()
	done, err := h.openBody(ctx, dst, key.Bytes(), obj, opts)
	if err != nil {
		p.Add("body", err, "")
		return p, err
	}
	h.conclude(&p, done)
	opts.Run.note(&p, h, key.Bytes(), done.last[:], done.bytes)
	return p, nil
}

func (h *header) openBody(ctx context.Context, dst io.Writer, key []byte, obj Object, opts Options) (passed, error) {
	if obj.Body == nil {
		return passed{}, fmt.Errorf("%w: there is no body", envelope.ErrFormat)
	}
	if h.suite.tagged {
		var done passed
		is, err := lent(obj.Body, func(body []byte) (err error) {
			done, err = h.openLent(ctx, dst, key, body, obj.Size)
			return err
		})
		if is {
			return done, err
		}
	}
	s, err := stage(ctx, obj, opts.TempDir)
	if err != nil {
		return passed{}, err
	}
	defer s.close()
	switch {
	case !h.suite.tagged:
		return h.openCBC(ctx, dst, key, s)
	case s.memory != nil:
		return h.openMemory(dst, s.memory[:0], key, s.memory)
	}
	return h.openTwice(ctx, dst, key, s)
}

// openMemory opens a whole body at once, into a buffer or in place.
func (h *header) openMemory(dst io.Writer, into, key, body []byte) (passed, error) {
	if _, _, err := cut(body, 0); err != nil {
		return passed{}, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return passed{}, fmt.Errorf("%w: an AES key of %d bytes", envelope.ErrUnsupported, len(key))
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return passed{}, fmt.Errorf("%w: AES-GCM is not available: %v", envelope.ErrUnsupported, err)
	}
	out := finished(body)
	plain, err := aead.Open(into, h.contentIV(), body, h.suite.aad())
	if err != nil {
		return passed{}, errBody()
	}
	return out, write(dst, plain)
}

// openTwice authenticates a body and reads it again, each piece under the
// value that it had the first time, so that a body which changes in between is
// noticed before its plaintext is written.
func (h *header) openTwice(ctx context.Context, dst io.Writer, key []byte, s *staged) (passed, error) {
	g, err := newPiecewise(key, h.contentIV(), h.suite.aad())
	if err != nil {
		return passed{}, err
	}
	source := newPieces(s.first(), s.size)
	done, err := authenticate(ctx, g, source, true)
	if err != nil {
		return passed{}, err
	}
	again, err := s.again()
	if err != nil {
		return passed{}, err
	}
	// The reading is over; its buffer serves for the second one.
	buf := source.buf
	defer clear(buf)
	for i, value := range done.values {
		if err := ctx.Err(); err != nil {
			return passed{}, fmt.Errorf("decrypting the body: %w", err)
		}
		offset := int64(i) * int64(len(buf)-tagSize)
		piece := buf[:min(int64(len(buf)-tagSize), done.bytes-offset)]
		if _, err := io.ReadFull(again, piece); err != nil {
			return passed{}, fmt.Errorf("reading the body again: %w", err)
		}
		if err := g.open(piece, value, uint64(offset)); err != nil {
			return passed{}, fmt.Errorf("the body changed between two readings: %w", err)
		}
		if err := write(dst, piece); err != nil {
			return passed{}, err
		}
	}
	return done, nil
}

func (h *header) openCBC(ctx context.Context, dst io.Writer, key []byte, s *staged) (passed, error) {
	done, err := h.readCBC(ctx, key, newPieces(s.first(), s.size))
	if err != nil {
		return passed{}, err
	}
	again, err := s.again()
	if err != nil {
		return passed{}, err
	}
	return done, decryptCBC(ctx, dst, key, h.iv, again, done.bytes)
}

func write(dst io.Writer, plain []byte) error {
	if _, err := dst.Write(plain); err != nil {
		return fmt.Errorf("writing the plaintext: %w", err)
	}
	return nil
}
