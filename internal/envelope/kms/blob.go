package kms

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha256"
	"encoding/asn1"
	"encoding/binary"

	"github.com/sealaudit/sealaudit/internal/envelope"
)

// A blob has the outer shape that AWS's have: 01 02 02 00 78, a constant of
// the key in 32 bytes, and a length in 4 bytes with a PKCS #7 EncryptedData
// (RFC 2315, section 13) of AES-256-GCM. What is under the tag begins with 11
// bytes of its own; all before the IV and the encryption context are
// additional data. AWS's blobs are undocumented: only AWS opens them, and only
// this package opens these.
const (
	maxBlob   = 6144 // KMS API, Decrypt, CiphertextBlob
	maxPlain  = 4096 // KMS API, Encrypt, Plaintext
	nameLen   = 32
	headLen   = 5 + nameLen
	innerLen  = 11
	tagLen    = 16
	blobLabel = "sealaudit kms blob 1"
)

func blobMagic() []byte        { return []byte{1, 2, 2, 0, 0x78} }
func blobInner() []byte        { return []byte("\x01sealaudit1") }
func digest(b []byte) [32]byte { return sha256.Sum256(b) }

// name is the constant of a key; related multi-Region keys share it.
func (k Key) name() [nameLen]byte {
	a, _ := parseARN(k.ARN)
	if k.MultiRegion {
		a.region = "*"
	}
	return digest([]byte(blobLabel + "\x00" + a.String()))
}

// The content of a blob (RFC 2315, sections 7 and 13; RFC 5084, section 3.2).
type contentInfo struct {
	Type    asn1.ObjectIdentifier
	Content encryptedData `asn1:"explicit,tag:0"`
}

type encryptedData struct {
	Version int
	Content encryptedContent
}

type encryptedContent struct {
	Type      asn1.ObjectIdentifier
	Algorithm algorithm
	Octets    []byte `asn1:"tag:0"`
}

type algorithm struct {
	ID         asn1.ObjectIdentifier
	Parameters gcmParameters
}

type gcmParameters struct {
	Nonce  []byte
	TagLen int
}

func newContent(iv, octets []byte) contentInfo {
	return contentInfo{asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 6},
		encryptedData{0, encryptedContent{asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 1},
			algorithm{asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 1, 46}, gcmParameters{iv, tagLen}}, octets}}}
}

// blob is a parsed blob.
type blob struct {
	name       [nameLen]byte
	iv, octets []byte
}

// parseBlob reads a blob. It accepts only what appendTo writes, to the bit.
func parseBlob(b []byte) (blob, error) {
	if len(b) < headLen+4 || len(b) > maxBlob || !bytes.HasPrefix(b, blobMagic()) {
		return blob{}, malformedBlob("its first bytes")
	}
	der := b[headLen+4:]
	if uint64(binary.BigEndian.Uint32(b[headLen:])) != uint64(len(der)) {
		return blob{}, malformedBlob("its length")
	}
	var c contentInfo
	if rest, err := asn1.Unmarshal(der, &c); err != nil || len(rest) > 0 {
		return blob{}, malformedBlob("its content")
	}
	out := blob{[nameLen]byte(b[len(blobMagic()):]), c.Content.Content.Algorithm.Parameters.Nonce, c.Content.Content.Octets}
	if len(out.iv) != 12 || len(out.octets) <= innerLen+tagLen {
		return blob{}, malformedBlob("its IV or its octets")
	}
	again, err := out.bytes()
	if err != nil || !bytes.Equal(again, b) {
		return blob{}, malformedBlob("its content")
	}
	return out, nil
}

func (b blob) bytes() ([]byte, error) {
	der, err := asn1.Marshal(newContent(b.iv, b.octets))
	if err != nil {
		return nil, err
	}
	out := append(blobMagic(), b.name[:]...)
	return append(binary.BigEndian.AppendUint32(out, uint32(len(der))), der...), nil
}

// additional is the additional data of a blob.
func additional(name [nameLen]byte, encryptionContext map[string]string) ([]byte, error) {
	aad, err := envelope.AppendContext(append([]byte(blobLabel), name[:]...), encryptionContext)
	if err != nil {
		return nil, fail(codeValidation, "the encryption context is too long")
	}
	return aad, nil
}

func (m material) aead() (cipher.AEAD, error) {
	block, err := aes.NewCipher(m.Key)
	if err != nil {
		return nil, fail(codeInternal, "the key material is not an AES key")
	}
	return cipher.NewGCM(block)
}

// seal encrypts under the newest material of a key.
func seal(k *key, materials []material, plaintext []byte, encryptionContext map[string]string) ([]byte, error) {
	aad, err := additional(k.name(), encryptionContext)
	if err != nil {
		return nil, err
	}
	aead, err := materials[len(materials)-1].aead()
	if err != nil {
		return nil, err
	}
	iv := make([]byte, 12)
	_, _ = rand.Read(iv) // never fails
	inner := append(blobInner(), plaintext...)
	defer clear(inner)
	return blob{k.name(), iv, aead.Seal(nil, iv, inner, aad)}.bytes()
}

// open decrypts with each material of a key, the newest first, and names the
// one that did.
func open(k *key, materials []material, b blob, encryptionContext map[string]string) (plaintext []byte, used string, err error) {
	aad, err := additional(b.name, encryptionContext)
	if err != nil {
		return nil, "", err
	}
	for i := len(materials) - 1; i >= 0; i-- {
		aead, err := materials[i].aead()
		if err != nil {
			return nil, "", err
		}
		inner, err := aead.Open(nil, b.iv, b.octets, aad)
		if err == nil && bytes.HasPrefix(inner, blobInner()) {
			plaintext := bytes.Clone(inner[innerLen:])
			clear(inner)
			return plaintext, materials[i].id(k.Key), nil
		}
	}
	return nil, "", fail(codeInvalidCiphertext, "under %s the blob does not authenticate: it or its encryption context is not what was encrypted", k.ARN)
}
