package legacy

import (
	"context"
	"fmt"

	"github.com/sealaudit/sealaudit/internal/envelope"
	"github.com/sealaudit/sealaudit/internal/envelope/ddb/item"
)

// Seal encrypts and signs an item's attributes as the configuration says;
// attributes that it does not name, and has no default for, are encrypted. The
// item given is not changed.
func Seal(ctx context.Context, it item.Item, p Provider, c Config) (item.Item, error) {
	if err := sealable(it, p, &c); err != nil {
		return nil, fmt.Errorf("sealing an item: %w", err)
	}
	m, description, err := p.seal(ctx, subject{item: it, config: c})
	if err != nil {
		return nil, fmt.Errorf("sealing an item: %w", err)
	}
	defer m.zero()
	out, err := encrypt(it, c, m.content)
	if err != nil {
		return nil, fmt.Errorf("sealing an item: %w", err)
	}
	description[descMode], description[descSignature] = modeCBC, m.signing.algorithm()
	pieces, err := pieces(out, false)
	if err != nil {
		return nil, fmt.Errorf("sealing an item: %w", err)
	}
	actions := make([]Action, len(pieces))
	for i, piece := range pieces {
		actions[i] = c.action(piece.attribute)
	}
	signature, err := m.signing.sign(appendText(nil, tableDigest(c.Table), pieces, actions))
	if err != nil {
		return nil, fmt.Errorf("sealing an item: %w", err)
	}
	out[DescriptionAttribute] = item.Bytes(appendDescription(nil, description))
	out[SignatureAttribute] = item.Bytes(signature)
	return out, nil
}

// sealable refuses what could not be opened again, and sets the client's
// default action.
func sealable(it item.Item, p Provider, c *Config) error {
	if p == nil {
		return fmt.Errorf("%w: no key was given", envelope.ErrNoKey)
	}
	for name := range it {
		if reserved(name) {
			return fmt.Errorf("%w: the item is sealed already", envelope.ErrFormat)
		}
	}
	if c.Default == "" {
		c.Default = EncryptAndSign
	}
	return c.check()
}

// encrypt copies the item with its attributes encrypted.
func encrypt(it item.Item, c Config, key envelope.DataKey) (item.Item, error) {
	out := make(item.Item, len(it)+2)
	var cipher cbc
	for name, v := range it {
		if c.action(name) == EncryptAndSign {
			var err error
			if cipher.block == nil {
				if cipher, err = newCBC(key); err != nil {
					return nil, err
				}
			}
			if v, err = cipher.seal(v); err != nil {
				return nil, err
			}
		}
		out[name] = v
	}
	return out, nil
}
