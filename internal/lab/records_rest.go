package lab

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
)

// What streams and delivery streams keep at rest. AWS publishes that each
// record has a data key of its own, derived of input keying material, and not
// how; here it is HKDF with SHA-256 (RFC 5869) over a random salt, and
// AES-256-GCM with a random nonce.
const (
	dataKeyLen = 32
	saltLen    = 32
	nonceLen   = 12

	restPlain  = 'P'
	restSealed = 'S'
)

// sealRecord is a payload as it is stored at a place: encrypted under a key
// derived of the material, or, without material, in plaintext with a digest
// that finds damage. The place is bound to it.
func sealRecord(material []byte, place string, payload []byte) []byte {
	if material == nil {
		sum := digest(place, payload)
		return append(append([]byte{restPlain}, sum[:]...), payload...)
	}
	salt := make([]byte, saltLen+nonceLen, saltLen+nonceLen+len(payload)+16)
	_, _ = rand.Read(salt) // never fails
	aead := recordCipher(material, salt[:saltLen], place)
	out := append([]byte{restSealed}, salt...)
	return aead.Seal(out, salt[saltLen:], payload, []byte(place))
}

// openRecord is the payload of what was stored at a place, unless it was
// changed, or was sealed otherwise.
func openRecord(material []byte, place string, b []byte) (payload []byte, ok bool) {
	switch {
	case material == nil && len(b) > sha256.Size && b[0] == restPlain:
		payload = b[1+sha256.Size:]
		sum := digest(place, payload)
		return payload, bytes.Equal(sum[:], b[1:1+sha256.Size])
	case material != nil && len(b) > saltLen+nonceLen && b[0] == restSealed:
		salt, nonce, sealed := b[1:1+saltLen], b[1+saltLen:1+saltLen+nonceLen], b[1+saltLen+nonceLen:]
		payload, err := recordCipher(material, salt, place).Open(nil, nonce, sealed, []byte(place))
		return payload, err == nil
	}
	return nil, false
}

func digest(place string, payload []byte) [sha256.Size]byte {
	return sha256.Sum256(append([]byte(place+"\x00"), payload...))
}

// recordCipher encrypts one record under its own data key.
func recordCipher(material, salt []byte, place string) cipher.AEAD {
	key, err := hkdf.Key(sha256.New, material, salt, "sealaudit lab record "+place, dataKeyLen)
	if err != nil {
		panic("deriving 32 bytes with SHA-256 can't fail: " + err.Error())
	}
	defer clear(key)
	block, err := aes.NewCipher(key)
	if err != nil {
		panic("a key of 32 bytes is one of AES: " + err.Error())
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		panic("AES has GCM: " + err.Error())
	}
	return aead
}
