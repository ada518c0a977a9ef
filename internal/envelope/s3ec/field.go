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

// power is x multiplied n times. Only n, a public length, shows in its time.
func (x element) power(n uint64) element {
	z := element{hi: 1 << 63} // one
	for ; n > 0; n >>= 1 {
		if n&1 == 1 {
			z = z.times(x)
		}
		x = x.times(x)
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
			y = y.times(y)
		}
		z = y.times(z)
		z = z.times(z).times(x)
		k = 2*k + 1
	}
	return z.times(z)
}
