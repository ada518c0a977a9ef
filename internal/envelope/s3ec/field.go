package s3ec

import "encoding/binary"

// element is an element of GF(2^128) as GCM writes it, the first bit of the
// first byte being the constant term (NIST SP 800-38D §6.3).
type element struct{ hi, lo uint64 }

func elementOf(b []byte) element {
	return element{binary.BigEndian.Uint64(b[:8]), binary.BigEndian.Uint64(b[8:16])}
}

func (x element) bytes() (b [16]byte) {
	binary.BigEndian.PutUint64(b[:8], x.hi)
	binary.BigEndian.PutUint64(b[8:], x.lo)
	return b
}

func (x element) plus(y element) element { return element{x.hi ^ y.hi, x.lo ^ y.lo} }

// times multiplies bit by bit in constant time. It is made a few times for
// each piece of a body, never for each block.
func (x element) times(y element) element {
	var z element
	for _, word := range [2]uint64{x.hi, x.lo} {
		for range 64 {
			take := -(word >> 63)
			z.hi ^= y.hi & take
			z.lo ^= y.lo & take
			word <<= 1
			carry := -(y.lo & 1)
			y.lo = y.lo>>1 | y.hi<<63
			y.hi = y.hi>>1 ^ 0xe1<<56&carry
		}
	}
	return z
}

// square is x.times(x), in fewer steps: the terms of a square are those of x
// at twice their degree.
func (x element) square() element {
	a, b := spread(x.hi>>32), spread(x.hi)
	c, d := spread(x.lo>>32), spread(x.lo)
	// x to the power of 128 is 1 + x + x^2 + x^7 (NIST SP 800-38D §6.3), and
	// so again for what that takes beyond it.
	over := d<<63 ^ d<<62 ^ d<<57
	a ^= over ^ over>>1 ^ over>>2 ^ over>>7
	a ^= c ^ c>>1 ^ c>>2 ^ c>>7
	b ^= d ^ (d>>1 | c<<63) ^ (d>>2 | c<<62) ^ (d>>7 | c<<57)
	return element{a, b}
}

// spread puts a zero behind each of the lower 32 bits.
func spread(w uint64) uint64 {
	w &= 0xffffffff
	w = (w ^ w<<16) & 0x0000ffff0000ffff
	w = (w ^ w<<8) & 0x00ff00ff00ff00ff
	w = (w ^ w<<4) & 0x0f0f0f0f0f0f0f0f
	w = (w ^ w<<2) & 0x3333333333333333
	w = (w ^ w<<1) & 0x5555555555555555
	return w << 1
}

// power is x multiplied n times. Only n, a public length, shows in its time.
func (x element) power(n uint64) element {
	z := element{hi: 1 << 63} // one
	for ; n > 0; n >>= 1 {
		if n&1 == 1 {
			z = z.times(x)
		}
		x = x.square()
	}
	return z
}

// inverse is x to the power of 2^128-2; the inverse of zero is zero. Powers of
// the form 2^k-1 double k by k squarings and one product (Itoh and Tsujii).
func (x element) inverse() element {
	z, k := x, 1
	for k < 127 {
		y := z
		for range k {
			y = y.square()
		}
		z = y.times(z)
		z = z.square().times(x)
		k = 2*k + 1
	}
	return z.square()
}
