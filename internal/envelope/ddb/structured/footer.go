package structured

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/sha512"
	"encoding/base64"
	"fmt"

	"github.com/sealaudit/sealaudit/internal/envelope"
	"github.com/sealaudit/sealaudit/internal/envelope/ddb/item"
)

const (
	recipientTagLen = 48
	maxSignature    = 104 // DER of two numbers of 48 bytes
)

// footer is aws_dbe_foot (specification, "Footer Format"): a tag per wrapped
// key, and in flavor 1 a signature.
type footer struct {
	tags      []byte
	signature []byte
}

func parseFooter(v item.Value, h header) (footer, error) {
	if v.Type != item.B {
		return footer{}, fmt.Errorf("%w: the item has a header and no footer", envelope.ErrFormat)
	}
	b := []byte(v.Data)
	n := recipientTagLen * len(h.keys)
	if len(b) < n || h.flavor != signedFlavor && len(b) != n || h.flavor == signedFlavor && (len(b) == n || len(b) > n+maxSignature) {
		return footer{}, fmt.Errorf("%w: a footer of %d bytes does not fit %d wrapped keys and flavor %d", envelope.ErrFormat, len(b), len(h.keys), h.flavor)
	}
	return footer{b[:n], b[n:]}, nil
}

// holds tells whether one of the tags is the key's over the digest.
func (f footer) holds(mac envelope.DataKey, digest []byte) bool {
	want := recipientTag(mac, digest)
	found := false
	for tags := f.tags; len(tags) > 0; tags = tags[recipientTagLen:] {
		if hmac.Equal(tags[:recipientTagLen], want) {
			found = true
		}
	}
	return found
}

func recipientTag(mac envelope.DataKey, digest []byte) []byte {
	h := hmac.New(sha512.New384, mac.Bytes())
	h.Write(digest)
	return h.Sum(nil)
}

// verify checks the signature over the digest. The digest is the message, so
// it is hashed again.
func (f footer) verify(h header, digest []byte) error {
	public, err := parsePublic(h.context[publicKey])
	if err != nil {
		return err
	}
	sum := sha512.Sum384(digest)
	if !ecdsa.VerifyASN1(public, sum[:], f.signature) {
		return fmt.Errorf("%w: the signature does not hold", envelope.ErrTampered)
	}
	return nil
}

// parsePublic reads the public key of the encryption context: base64 of a
// compressed point of P-384.
func parsePublic(text string) (*ecdsa.PublicKey, error) {
	bad := fmt.Errorf("%w: the encryption context's public key is not a compressed point of P-384", envelope.ErrFormat)
	b, err := base64.StdEncoding.Strict().DecodeString(text)
	if err != nil {
		return nil, bad
	}
	x, y := elliptic.UnmarshalCompressed(elliptic.P384(), b)
	if x == nil {
		return nil, bad
	}
	point := append([]byte{4}, make([]byte, 96)...)
	x.FillBytes(point[1:49])
	y.FillBytes(point[49:])
	public, err := ecdsa.ParseUncompressedPublicKey(elliptic.P384(), point)
	if err != nil {
		return nil, bad
	}
	return public, nil
}

// formatPublic is parsePublic's other half.
func formatPublic(public *ecdsa.PublicKey) (string, error) {
	point, err := public.Bytes() // uncompressed
	if err != nil {
		return "", fmt.Errorf("%w: the signature key cannot be written", envelope.ErrUnsupported)
	}
	half := len(point) / 2
	return base64.StdEncoding.EncodeToString(append([]byte{2 + point[len(point)-1]&1}, point[1:1+half]...)), nil
}
