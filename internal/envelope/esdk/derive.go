package esdk

import (
	"bytes"
	"crypto"
	"crypto/hkdf"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/subtle"
	"fmt"

	"github.com/sealaudit/sealaudit/internal/envelope"
)

// derive gives the key that encrypts and, for a committing suite, the
// commitment to it (AWS Encryption SDK specification, "Algorithm Suites",
// "Key Derivation"; "Message Body", "Key Commitment"). The caller clears key.
func (h *Header) derive(dataKey []byte, net400 bool) (key, commitment []byte, err error) {
	p := h.parameters
	id := string([]byte{byte(h.Suite >> 8), byte(h.Suite)})
	info := id + string(h.MessageID)
	if net400 {
		info = id
	}
	switch {
	case p.commits:
		key, commitment = deriveCommitting(dataKey, h.MessageID, id)
		return key, commitment, nil
	case p.kdf == 0:
		key = append([]byte(nil), dataKey...)
	case p.kdf == crypto.SHA384:
		key, err = hkdf.Key(sha512.New384, dataKey, nil, info, p.key)
	default:
		key, err = hkdf.Key(sha256.New, dataKey, nil, info, p.key)
	}
	return key, nil, err
}

// It is HKDF-SHA512 (RFC 5869) with outputs of less than one block.
func deriveCommitting(dataKey, messageID []byte, id string) (key, commitment []byte) {
	prk := hmac512(messageID, dataKey)
	t := hmac512(prk[:], append([]byte(id), "DERIVEKEY\x01"...))
	c := hmac512(prk[:], []byte("COMMITKEY\x01"))
	defer clear(prk[:])
	defer clear(t[:])
	return bytes.Clone(t[:32]), bytes.Clone(c[:32])
}

// hmac512 is HMAC-SHA512 (RFC 2104) of a key of at most a block and a message
// of at most a hash. It allocates nothing, where crypto/hkdf would take most
// of the time of a small message.
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

// checkCommitment holds the derived commitment against the header's, before
// anything else is done with the key.
func (h *Header) checkCommitment(commitment []byte) error {
	if subtle.ConstantTimeCompare(commitment, h.commitment) != 1 {
		return fmt.Errorf("%w: the message commits to another data key", envelope.ErrTampered)
	}
	return nil
}
