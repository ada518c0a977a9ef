package esdk

import "encoding/binary"

// ivs finds an initialisation vector that two frames of a message share, which
// under AES-GCM reveals both and lets anyone forge. While each is its frame's
// sequence number none can repeat, and nothing is kept.
type ivs struct {
	stray  bool   // one is not its sequence number
	first  uint32 // the first of those
	seen   map[[ivLen]byte]struct{}
	repeat bool // two frames share one
}

// maxIVs bounds what is kept of a message whose vectors are not sequence
// numbers: 65,536, some 4 MB. Repetitions among later ones are not found.
const maxIVs = 1 << 16

func (v *ivs) note(iv [ivLen]byte, seq uint32) {
	number := uint32(0) // what the vector is the sequence number of
	if binary.BigEndian.Uint64(iv[:]) == 0 {
		number = binary.BigEndian.Uint32(iv[8:])
	}
	if !v.stray {
		if number == seq {
			return
		}
		v.stray, v.first, v.seen = true, seq, map[[ivLen]byte]struct{}{}
	}
	if number > 0 && number < v.first {
		v.repeat = true // of an earlier frame, as those were in order
		return
	}
	if _, twice := v.seen[iv]; twice {
		v.repeat = true
	} else if len(v.seen) < maxIVs {
		v.seen[iv] = struct{}{}
	}
}
