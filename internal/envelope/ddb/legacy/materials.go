package legacy

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"

	"github.com/sealaudit/sealaudit/internal/envelope"
)

// materials are one item's keys. Content may be empty, where nothing is
// encrypted.
type materials struct {
	content envelope.DataKey
	signing Signing
	key     envelope.Key // for the proof
}

func (m *materials) zero() {
	m.content.Zero()
	m.signing.HMAC.Zero()
}

// own copies a key that belongs to a provider, so that zeroing the materials
// leaves it.
func own(k envelope.DataKey) envelope.DataKey { return envelope.NewDataKey(bytes.Clone(k.Bytes())) }

func (s Signing) own() Signing {
	s.HMAC = own(s.HMAC)
	return s
}

// Static is a provider whose content key is the same for all items (DynamoDB
// Encryption Client, "Static materials provider"). Key may be empty where no
// attribute is encrypted.
type Static struct {
	Key     envelope.DataKey // AES
	Signing Signing
}

func (p Static) open(_ context.Context, of subject) (*materials, error) {
	if err := p.Signing.check(of.description); err != nil {
		return nil, err
	}
	if _, wrapped := of.description[descKey]; wrapped {
		return nil, fmt.Errorf("%w: the item has a wrapped data key, and the given key is a static one; give the wrapping key", envelope.ErrNoKey)
	}
	return &materials{content: own(p.Key), signing: p.Signing.own(), key: envelope.Key{Provider: "static"}}, nil
}

func (p Static) seal(_ context.Context, of subject) (*materials, map[string]string, error) {
	m, err := p.open(context.Background(), subject{item: of.item, config: of.config})
	return m, map[string]string{}, err
}

// wrapped is the description's wrapped key. Java may have broken its base64
// into lines.
func wrapped(description map[string]string) ([]byte, error) {
	text, ok := description[descKey]
	if !ok {
		return nil, fmt.Errorf("%w: the item has no wrapped data key, and the given key is a wrapping key; give the static key", envelope.ErrNoKey)
	}
	b, err := base64.StdEncoding.Strict().DecodeString(text) // skips line ends
	if err != nil || len(b) > 8<<10 {
		return nil, fmt.Errorf("%w: the wrapped data key is not base64 or too long", envelope.ErrFormat)
	}
	return b, nil
}

// bits is what an algorithm's name claims of its key: "AES/256" has 256, "AES"
// has none, which is 0.
func bits(algorithm, family string) (int, error) {
	name, size, sized := strings.Cut(algorithm, "/")
	n := 0
	if sized {
		var err error
		if n, err = strconv.Atoi(size); err != nil || n < 8 || n > 8*255*32 || n%8 != 0 {
			name = ""
		}
	}
	if name != family {
		return 0, fmt.Errorf("%w: the material description names another algorithm than %s, or another size of key", envelope.ErrUnsupported, family)
	}
	return n, nil
}

// contentKey checks an unwrapped content key against the description.
func contentKey(key []byte, description map[string]string) (envelope.DataKey, error) {
	k := envelope.NewDataKey(key)
	n := 0
	if algorithm, ok := description[descKeyAlg]; ok {
		var err error
		if n, err = bits(algorithm, "AES"); err != nil {
			k.Zero()
			return envelope.DataKey{}, err
		}
	}
	if n != 0 && n != 8*len(key) || len(key) != 16 && len(key) != 24 && len(key) != 32 {
		k.Zero()
		return envelope.DataKey{}, fmt.Errorf("%w: the unwrapped data key is not of the size that the description claims", envelope.ErrTampered)
	}
	return k, nil
}
