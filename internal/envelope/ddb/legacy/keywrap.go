package legacy

import (
	"crypto/aes"
	"crypto/subtle"
	"encoding/binary"
	"fmt"

	"github.com/sealaudit/sealaudit/internal/envelope"
)

// wrapIV is what an unwrapped key starts with (RFC 3394, section 2.2.3.1).
const wrapIV = "\xa6\xa6\xa6\xa6\xa6\xa6\xa6\xa6"

// wrapKey wraps a key of whole 8-byte blocks (RFC 3394, section 2.2.1).
func wrapKey(kek, key []byte) ([]byte, error) {
	block, err := aes.NewCipher(kek)
	if err != nil || len(key) < 16 || len(key)%8 != 0 {
		return nil, fmt.Errorf("%w: AES key wrap takes keys of 16, 24 or 32 bytes", envelope.ErrFormat)
	}
	out := append([]byte(wrapIV), key...)
	var b [16]byte
	copy(b[:8], out)
	for t := range 6 * len(key) / 8 {
		r := out[8+t*8%len(key):][:8]
		copy(b[8:], r)
		block.Encrypt(b[:], b[:])
		subtle.XORBytes(b[:8], b[:8], step(t))
		copy(r, b[8:])
	}
	copy(out, b[:8])
	return out, nil
}

// unwrapKey undoes wrapKey (RFC 3394, section 2.2.2). It authenticates: a
// changed key or another kek is ErrWrongKey.
func unwrapKey(kek, wrapped []byte) ([]byte, error) {
	block, err := aes.NewCipher(kek)
	if err != nil {
		return nil, fmt.Errorf("%w: an AES wrapping key has 16, 24 or 32 bytes, not %d", envelope.ErrWrongKey, len(kek))
	}
	n := len(wrapped) - 8
	if n < 16 || n > 512 || n%8 != 0 {
		return nil, fmt.Errorf("%w: an AES-wrapped key of %d bytes", envelope.ErrFormat, len(wrapped))
	}
	key := append([]byte(nil), wrapped[8:]...)
	var b [16]byte
	copy(b[:8], wrapped)
	for t := 6*n/8 - 1; t >= 0; t-- {
		r := key[t*8%n:][:8]
		subtle.XORBytes(b[:8], b[:8], step(t))
		copy(b[8:], r)
		block.Decrypt(b[:], b[:])
		copy(r, b[8:])
	}
	if subtle.ConstantTimeCompare(b[:8], []byte(wrapIV)) != 1 {
		clear(key)
		return nil, fmt.Errorf("%w: the AES key does not unwrap the data key", envelope.ErrWrongKey)
	}
	return key, nil
}

// step is the counter that is mixed in at step t, which counts from 1.
func step(t int) []byte { return binary.BigEndian.AppendUint64(nil, uint64(t)+1) }
