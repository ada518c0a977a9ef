package esdk

import (
	"crypto/cipher"
	"crypto/subtle"
	"encoding/binary"
	"math/bits"
)

// pieceGCM authenticates one AES-GCM ciphertext in as many chunks as it takes,
// so that a body of gigabytes needs no memory (NIST SP 800-38D, sections 6.4
// and 7.2). The standard library's AEAD does the work: its tag over a chunk
// as additional data is the chunk's GHASH, from which the multiplication by H
// and the length are taken back.
type pieceGCM struct {
	aead       cipher.AEAD
	stream     cipher.Stream // decrypts, in the order in which chunks are absorbed
	iv         []byte
	h, inverse element
	mask       element // the block that covers the tag
	state      element // GHASH of all whole blocks so far
	aad, bytes uint64
	tag        [tagLen]byte
}

func newPieceGCM(block cipher.Block, aead cipher.AEAD, iv, aad []byte) *pieceGCM {
	g := &pieceGCM{aead: aead, iv: iv, aad: uint64(len(aad))}
	var b [16]byte
	block.Encrypt(b[:], b[:])
	g.h = load(b[:])
	g.inverse = g.h.inverse()
	clear(b[copy(b[:], iv):])
	b[15] = 1
	counter := b
	block.Encrypt(b[:], b[:])
	g.mask = load(b[:])
	counter[15] = 2
	g.stream = cipher.NewCTR(block, counter[:])
	g.absorb(aad)
	g.bytes = 0
	return g
}

// absorb adds ciphertext. Only the last chunk may be other than whole blocks.
func (g *pieceGCM) absorb(chunk []byte) {
	if len(chunk) == 0 {
		return
	}
	g.bytes += uint64(len(chunk))
	if len(chunk) < 16 {
		var b [16]byte
		copy(b[:], chunk)
		chunk = b[:]
	}
	first := load(chunk)
	g.state.add(first).store(chunk)
	s := load(g.aead.Seal(g.tag[:0], g.iv, nil, chunk)).add(g.mask)
	first.store(chunk)
	g.state = s.times(g.inverse).add(element{uint64(len(chunk)) * 8, 0})
}

// verify tells whether tag is the one of all that was absorbed.
func (g *pieceGCM) verify(tag []byte) bool {
	var want [tagLen]byte
	g.state.add(element{g.aad * 8, g.bytes * 8}).times(g.h).add(g.mask).store(want[:])
	return subtle.ConstantTimeCompare(want[:], tag) == 1
}

// element is one of GCM's field, its first bit the highest.
type element [2]uint64

func load(b []byte) element {
	return element{binary.BigEndian.Uint64(b), binary.BigEndian.Uint64(b[8:])}
}

func (a element) store(b []byte) {
	binary.BigEndian.PutUint64(b, a[0])
	binary.BigEndian.PutUint64(b[8:], a[1])
}

func (a element) add(b element) element { return element{a[0] ^ b[0], a[1] ^ b[1]} }

// times multiplies in constant time (NIST SP 800-38D, section 6.3).
func (a element) times(b element) (product element) {
	for _, word := range a {
		word = bits.Reverse64(word)
		for range 64 {
			bit := -(word & 1)
			word >>= 1
			product[0] ^= b[0] & bit
			product[1] ^= b[1] & bit
			low := -(b[1] & 1)
			b[1] = b[1]>>1 | b[0]<<63
			b[0] = b[0]>>1 ^ low&(0xe1<<56)
		}
	}
	return product
}

// inverse is a to the power of 2^128-2.
func (a element) inverse() element {
	product := element{1 << 63, 0} // one
	for range 127 {
		a = a.times(a)
		product = product.times(a)
	}
	return product
}
