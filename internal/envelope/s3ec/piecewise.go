package s3ec

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/subtle"
	"encoding/binary"
	"fmt"

	"github.com/sealaudit/sealaudit/internal/envelope"
)

// tagSize is the length of a body's tag ("x-amz-tag-len").
const tagSize = 16

// maxBody is the longest plaintext of AES-GCM (NIST SP 800-38D §5.2.1.1).
const maxBody = 1<<36 - 32

// piecewise computes one AES-GCM over a body that comes in pieces, with the
// standard library's AEAD, whose speed is the processor's, doing the work on
// each piece and a few multiplications in the field joining them.
//
// The tag of GCM is a polynomial over the ciphertext's blocks, evaluated at a
// secret point H, and masked. Two facts make pieces possible:
//
//   - The standard library evaluates the polynomial of a piece when the piece
//     is given to it as additional data. The mask E(J0) and the length block
//     are known, so that the value can be taken out of the tag; values of
//     pieces are joined by powers of H.
//   - With an IV of 16 bytes GCM derives its first counter from the IV through
//     the same polynomial. That can be solved for the IV, so that a piece in
//     the middle of a body can be sealed or opened with the counter that it
//     has there, under a tag of its own computed from its value.
//
// Nothing computed here leaves the package but ciphertext, plaintext of an
// authenticated body and the body's own tag: the result is plain AES-GCM.
type piecewise struct {
	block    cipher.Block
	short    cipher.AEAD // IV of 12 bytes
	long     cipher.AEAD // IV of 16 bytes
	iv       [12]byte
	h        element // H
	byH      element // its inverse, once it is needed
	mask     element // E(J0)
	aadBytes uint64
	sum      element // of what was absorbed, times H
	bytes    uint64  // of ciphertext absorbed
	// Of pieces of stepBytes: H to the power of their blocks, and the length
	// block times H, where the piece is additional data and where it is text.
	step, asAAD, asText element
	stepBytes           int
}

// newPiecewise begins a body. The additional data, of which the format has two
// bytes, is not given to it in pieces.
func newPiecewise(key, iv, aad []byte) (*piecewise, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("%w: an AES key of %d bytes", envelope.ErrUnsupported, len(key))
	}
	g := &piecewise{block: block, aadBytes: uint64(len(aad)), step: element{hi: 1 << 63}}
	if g.short, err = cipher.NewGCM(block); err != nil {
		return nil, fmt.Errorf("%w: AES-GCM is not available: %v", envelope.ErrUnsupported, err)
	}
	if g.long, err = cipher.NewGCMWithNonceSize(block, 16); err != nil {
		return nil, fmt.Errorf("%w: AES-GCM is not available: %v", envelope.ErrUnsupported, err)
	}
	copy(g.iv[:], iv)
	var b [16]byte
	block.Encrypt(b[:], b[:])
	g.h = elementOf(b[:])
	g.mask = g.encrypted(1)
	for len(aad) > 0 {
		clear(b[:])
		aad = aad[copy(b[:], aad):]
		g.sum = g.sum.plus(elementOf(b[:])).times(g.h)
	}
	g.sum = g.sum.times(g.h)
	return g, nil
}

// counter is the counter block of a body's IV at a count; the plaintext's
// first block has 2, the tag's mask 1.
func (g *piecewise) counter(n uint32) (b [16]byte) {
	copy(b[:], g.iv[:])
	binary.BigEndian.PutUint32(b[12:], n)
	return b
}

func (g *piecewise) encrypted(n uint32) element {
	b := g.counter(n)
	g.block.Encrypt(b[:], b[:])
	return elementOf(b[:])
}

// lengths is the last block of GCM's polynomial, in bits.
func lengths(aad, text uint64) element { return element{aad * 8, text * 8} }

// absorb adds a piece of ciphertext and returns its value, which is that of
// its polynomial times H. All pieces but the last are whole blocks.
func (g *piecewise) absorb(piece []byte) element {
	var tag [16]byte
	g.short.Seal(tag[:0], g.iv[:], nil, piece)
	g.measure(len(piece))
	value := elementOf(tag[:]).plus(g.mask).plus(g.asAAD)
	g.join(value, len(piece))
	return value
}

// measure prepares what depends on a piece's length alone.
func (g *piecewise) measure(n int) {
	if n != g.stepBytes {
		g.stepBytes = n
		g.step = g.h.power(uint64(n+15) / 16)
		g.asAAD, g.asText = lengths(uint64(n), 0).times(g.h), lengths(0, uint64(n)).times(g.h)
	}
}

func (g *piecewise) join(value element, n int) {
	g.sum = g.sum.times(g.step).plus(value)
	g.bytes += uint64(n)
}

// tag is the tag of what was absorbed.
func (g *piecewise) tag() [16]byte {
	return g.sum.plus(lengths(g.aadBytes, g.bytes).times(g.h)).plus(g.mask).bytes()
}

// check compares a body's tag in constant time.
func (g *piecewise) check(tag []byte) error {
	own := g.tag()
	if subtle.ConstantTimeCompare(own[:], tag) != 1 {
		return errBody()
	}
	return nil
}

// place is the IV of 16 bytes whose counter starts at a piece's offset, a
// multiple of the block size, and the mask of that piece's own tag.
func (g *piecewise) place(offset uint64) (iv [16]byte, mask element) {
	g.invert()
	n := uint32(1 + offset/16)
	b := g.counter(n)
	first := elementOf(b[:])
	bits := lengths(0, 16)
	return first.times(g.byH).plus(bits).times(g.byH).bytes(), g.encrypted(n)
}

func (g *piecewise) invert() {
	if g.byH == (element{}) {
		g.byH = g.h.inverse()
	}
}

// open decrypts a piece in place, under the value that absorb gave for it. The
// piece needs room for a tag behind it.
func (g *piecewise) open(piece []byte, value element, offset uint64) error {
	g.measure(len(piece))
	aead, iv, mask := g.at(offset)
	tag := value.plus(g.asText).plus(mask).bytes()
	if _, err := aead.Open(piece[:0], iv, append(piece, tag[:]...), nil); err != nil {
		return errBody()
	}
	return nil
}

// openRest decrypts the end of a body, of which all that comes before was
// absorbed, into dst, and authenticates the whole body by that. What was
// absorbed stands in the additional data: one block that gives the rest, in
// its place, the body's own tag.
func (g *piecewise) openRest(dst, rest []byte) ([]byte, error) {
	g.invert()
	n := uint64(len(rest) - tagSize)
	aead, iv, mask := g.at(g.bytes)
	other := lengths(g.aadBytes, g.bytes+n).plus(lengths(16, n)).times(g.h).plus(g.mask).plus(mask)
	before := g.sum.times(g.byH).times(g.byH).plus(other.times(g.byH.power((n+15)/16 + 2))).bytes()
	plain, err := aead.Open(dst, iv, rest, before[:])
	if err != nil {
		return nil, errBody()
	}
	return plain, nil
}

// seal encrypts a piece into dst, which has room for a tag behind it and may
// be the piece's own memory, and absorbs it.
func (g *piecewise) seal(dst, piece []byte) []byte {
	g.measure(len(piece))
	aead, iv, mask := g.at(g.bytes)
	sealed := aead.Seal(dst[:0], iv, piece, nil)
	tag := elementOf(sealed[len(piece):])
	g.join(tag.plus(mask).plus(g.asText), len(piece))
	return sealed[:len(piece)]
}

// at is an AEAD whose counter starts at an offset. The body's own is the one of
// its start.
func (g *piecewise) at(offset uint64) (aead cipher.AEAD, iv []byte, mask element) {
	if offset == 0 {
		return g.short, g.iv[:], g.mask
	}
	long, mask := g.place(offset)
	return g.long, long[:], mask
}

// errBody is the one error of a body that is not authentic.
func errBody() error {
	return fmt.Errorf("%w: the body is not what was sealed under this key", envelope.ErrTampered)
}
