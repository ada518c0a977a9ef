package s3ec

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/rsa"
	"fmt"

	"github.com/sealaudit/sealaudit/internal/envelope"
)

func (k Keys) public() *rsa.PublicKey {
	if k.RSAPublic == nil && len(k.RSA) > 0 && k.RSA[0] != nil {
		return &k.RSA[0].PublicKey
	}
	return k.RSAPublic
}

// wrap makes a data key and its wrapped form.
func (k Keys) wrap(ctx context.Context, h *header) (envelope.DataKey, error) {
	if h.wrap.name == wrapContext {
		if k.KMS == nil {
			return envelope.DataKey{}, noKey("KMS")
		}
		key, blob, err := k.KMS.GenerateDataKey(ctx, k.KMSKeyID, 32, h.context)
		if err != nil {
			return envelope.DataKey{}, classify(err)
		}
		if key.Len() != 32 || len(blob) == 0 || len(blob) > maxWrapped {
			key.Zero()
			return envelope.DataKey{}, fmt.Errorf("%w: KMS made a data key of %d bytes and a blob of %d", envelope.ErrFormat, key.Len(), len(blob))
		}
		h.wrapped = blob
		return key, nil
	}
	key := envelope.NewDataKey(random(32))
	var err error
	switch {
	case h.wrap.name == wrapOAEP && k.public() != nil:
		h.wrapped, err = sealRSA(rand.Reader, k.public(), key.Bytes(), h.bound)
	case h.wrap.name == wrapGCM && len(k.AES) > 0:
		h.wrapped, err = sealGCM(k.AES[0], key.Bytes(), h.bound)
	default:
		err = noKey("key for it")
	}
	if err != nil {
		key.Zero()
		return envelope.DataKey{}, err
	}
	return key, nil
}

func sealGCM(wrapping, key []byte, bound string) ([]byte, error) {
	block, err := aes.NewCipher(wrapping)
	if err != nil {
		return nil, fmt.Errorf("%w: a raw AES key has 16, 24 or 32 bytes, this one %d", envelope.ErrUnsupported, len(wrapping))
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return nil, fmt.Errorf("%w: AES-GCM is not available: %v", envelope.ErrUnsupported, err)
	}
	iv := random(12)
	return aead.Seal(iv, iv, key, []byte(bound)), nil
}

// sealKey is the key of the body, and for V3 sets the commitment. It takes
// over the data key.
func (h *header) sealKey(dataKey envelope.DataKey) (key envelope.DataKey) {
	if !h.suite.commit {
		return dataKey
	}
	defer dataKey.Zero()
	key, h.commitment = derive(dataKey.Bytes(), h.message)
	return key
}
