package s3ec

import (
	"crypto/cipher"
	"crypto/subtle"
	"encoding/binary"
)

// maxKeyWrap bounds what is unwrapped with RFC 3394: a data key of 32 bytes
// and its check, with room for the published vectors.
const maxKeyWrap = 4096

// openKeyWrap unwraps a key as RFC 3394 §2.2.2 ("AESWrap") and checks the
// initial value of §2.2.3.1.
func openKeyWrap(block cipher.Block, wrapped []byte) ([]byte, error) {
	n := len(wrapped)/8 - 1
	if len(wrapped)%8 != 0 || n < 2 || len(wrapped) > maxKeyWrap {
		return nil, errWrong()
	}
	key := make([]byte, n*8)
	copy(key, wrapped[8:])
	var b [16]byte
	copy(b[:8], wrapped[:8])
	for j := 5; j >= 0; j-- {
		for i := n; i >= 1; i-- {
			t := binary.BigEndian.Uint64(b[:8]) ^ uint64(n*j+i)
			binary.BigEndian.PutUint64(b[:8], t)
			copy(b[8:], key[(i-1)*8:i*8])
			block.Decrypt(b[:], b[:])
			copy(key[(i-1)*8:i*8], b[8:])
		}
	}
	defer clear(b[:])
	check := []byte{0xa6, 0xa6, 0xa6, 0xa6, 0xa6, 0xa6, 0xa6, 0xa6}
	if subtle.ConstantTimeCompare(b[:8], check) != 1 {
		clear(key)
		return nil, errWrong()
	}
	return key, nil
}
