package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/sealaudit/sealaudit/internal/envelope"
)

// givenKey is a plaintext data key that its owner kept: it opens whatever it
// is the key of, and what is not then fails to authenticate.
type givenKey struct{ key []byte }

func (g givenKey) Unwrap(context.Context, envelope.EncryptedDataKey, map[string]string) (envelope.DataKey, error) {
	return envelope.NewDataKey(bytes.Clone(g.key)), nil
}

func (g givenKey) Wrap(context.Context, envelope.DataKey, map[string]string) (envelope.EncryptedDataKey, error) {
	return envelope.EncryptedDataKey{}, fmt.Errorf("%w: a given data key wraps nothing", envelope.ErrUnsupported)
}

func (g givenKey) Decrypt(context.Context, string, []byte, map[string]string) (envelope.DataKey, error) {
	return envelope.NewDataKey(bytes.Clone(g.key)), nil
}

func (g givenKey) GenerateDataKey(context.Context, string, int, map[string]string) (envelope.DataKey, []byte, error) {
	return envelope.DataKey{}, nil, fmt.Errorf("%w: a given data key makes no other", envelope.ErrUnsupported)
}

// maxKeyFile bounds a key file; an RSA key of 16,384 bits in PEM has 13 KB.
const maxKeyFile = 64 << 10

func (k *envelopeKeys) secret(path string) ([]byte, error) {
	b, err := readSmall(path, maxKeyFile)
	k.secrets = append(k.secrets, b)
	return b, err
}

// symmetric reads a key of one of the lengths: the bytes themselves, or a text
// in hex or base64. A file that can be read both ways is refused.
func (k *envelopeKeys) symmetric(path string, lengths ...int) ([]byte, error) {
	raw, err := k.secret(path)
	if err != nil {
		return nil, err
	}
	fits := func(b []byte) bool {
		for _, n := range lengths {
			if len(b) == n {
				return true
			}
		}
		return false
	}
	text := symmetricText(raw)
	k.secrets = append(k.secrets, text)
	decoded := !bytes.Equal(text, raw) && fits(text)
	switch {
	case fits(raw) && decoded:
		return nil, fmt.Errorf("%s may be %d bytes or the text of %d; end its line if it is text", path, len(raw), len(text))
	case fits(raw):
		return raw, nil
	case decoded:
		return text, nil
	}
	return nil, fmt.Errorf("%s has %d bytes, and is no hex or base64; a key here has one of %v bytes", path, len(raw), lengths)
}

// symmetricText is a key file's content, decoded if it is hex or base64.
func symmetricText(raw []byte) []byte {
	text := strings.TrimSpace(string(raw))
	if b, err := hex.DecodeString(text); err == nil {
		return b
	}
	if b, err := base64.StdEncoding.Strict().DecodeString(text); err == nil {
		return b
	}
	return raw
}
