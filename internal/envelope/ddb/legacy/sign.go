package legacy

import (
	"crypto"
	"crypto/hmac"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	"math/big"

	"github.com/sealaudit/sealaudit/internal/envelope"
)

// Signing is the key of an item's signature: HMAC-SHA256, or RSA PKCS #1 v1.5
// with SHA-256, whose private half is needed for sealing only. The key says
// which it is; what the description says must agree, for the description is
// not authenticated.
type Signing struct {
	HMAC    envelope.DataKey
	Public  *rsa.PublicKey
	Private *rsa.PrivateKey
}

// algorithm is its name in a material description.
func (s Signing) algorithm() string {
	if s.Public != nil || s.Private != nil {
		return signRSA
	}
	return signHMAC
}

func (s Signing) public() *rsa.PublicKey {
	if s.Public == nil && s.Private != nil {
		return &s.Private.PublicKey
	}
	return s.Public
}

// check refuses an unusable key, and a description of another algorithm.
func (s Signing) check(description map[string]string) error {
	if claimed, ok := description[descSignature]; ok && claimed != s.algorithm() {
		return fmt.Errorf("%w: the item claims another signature algorithm than %s, which the given key is for", envelope.ErrNoKey, s.algorithm())
	}
	if s.public() == nil && s.HMAC.Len() == 0 {
		return fmt.Errorf("%w: there is no key for the item's signature; give an HMAC or RSA key", envelope.ErrNoKey)
	}
	return nil
}

// sign signs a string to sign.
func (s Signing) sign(text []byte) ([]byte, error) {
	if s.algorithm() == signHMAC {
		return s.mac(text), nil
	}
	if s.Private == nil {
		return nil, fmt.Errorf("%w: signing needs the private RSA key", envelope.ErrNoKey)
	}
	digest := sha256.Sum256(text)
	signature, err := rsa.SignPKCS1v15(nil, s.Private, crypto.SHA256, digest[:])
	if err != nil {
		return nil, fmt.Errorf("%w: signing the item: the RSA key cannot be used", envelope.ErrWrongKey)
	}
	return signature, nil
}

func (s Signing) mac(text []byte) []byte {
	h := hmac.New(sha256.New, s.HMAC.Bytes())
	h.Write(text)
	return h.Sum(nil)
}

// verifier gives a function that tells whether a text is the signed one, fast
// enough to try many.
func (s Signing) verifier(signature []byte) func(text []byte) bool {
	if s.algorithm() == signHMAC {
		h := hmac.New(sha256.New, s.HMAC.Bytes())
		var sum []byte
		return func(text []byte) bool {
			h.Reset()
			h.Write(text)
			sum = h.Sum(sum[:0])
			return hmac.Equal(sum, signature)
		}
	}
	// Only the standard library's verification accepts a text. After it
	// refused one, it is asked for those only whose digest is the signed one.
	public := s.public()
	var signed []byte
	return func(text []byte) bool {
		digest := sha256.Sum256(text)
		if signed != nil && subtle.ConstantTimeCompare(digest[:], signed) != 1 {
			return false
		}
		if rsa.VerifyPKCS1v15(public, crypto.SHA256, digest[:], signature) == nil {
			return true
		}
		signed = recover256(public, signature)
		return false
	}
}

// recover256 is the last 32 bytes of what an RSA signature signs, or nothing
// where the signature is not of the key's size.
func recover256(public *rsa.PublicKey, signature []byte) []byte {
	if len(signature) != public.Size() || public.Size() < 64 {
		return []byte{}
	}
	message := new(big.Int).Exp(new(big.Int).SetBytes(signature), big.NewInt(int64(public.E)), public.N)
	return message.FillBytes(make([]byte, public.Size()))[public.Size()-sha256.Size:]
}
