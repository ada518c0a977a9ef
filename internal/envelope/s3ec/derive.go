package s3ec

import (
	"bytes"
	"crypto/sha512"
	"crypto/subtle"
	"fmt"

	"github.com/sealaudit/sealaudit/internal/envelope"
)

// derive gives the key of a V3 body and the commitment to the data key: HKDF
// over SHA-512 with the message id as salt, once with the suite's id and
// "DERIVEKEY", once with "COMMITKEY" (ALG_AES_256_GCM_HKDF_SHA512_COMMIT_KEY).
func derive(dataKey, message []byte) (key envelope.DataKey, commitment []byte) {
	info := suiteCommit().aad()
	prk := hmac512(message, dataKey)
	c := hmac512(prk[:], append(info, "COMMITKEY\x01"...))
	k := hmac512(prk[:], append(info, "DERIVEKEY\x01"...))
	defer clear(prk[:])
	defer clear(k[:])
	return envelope.NewDataKey(bytes.Clone(k[:32])), bytes.Clone(c[:commitLength])
}

// hmac512 is HMAC-SHA512 (RFC 2104) of a key of at most a block and a message
// of at most a hash: a step of HKDF (RFC 5869) whose output is no longer.
// crypto/hkdf would take most of the time of a small object.
func hmac512(key, message []byte) [sha512.Size]byte {
	var inner, outer [sha512.BlockSize + sha512.Size]byte
	defer clear(inner[:])
	defer clear(outer[:])
	copy(inner[:], key)
	copy(outer[:], key)
	for i := range sha512.BlockSize {
		inner[i] ^= 0x36
		outer[i] ^= 0x5c
	}
	n := sha512.BlockSize + copy(inner[sha512.BlockSize:], message)
	hash := sha512.Sum512(inner[:n])
	copy(outer[sha512.BlockSize:], hash[:])
	return sha512.Sum512(outer[:])
}

// contentKey is the key of the body, which for V3 is derived, after the
// commitment held. It takes over the data key.
func (h *header) contentKey(dataKey envelope.DataKey) (envelope.DataKey, error) {
	if !h.suite.commit {
		return dataKey, nil
	}
	defer dataKey.Zero()
	key, commitment := derive(dataKey.Bytes(), h.message)
	if subtle.ConstantTimeCompare(commitment, h.commitment) != 1 {
		key.Zero()
		return envelope.DataKey{}, fmt.Errorf("%w: the object commits to another data key", envelope.ErrTampered)
	}
	return key, nil
}

// contentIV is the body's initialisation vector: the stored one, or for V3
// twelve bytes of 01, since its key is used once.
func (h *header) contentIV() []byte {
	if h.suite.commit {
		return bytes.Repeat([]byte{1}, 12)
	}
	return h.iv
}
