package s3ec

import (
	"crypto"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rsa"
	"crypto/sha1"
	_ "crypto/sha256" // OAEP over SHA-256
	"crypto/subtle"
	"fmt"

	"github.com/sealaudit/sealaudit/internal/envelope"
)

// openAES unwraps a data key with a raw AES key: AES-GCM over the content
// algorithm's name, RFC 3394, or V1's AES-ECB with PKCS #7 padding.
func openAES(h *header, key []byte) ([]byte, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("%w: a raw AES key has 16, 24 or 32 bytes, this one %d", envelope.ErrUnsupported, len(key))
	}
	switch h.wrap.name {
	case wrapGCM:
		return openGCM(block, h.wrapped, []byte(h.bound))
	case wrapAES:
		return openKeyWrap(block, h.wrapped)
	}
	return openECB(block, h.wrapped)
}

// openGCM: IV of 12 bytes, the key, a tag of 16.
func openGCM(block cipher.Block, wrapped, aad []byte) ([]byte, error) {
	aead, err := cipher.NewGCM(block)
	if err != nil || len(wrapped) < 12+16 {
		return nil, errWrong()
	}
	key, err := aead.Open(nil, wrapped[:12], wrapped[12:], aad)
	if err != nil {
		return nil, errWrong()
	}
	return key, nil
}

// openECB is V1's wrap. The padding is all that shows a wrong key, and for a
// data key of 32 or 16 bytes it is a block of its own.
func openECB(block cipher.Block, wrapped []byte) ([]byte, error) {
	if len(wrapped) == 0 || len(wrapped)%aes.BlockSize != 0 {
		return nil, errWrong()
	}
	key := make([]byte, len(wrapped))
	for i := 0; i < len(key); i += aes.BlockSize {
		block.Decrypt(key[i:i+aes.BlockSize], wrapped[i:i+aes.BlockSize])
	}
	n := unpadded(key[len(key)-aes.BlockSize:])
	if n < 0 {
		clear(key)
		return nil, errWrong()
	}
	return key[:len(key)-aes.BlockSize+n], nil
}

// unpadded is the length of a last block without its PKCS #7 padding, or -1.
// It takes the same time for every block.
func unpadded(last []byte) int {
	pad := int(last[len(last)-1])
	good := subtle.ConstantTimeLessOrEq(1, pad) & subtle.ConstantTimeLessOrEq(pad, len(last))
	for i, b := range last {
		in := subtle.ConstantTimeLessOrEq(len(last)-i, pad)
		good &= subtle.ConstantTimeSelect(in, subtle.ConstantTimeByteEq(b, byte(pad)), 1)
	}
	return subtle.ConstantTimeSelect(good, len(last)-pad, -1)
}

// openRSA unwraps a data key with a private RSA key.
func openRSA(h *header, key *rsa.PrivateKey) ([]byte, error) {
	if key == nil {
		return nil, noKey("private RSA key")
	}
	var opts crypto.DecrypterOpts
	switch h.wrap.name {
	case wrapPKCS1:
		//lint:ignore SA1019 objects of V1 are wrapped so, and are reported for it; nothing here answers a stranger
		opts = &rsa.PKCS1v15DecryptOptions{}
	case wrapMixed:
		opts = &rsa.OAEPOptions{Hash: crypto.SHA256, MGFHash: crypto.SHA1}
	default:
		opts = &rsa.OAEPOptions{Hash: crypto.SHA1}
	}
	plain, err := key.Decrypt(nil, h.wrapped, opts)
	if err != nil {
		return nil, errWrong()
	}
	if h.wrap.name == wrapOAEP {
		return unframe(plain, h.bound)
	}
	return plain, nil
}

// frame binds a data key to the content algorithm: its length in a byte, the
// key, the algorithm's name (RSA-OAEP-SHA1).
func frame(key []byte, bound string) []byte {
	out := make([]byte, 0, 1+len(key)+len(bound))
	return append(append(append(out, byte(len(key))), key...), bound...)
}

func unframe(plain []byte, bound string) ([]byte, error) {
	n := len(plain) - len(bound)
	if n < 1 || int(plain[0]) != n-1 || subtle.ConstantTimeCompare(plain[n:], []byte(bound)) != 1 {
		clear(plain)
		return nil, errWrong()
	}
	return plain[1:n], nil
}

// sealRSA wraps a data key as RSA-OAEP-SHA1.
func sealRSA(random interface{ Read([]byte) (int, error) }, public *rsa.PublicKey, key []byte, bound string) ([]byte, error) {
	plain := frame(key, bound)
	defer clear(plain)
	wrapped, err := rsa.EncryptOAEP(sha1.New(), random, public, plain, nil)
	if err != nil {
		return nil, fmt.Errorf("%w: wrapping the data key with RSA: %v", envelope.ErrUnsupported, err)
	}
	return wrapped, nil
}
