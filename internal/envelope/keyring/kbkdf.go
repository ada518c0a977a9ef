package keyring

import (
	"crypto/hmac"
	"encoding/binary"
	"hash"
)

// counterMode is the key derivation of NIST SP 800-108 rev. 1, section 4.1, in
// counter mode with a 32-bit counter before the fixed input.
func counterMode(newHash func() hash.Hash, key, fixed []byte, length int) []byte {
	mac := hmac.New(newHash, key)
	out := make([]byte, 0, length+mac.Size())
	for i := uint32(1); len(out) < length; i++ {
		mac.Reset()
		var counter [4]byte
		binary.BigEndian.PutUint32(counter[:], i)
		mac.Write(counter[:])
		mac.Write(fixed)
		out = mac.Sum(out)
	}
	clear(out[length:])
	return out[:length]
}

// kbkdf derives with the usual fixed input, label ‖ 00 ‖ context ‖ length in
// bits.
func kbkdf(newHash func() hash.Hash, key, label, context []byte, length int) []byte {
	fixed := make([]byte, 0, len(label)+1+len(context)+4)
	fixed = append(append(append(fixed, label...), 0), context...)
	return counterMode(newHash, key, binary.BigEndian.AppendUint32(fixed, uint32(8*length)), length)
}
