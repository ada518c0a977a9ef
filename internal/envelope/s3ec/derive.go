package s3ec

import (
	"bytes"
	"crypto/hkdf"
	"crypto/sha512"
	"crypto/subtle"
	"fmt"

	"github.com/sealaudit/sealaudit/internal/envelope"
)

// derive gives the key of a V3 body and the commitment to the data key: HKDF
// over SHA-512 with the message id as salt, once with the suite's id and
// "DERIVEKEY", once with "COMMITKEY" (ALG_AES_256_GCM_HKDF_SHA512_COMMIT_KEY).
func derive(dataKey, message []byte) (key envelope.DataKey, commitment []byte, err error) {
	info := string(suiteCommit().aad())
	prk, err := hkdf.Extract(sha512.New, dataKey, message)
	if err != nil {
		return envelope.DataKey{}, nil, fmt.Errorf("%w: deriving the key: %v", envelope.ErrUnsupported, err)
	}
	defer clear(prk)
	commitment, err = hkdf.Expand(sha512.New, prk, info+"COMMITKEY", commitLength)
	if err != nil {
		return envelope.DataKey{}, nil, fmt.Errorf("%w: deriving the key: %v", envelope.ErrUnsupported, err)
	}
	b, err := hkdf.Expand(sha512.New, prk, info+"DERIVEKEY", 32)
	if err != nil {
		return envelope.DataKey{}, nil, fmt.Errorf("%w: deriving the key: %v", envelope.ErrUnsupported, err)
	}
	return envelope.NewDataKey(b), commitment, nil
}

// contentKey is the key of the body, which for V3 is derived, after the
// commitment held. It takes over the data key.
func (h *header) contentKey(dataKey envelope.DataKey) (envelope.DataKey, error) {
	if !h.suite.commit {
		return dataKey, nil
	}
	defer dataKey.Zero()
	key, commitment, err := derive(dataKey.Bytes(), h.message)
	if err != nil {
		return envelope.DataKey{}, err
	}
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
