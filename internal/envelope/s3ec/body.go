package s3ec

import (
	"context"
	"fmt"
	"io"

	"github.com/sealaudit/sealaudit/internal/envelope"
)

// pieceSize is how much of a body is worked on at once: large enough that the
// multiplications between pieces cost nothing, small enough for the caches.
const pieceSize = 128 << 10

// pieces cuts a body into pieces and its last 16 bytes: the tag of AES-GCM, or
// the last block of AES-CBC.
type pieces struct {
	r     io.Reader
	buf   []byte // a piece and 16 bytes more
	have  int
	size  int64 // as the store says it, or 0
	total int64 // bytes read
	limit int64
}

// newPieces reads bodies of a size that the caller claims, 0 if unknown. A
// claim of a small body makes a small buffer, a claim of a large one no larger
// buffer than any.
func newPieces(r io.Reader, size int64) *pieces {
	n := int64(pieceSize)
	if size > 0 && size < n {
		n = (size + 15) &^ 15
	}
	return &pieces{r: r, buf: make([]byte, n+tagSize), size: size, limit: maxBody + tagSize}
}

// next is the next piece, valid until the next call. After the last one, rest
// has the body's last 16 bytes.
func (p *pieces) next(ctx context.Context) (piece []byte, last bool, err error) {
	if err := ctx.Err(); err != nil {
		return nil, false, fmt.Errorf("reading the body: %w", err)
	}
	if p.have == len(p.buf) {
		p.have = copy(p.buf, p.buf[len(p.buf)-tagSize:])
	}
	n, err := fill(p.r, p.buf[p.have:])
	p.have += n
	p.total += int64(n)
	switch {
	case err != nil && err != io.EOF:
		return nil, false, fmt.Errorf("reading the body: %w", err)
	case p.total > p.limit:
		return nil, false, fmt.Errorf("%w: the body is longer than AES-GCM allows", envelope.ErrFormat)
	case err == nil:
		return p.buf[:len(p.buf)-tagSize], false, nil
	case p.size > 0 && p.total != p.size:
		return nil, false, fmt.Errorf("reading the body: it ended after %d of %d bytes: %w", p.total, p.size, io.ErrUnexpectedEOF)
	case p.have < tagSize:
		return nil, false, fmt.Errorf("%w: the body has %d bytes, and its last %d alone are a tag or block", envelope.ErrFormat, p.total, tagSize)
	}
	return p.buf[:p.have-tagSize], true, nil
}

// fill reads until buf is full, which gives no error, or the reader ends, which
// gives io.EOF alone. io.ReadFull would not tell an end from a reader that was
// cut off and says so with io.ErrUnexpectedEOF.
func fill(r io.Reader, buf []byte) (n int, err error) {
	for idle := 0; n < len(buf); idle++ {
		m, err := r.Read(buf[n:])
		n += m
		if err != nil {
			if n == len(buf) && err == io.EOF {
				return n, nil
			}
			return n, err
		}
		if m > 0 {
			idle = 0
		}
		if idle == 100 {
			return n, io.ErrNoProgress
		}
	}
	return n, nil
}

// rest is the last 16 bytes of the body.
func (p *pieces) rest() []byte { return p.buf[p.have-tagSize : p.have] }

// passed says what a reading of a body showed.
type passed struct {
	bytes  int64     // of plaintext
	last   [16]byte  // of ciphertext
	values []element // of each piece, if they were asked for
	// digested: the plaintext of AES-CBC has the MD5 that the metadata claims.
	digested bool
}

// authenticate reads a body of AES-GCM to its tag and decrypts nothing. keep
// asks for the values of the pieces.
func authenticate(ctx context.Context, g *piecewise, p *pieces, keep bool) (passed, error) {
	var out passed
	for {
		piece, last, err := p.next(ctx)
		if err != nil {
			return passed{}, err
		}
		value := g.absorb(piece)
		if keep {
			out.values = append(out.values, value)
		}
		if last {
			break
		}
	}
	copy(out.last[:], p.rest())
	out.bytes = p.total - tagSize
	return out, g.check(out.last[:])
}
