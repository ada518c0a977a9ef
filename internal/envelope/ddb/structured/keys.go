package structured

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha512"
	"encoding/binary"
	"fmt"

	"github.com/sealaudit/sealaudit/internal/envelope"
	"github.com/sealaudit/sealaudit/internal/envelope/keyring"
)

const (
	keyLen     = 32
	wrappedLen = keyLen + tagLen // of the data key under the intermediate one

	// Labels of keys (AWS Cryptographic Material Providers specification,
	// "Intermediate Key Wrapping"; AWS Database Encryption SDK for DynamoDB
	// specification, "Key Derivation").
	labelWrap   = "AWS_MPL_INTERMEDIATE_KEYWRAP_ENC"
	labelMAC    = "AWS_MPL_INTERMEDIATE_KEYWRAP_MAC"
	labelCommit = "AWS_DBE_COMMIT_KEY"
	labelFields = "AWS_DBE_DERIVE_KEY"
	labelField  = "AwsDbeField"
)

// derive is HKDF-SHA512 without salt to a key of 32 bytes.
func derive(key []byte, info string) envelope.DataKey {
	b, err := hkdf.Key(sha512.New, key, nil, info, keyLen)
	if err != nil {
		panic("unreachable: HKDF-SHA512 gives up to 16,320 bytes: " + err.Error())
	}
	return envelope.NewDataKey(b)
}

func gcm(key []byte) cipher.AEAD {
	block, err := aes.NewCipher(key)
	if err != nil {
		panic("unreachable: the key has 32 bytes: " + err.Error())
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		panic("unreachable: AES has blocks of 16 bytes: " + err.Error())
	}
	return aead
}

// unwrapped are the data key and the key of the footer's tag, and which
// wrapped key gave them.
type unwrapped struct {
	data, mac envelope.DataKey
	used      int
}

func (u unwrapped) zero() {
	u.data.Zero()
	u.mac.Zero()
}

// unwrap tries the wrapped keys in order. Each is the data key under an
// intermediate key, and that under the keyring's (Material Providers
// specification, "Intermediate Key Wrapping").
func unwrap(ctx context.Context, k envelope.Keyring, keys []envelope.EncryptedDataKey, full map[string]string) (unwrapped, error) {
	if k == nil {
		return unwrapped{}, fmt.Errorf("%w: no keyring was given for items of the AWS Database Encryption SDK", envelope.ErrNoKey)
	}
	aad, err := envelope.AppendContext(nil, full)
	if err != nil {
		return unwrapped{}, err
	}
	var errs []error
	for i, edk := range keys {
		u, err := unwrapOne(ctx, k, edk, full, aad)
		if err == nil {
			u.used = i
			return u, nil
		}
		errs = append(errs, err)
	}
	return unwrapped{}, keyring.Join(errs...)
}

func unwrapOne(ctx context.Context, k envelope.Keyring, edk envelope.EncryptedDataKey, full map[string]string, aad []byte) (unwrapped, error) {
	if len(edk.Ciphertext) <= wrappedLen {
		return unwrapped{}, fmt.Errorf("%w: a wrapped data key of %d bytes; it has more than %d", envelope.ErrFormat, len(edk.Ciphertext), wrappedLen)
	}
	wrapped := edk.Ciphertext[:wrappedLen]
	edk.Ciphertext = edk.Ciphertext[wrappedLen:]
	intermediate, err := k.Unwrap(ctx, edk, full)
	if err != nil {
		return unwrapped{}, err
	}
	defer intermediate.Zero()
	kek := derive(intermediate.Bytes(), labelWrap)
	defer kek.Zero()
	data, err := gcm(kek.Bytes()).Open(nil, make([]byte, 12), wrapped, aad)
	if err != nil {
		return unwrapped{}, fmt.Errorf("%w: the intermediate key does not unwrap the data key", envelope.ErrTampered)
	}
	return unwrapped{data: envelope.NewDataKey(data), mac: derive(intermediate.Bytes(), labelMAC)}, nil
}

// wrap makes an intermediate key and wraps the data key under it, and it under
// the keyring's.
func wrap(ctx context.Context, k envelope.Keyring, data envelope.DataKey, full map[string]string) (edk envelope.EncryptedDataKey, mac envelope.DataKey, err error) {
	aad, err := envelope.AppendContext(nil, full)
	if err != nil {
		return edk, mac, err
	}
	intermediate := random(keyLen)
	defer intermediate.Zero()
	if edk, err = k.Wrap(ctx, intermediate, full); err != nil {
		return edk, mac, err
	}
	kek := derive(intermediate.Bytes(), labelWrap)
	defer kek.Zero()
	edk.Ciphertext = append(gcm(kek.Bytes()).Seal(nil, make([]byte, 12), data.Bytes(), aad), edk.Ciphertext...)
	return edk, derive(intermediate.Bytes(), labelMAC), nil
}

// commitKey is the key of the header's commitment.
func commitKey(data envelope.DataKey, id [messageIDLen]byte) envelope.DataKey {
	return derive(data.Bytes(), labelCommit+string(id[:]))
}

// fieldKeys gives each encrypted field its key and nonce, which are pieces of
// a key stream under the fields' root key.
type fieldKeys struct{ root cipher.Block }

func newFieldKeys(data envelope.DataKey, id [messageIDLen]byte) fieldKeys {
	root := derive(data.Bytes(), labelFields+string(id[:]))
	defer root.Zero()
	block, err := aes.NewCipher(root.Bytes())
	if err != nil {
		panic("unreachable: the key has 32 bytes: " + err.Error())
	}
	return fieldKeys{block}
}

// of gives the i-th encrypted field's cipher and nonce: 44 bytes of AES-CTR at
// block 3·i (specification, "Calculate Cipherkey and Nonce").
func (k fieldKeys) of(i int) (cipher.AEAD, []byte) {
	var stream [3 * aes.BlockSize]byte
	for n := range 3 {
		block := stream[n*aes.BlockSize:][:aes.BlockSize]
		copy(block, labelField)
		block[len(labelField)] = keyLen + 12
		binary.BigEndian.PutUint32(block[12:], uint32(3*i+n))
		k.root.Encrypt(block, block)
	}
	defer clear(stream[:keyLen])
	return gcm(stream[:keyLen]), append([]byte(nil), stream[keyLen:keyLen+12]...)
}
