package esdk

import (
	"context"
	"io"

	"github.com/sealaudit/sealaudit/internal/envelope"
)

// Reader decrypts a message frame by frame. What it hands out is under its
// frame's tag, and unverified all the same until it returned io.EOF: only then
// is it known that the message is whole and, for a signed suite, signed.
// Verified says so. A caller that can't take back what it did with plaintext
// uses Open.
type Reader struct {
	m        *message
	rest     []byte // of the piece at hand
	err      error  // sticks
	verified bool
}

// NewReader reads a message's header, binary or in base64, unwraps a data key
// and authenticates the header. The Reader returned with an error has only a
// Proof. Frames, and bodies that are not framed, of more than opts.MaxFrame
// are refused with envelope.ErrUnsupported.
func NewReader(ctx context.Context, r io.Reader, kr envelope.Keyring, opts Options) (*Reader, error) {
	m, err := open(ctx, r, opts)
	if err == nil {
		err = m.unlock(ctx, kr)
	}
	return &Reader{m: m, err: err}, err
}

// Read reads plaintext of one frame. It is unverified until io.EOF.
func (r *Reader) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	if len(r.rest) == 0 {
		b, err := r.piece(p)
		if err != nil {
			r.m.close()
			return 0, err
		}
		if len(b) > 0 && &b[0] == &p[0] {
			return len(b), nil
		}
		r.rest = b
	}
	n := copy(p, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}

// WriteTo writes all plaintext to w, frame by frame. It is unverified unless
// the error is nil.
func (r *Reader) WriteTo(w io.Writer) (n int64, err error) {
	if r.err != nil {
		return r.writeAll(w)
	}
	err = r.m.src.drain(func() error {
		n, err = r.writeAll(w)
		return err
	})
	if r.err != nil {
		r.m.close()
	}
	return n, err
}

func (r *Reader) writeAll(w io.Writer) (n int64, err error) {
	for {
		if len(r.rest) > 0 {
			var got int
			got, err = w.Write(r.rest)
			n += int64(got)
			r.rest = r.rest[got:]
			if err != nil {
				return n, err
			}
		}
		if r.rest, err = r.piece(nil); err == io.EOF {
			return n, nil
		} else if err != nil {
			return n, err
		}
	}
}

// piece is the next piece that is not empty, in dst if it fits.
func (r *Reader) piece(dst []byte) (b []byte, err error) {
	for r.err == nil && len(b) == 0 {
		if r.m.last {
			r.err = r.m.finish()
			r.verified = r.err == io.EOF
		} else if b, err = r.m.next(dst, r.m.opts.maxFrame()); err != nil {
			r.err = r.m.do("body", err)
		}
	}
	if len(b) > 0 {
		return b, nil
	}
	return nil, r.err
}

// Verified tells whether the whole message was read and found right, its end
// and its signature included. Until then what was read is unverified.
func (r *Reader) Verified() bool { return r.verified }

// Proof is what was shown so far. It is unknown before the message was read
// to its end.
func (r *Reader) Proof() envelope.Proof {
	p := r.m.proof()
	if r.err == nil {
		p.Verdict = envelope.Unknown
	}
	return p
}
