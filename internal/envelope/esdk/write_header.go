package esdk

import (
	"context"
	"crypto/ecdsa"
	"crypto/rand"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"maps"
	"math"

	"github.com/sealaudit/sealaudit/internal/envelope"
)

// WriteOptions are choices of a writer of messages. The zero value writes
// suite 0578 in frames of 4096 bytes, with an empty encryption context.
type WriteOptions struct {
	Suite Suite
	// FrameLength is the plaintext in a frame; 0 is 4096 bytes.
	FrameLength int
	// Unframed writes the body in one piece, which the Writer holds until it
	// is closed. MaxFrame bounds it; 0 is 16 MiB.
	Unframed bool
	MaxFrame int
	// Context is the encryption context.
	Context map[string]string
	// Required are keys of Context whose pairs the message is bound to and
	// does not carry (AWS Encryption SDK specification, "Required Encryption
	// Context CMM"): who opens it has to supply them.
	Required []string
	// Policy is the commitment policy.
	Policy CommitmentPolicy
}

func (o WriteOptions) suite() (Suite, error) {
	s := o.Suite
	if s == 0 {
		s = AES256CommitSigned
	}
	if _, known := s.parameters(); !known {
		return s, fmt.Errorf("%w: algorithm suite %s; take one of Suites", envelope.ErrUnsupported, s)
	}
	return s, o.Policy.write(s)
}

func (o WriteOptions) frameLength() (int64, error) {
	switch {
	case o.Unframed:
		return 0, nil
	case o.FrameLength < 0 || int64(o.FrameLength) > math.MaxUint32:
		return 0, fmt.Errorf("%w: frames of %d bytes; a frame has 1 to %d", envelope.ErrUnsupported, o.FrameLength, uint32(math.MaxUint32))
	case o.FrameLength == 0:
		return 4096, nil
	}
	return int64(o.FrameLength), nil
}

// wrapsAll is a keyring that gives several encrypted data keys.
type wrapsAll interface {
	WrapAll(ctx context.Context, key envelope.DataKey, encryptionContext map[string]string) ([]envelope.EncryptedDataKey, error)
}

// generates is a keyring that makes the data key itself.
type generates interface {
	Generate(ctx context.Context, bytes int, encryptionContext map[string]string) (envelope.DataKey, envelope.EncryptedDataKey, error)
}

// dataKey makes a data key and wraps it. The caller zeroes it.
func dataKey(ctx context.Context, kr envelope.Keyring, size int, encryptionContext map[string]string) (envelope.DataKey, []envelope.EncryptedDataKey, error) {
	if g, can := kr.(generates); can {
		key, edk, err := g.Generate(ctx, size, encryptionContext)
		return key, []envelope.EncryptedDataKey{edk}, err
	}
	key := envelope.NewDataKey(make([]byte, size))
	_, _ = rand.Read(key.Bytes()) // never fails
	if all, can := kr.(wrapsAll); can {
		edks, err := all.WrapAll(ctx, key, encryptionContext)
		return key, edks, err
	}
	edk, err := kr.Wrap(ctx, key, encryptionContext)
	return key, []envelope.EncryptedDataKey{edk}, err
}

// contexts are the encryption context as the data key is bound to it, as the
// header has it, and what is left out, serialised. For a signed suite it makes
// the key that signs.
func (o WriteOptions) contexts(p parameters) (whole, stored map[string]string, required []byte, signer *ecdsa.PrivateKey, err error) {
	if err := checkReserved(o.Context); err != nil {
		return nil, nil, nil, nil, err
	}
	whole, stored = maps.Clone(o.Context), maps.Clone(o.Context)
	if whole == nil {
		whole, stored = map[string]string{}, map[string]string{}
	}
	left := map[string]string{}
	for _, key := range o.Required {
		value, has := o.Context[key]
		if !has {
			return nil, nil, nil, nil, fmt.Errorf("%w: a required key of the encryption context is not in it; add the pair", envelope.ErrUnsupported)
		}
		left[key] = value
		delete(stored, key)
	}
	if p.curve != nil {
		if signer, err = ecdsa.GenerateKey(p.curve, rand.Reader); err != nil {
			return nil, nil, nil, nil, err
		}
		if whole[publicKey], err = formatPublicKey(&signer.PublicKey); err != nil {
			return nil, nil, nil, nil, err
		}
		stored[publicKey] = whole[publicKey]
	}
	required, err = envelope.AppendContext(nil, left)
	return whole, stored, required, signer, err
}

// formatPublicKey is parsePublicKey's inverse.
func formatPublicKey(key *ecdsa.PublicKey) (string, error) {
	point, err := key.Bytes() // 4, x, y
	if err != nil {
		return "", err
	}
	size := (len(point) - 1) / 2
	compressed := append([]byte{2 | point[2*size]&1}, point[1:1+size]...)
	return base64.StdEncoding.EncodeToString(compressed), nil
}

// appendHeader appends a header's body (AWS Encryption SDK specification,
// "Message Header", "Structure").
func appendHeader(b []byte, h *Header) ([]byte, error) {
	b = append(b, byte(h.Version))
	if h.Version == 1 {
		b = append(b, 0x80)
	}
	b = binary.BigEndian.AppendUint16(b, uint16(h.Suite))
	b = append(b, h.MessageID...)
	encryptionContext, err := envelope.AppendContext(nil, h.Context)
	if err != nil {
		return nil, err
	}
	if b, err = appendCounted(b, encryptionContext); err != nil {
		return nil, err
	}
	if len(h.DataKeys) == 0 || len(h.DataKeys) > math.MaxUint16 {
		return nil, fmt.Errorf("%w: %d encrypted data keys; a message has 1 to %d", envelope.ErrFormat, len(h.DataKeys), math.MaxUint16)
	}
	b = binary.BigEndian.AppendUint16(b, uint16(len(h.DataKeys)))
	for _, k := range h.DataKeys {
		for _, field := range [][]byte{[]byte(k.Provider), k.Info, k.Ciphertext} {
			if b, err = appendCounted(b, field); err != nil {
				return nil, err
			}
		}
	}
	kind := byte(framed)
	if h.FrameLength == 0 {
		kind = nonFramed
	}
	b = append(b, kind)
	if h.Version == 1 {
		b = append(b, 0, 0, 0, 0, ivLen)
	}
	b = binary.BigEndian.AppendUint32(b, uint32(h.FrameLength))
	return append(b, h.commitment...), nil
}

func appendCounted(b, field []byte) ([]byte, error) {
	if len(field) > math.MaxUint16 {
		return nil, fmt.Errorf("%w: a field of %d bytes in a header, where %d fit", envelope.ErrFormat, len(field), math.MaxUint16)
	}
	return append(binary.BigEndian.AppendUint16(b, uint16(len(field))), field...), nil
}
