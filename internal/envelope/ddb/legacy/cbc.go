package legacy

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"fmt"

	"github.com/sealaudit/sealaudit/internal/envelope"
	"github.com/sealaudit/sealaudit/internal/envelope/ddb/item"
)

// cbc encrypts and decrypts attributes of one item: a random initialisation
// vector and AES-CBC with PKCS #7 padding of the serialised value (DynamoDB
// Encryption Client, "Attribute encryption").
type cbc struct{ block cipher.Block }

func newCBC(key envelope.DataKey) (cbc, error) {
	if key.Len() == 0 {
		return cbc{}, fmt.Errorf("%w: the item has encrypted attributes, and there is no content key; give the AES key", envelope.ErrNoKey)
	}
	block, err := aes.NewCipher(key.Bytes())
	if err != nil {
		return cbc{}, fmt.Errorf("%w: an AES key has 16, 24 or 32 bytes, not %d", envelope.ErrWrongKey, key.Len())
	}
	return cbc{block}, nil
}

// plain decrypts an attribute whose signature held, to its serialised value.
// That it does not decrypt then means that the content key is another than the
// writer's; every cause has one error.
func (c cbc) plain(v item.Value) ([]byte, error) {
	if v.Type != item.B || len(v.Data) < 2*aes.BlockSize || len(v.Data)%aes.BlockSize != 0 {
		return nil, errUndecryptable()
	}
	b := []byte(v.Data)
	iv, b := b[:aes.BlockSize], b[aes.BlockSize:]
	cipher.NewCBCDecrypter(c.block, iv).CryptBlocks(b, b)
	n := int(b[len(b)-1])
	padded := n > 0 && n <= aes.BlockSize
	for i := range min(n, aes.BlockSize) {
		padded = padded && int(b[len(b)-1-i]) == n
	}
	if !padded {
		clear(b)
		return nil, errUndecryptable()
	}
	return b[:len(b)-n], nil
}

func errUndecryptable() error {
	return fmt.Errorf("%w: an attribute does not decrypt under the data key", envelope.ErrTampered)
}

// open decrypts an attribute and gives the length of what was encrypted.
func (c cbc) open(v item.Value) (item.Value, int, error) {
	b, err := c.plain(v)
	if err != nil {
		return item.Value{}, 0, err
	}
	defer clear(b)
	if v, err = parseValue(b); err != nil {
		return item.Value{}, 0, errUndecryptable()
	}
	return v, len(b), nil
}

// key decrypts an attribute of bytes that is a key.
func (c cbc) key(v item.Value) (envelope.DataKey, error) {
	b, err := c.plain(v)
	if err != nil {
		return envelope.DataKey{}, err
	}
	defer clear(b)
	if len(b) < 2 || b[0] != 0 || b[1] != tagB {
		return envelope.DataKey{}, errUndecryptable()
	}
	key, rest, ok := cut(b[2:])
	if !ok || len(rest) > 0 || len(key) == 0 {
		return envelope.DataKey{}, errUndecryptable()
	}
	return envelope.NewDataKey(bytes.Clone(key)), nil
}

// seal encrypts an attribute.
func (c cbc) seal(v item.Value) (item.Value, error) {
	b := make([]byte, aes.BlockSize, 256)
	_, _ = rand.Read(b) // never fails
	b, err := appendValue(b, v)
	if err != nil {
		return item.Value{}, err
	}
	n := aes.BlockSize - len(b)%aes.BlockSize
	for range n {
		b = append(b, byte(n))
	}
	body := b[aes.BlockSize:]
	cipher.NewCBCEncrypter(c.block, b[:aes.BlockSize]).CryptBlocks(body, body)
	return item.Bytes(b), nil
}
