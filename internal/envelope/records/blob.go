package records

import (
	"bytes"
	"context"
	"encoding/asn1"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"

	"github.com/sealaudit/sealaudit/internal/envelope"
)

const (
	maxBlob     = 6144 // KMS API, Decrypt, CiphertextBlob
	constantLen = 32
	// innerLen is by how much what is encrypted exceeds the plaintext: the tag
	// of 16 bytes and 11 bytes of KMS's own.
	innerLen = 27
)

// Blob is a ciphertext blob of AWS KMS. Its layout is undocumented; it is read
// for hints, and never for correctness.
type Blob struct {
	// Constant is the same in all blobs of a KMS key, whichever it is.
	Constant [constantLen]byte
	// Bytes is the length of the plaintext, by that of the ciphertext.
	Bytes int64

	ciphertext []byte
}

// ParseBlob reads a blob, binary or in base64, as AWS's were observed to be: 01,
// 01 or 02, 01 to 03, 00 78, the constant, a length in 4 bytes, and a PKCS #7
// EncryptedData (RFC 2315, section 13) of AES-256-GCM.
func ParseBlob(b []byte) (Blob, bool) {
	if len(b) > 2*maxBlob {
		return Blob{}, false
	}
	if bytes.HasPrefix(b, []byte("AQ")) {
		raw, err := base64.StdEncoding.DecodeString(string(bytes.TrimRight(b, "\r\n")))
		if err != nil {
			return Blob{}, false
		}
		b = raw
	}
	const head = 5 + constantLen
	if len(b) < head+4 || len(b) > maxBlob || b[0] != 1 || b[1] < 1 || b[1] > 2 || b[2] < 1 || b[2] > 3 || b[3] != 0 || b[4] != 0x78 {
		return Blob{}, false
	}
	der := b[head+4:]
	if uint64(binary.BigEndian.Uint32(b[head:])) != uint64(len(der)) {
		return Blob{}, false
	}
	octets, ok := encryptedOctets(der)
	if !ok {
		return Blob{}, false
	}
	return Blob{[constantLen]byte(b[5:]), octets - innerLen, b}, true
}

// encryptedOctets is how many octets a blob's EncryptedData holds (RFC 2315,
// sections 7 and 13; RFC 5084, section 3.2).
func encryptedOctets(der []byte) (int64, bool) {
	var c struct {
		Type    asn1.ObjectIdentifier
		Content struct {
			Version int
			Content struct {
				Type      asn1.ObjectIdentifier
				Algorithm struct {
					ID         asn1.ObjectIdentifier
					Parameters struct {
						Nonce  []byte
						TagLen int
					}
				}
				Octets []byte `asn1:"tag:0"`
			}
		} `asn1:"explicit,tag:0"`
	}
	rest, err := asn1.Unmarshal(der, &c)
	inner := c.Content.Content
	if err != nil || len(rest) > 0 || !c.Type.Equal(asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 6}) ||
		!inner.Algorithm.ID.Equal(asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 1, 46}) ||
		inner.Algorithm.Parameters.TagLen != 16 || len(inner.Octets) <= innerLen {
		return 0, false
	}
	return int64(len(inner.Octets)), true
}

// Name is the key as far as a blob tells of it.
func (b Blob) Name() string { return "a key with the constant " + hex.EncodeToString(b.Constant[:]) }

func (b Blob) proof() envelope.Proof {
	p := envelope.Proof{Format: "AWS KMS ciphertext", Suite: "AES-256-GCM", Authenticated: true, Bytes: b.Bytes,
		Keys: []envelope.Key{{Provider: "aws-kms", ID: b.Name(), Wrap: "KMS"}}}
	p.Add("layout", nil, fmt.Sprintf("as AWS's were observed to be; by its length it holds %d bytes", b.Bytes))
	return p
}

// Inspect implements Record.
func (b Blob) Inspect(context.Context, Options) (envelope.Proof, error) {
	p := b.proof()
	p.Add("decryption", fmt.Errorf("%w: only KMS opens it, and was not asked", envelope.ErrNoKey), "")
	return p, nil
}

// Verify implements Record.
func (b Blob) Verify(ctx context.Context, keys Keys, o Options) (envelope.Proof, error) {
	p := b.proof()
	p.Context = envelope.Pairs(o.Messages.Context, o.Messages.Values)
	err := fmt.Errorf("%w: only KMS opens it; give a keyring of KMS", envelope.ErrNoKey)
	if keys.KMS != nil {
		var plain envelope.DataKey
		plain, err = keys.KMS.Decrypt(ctx, keys.KMSKeyID, b.ciphertext, o.Messages.Context)
		if err == nil {
			p.Bytes, p.Keys[0].Used = int64(plain.Len()), true
		}
		plain.Zero()
		err = unsaid(err, len(o.Messages.Context) > 0, "give it with --context, if it has one")
	}
	p.Add("decryption", err, "KMS decrypts it under this encryption context")
	return p, err
}

// Open refuses: a bare blob most often holds a key.
func (b Blob) Open(ctx context.Context, _ io.Writer, keys Keys, o Options) (envelope.Proof, error) {
	p, err := b.Verify(ctx, keys, o)
	if err != nil {
		return p, err
	}
	err = fmt.Errorf("%w: what a bare KMS ciphertext holds is most often a key, and is not written; aws kms decrypt writes it", envelope.ErrUnsupported)
	p.Add("plaintext", err, "")
	return p, err
}
