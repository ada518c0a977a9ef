package legacy

import (
	"context"
	"fmt"

	"github.com/sealaudit/sealaudit/internal/envelope"
	"github.com/sealaudit/sealaudit/internal/envelope/ddb/item"
)

// Verify authenticates an item, decrypts its attributes and tells what that
// showed. The error is what kept it from being verified, nil if nothing did;
// the proof is complete either way.
func Verify(ctx context.Context, it item.Item, p Provider, c Config) (envelope.Proof, error) {
	_, proof, err := open(ctx, it, p, c)
	return proof, err
}

// Open gives the item without the client's own attributes and with its
// encrypted ones decrypted, after all of it was authenticated. Attributes that
// the writer did not sign are in it as they were; Verify's proof tells of
// them.
func Open(ctx context.Context, it item.Item, p Provider, c Config) (item.Item, error) {
	out, _, err := open(ctx, it, p, c)
	return out, err
}

// open authenticates, then decrypts.
func open(ctx context.Context, it item.Item, p Provider, c Config) (item.Item, envelope.Proof, error) {
	a, err := authenticated(ctx, it, p, c)
	if err != nil {
		return nil, a.proof, err
	}
	defer a.materials.zero()
	out, total, err := decrypt(it, a.actions, a.materials.content)
	a.proof.Add("attributes", err, fmt.Sprintf("%d decrypted bytes", total))
	a.proof.Bytes = total
	return out, a.proof, err
}

// authentic is an item whose signature holds. Who has one zeroes its
// materials; with an error there are none.
type authentic struct {
	proof     envelope.Proof
	materials *materials
	actions   map[string]Action
}

// authenticated takes the steps up to the signature, and stops at the first
// that fails.
func authenticated(ctx context.Context, it item.Item, p Provider, c Config) (a authentic, err error) {
	h, err := parseHeader(it)
	a.proof = h.proof(c.Values)
	if a.proof.Add("description", err, "read; the signature does not cover it"); err != nil {
		return a, err
	}
	m, err := find(ctx, p, subject{it, h.description, c})
	if a.proof.Add("data key", err, "found"); err != nil {
		return a, err
	}
	a.proof.Keys = []envelope.Key{{Provider: m.key.Provider, ID: m.key.ID, Wrap: m.key.Wrap, Used: true}}
	a.proof.Signed = m.signing.algorithm() == signRSA
	a.proof.Suite = suite(m.content.Len(), m.signing.algorithm())
	found, err := authenticate(it, c, m.signing.verifier(h.signature))
	if a.proof.Add("signature", err, found.how); err != nil {
		m.zero()
		return a, err
	}
	a.materials, a.actions, a.proof.Authenticated = m, found.actions, true
	for _, action := range found.actions {
		if action != EncryptAndSign && action != SignOnly {
			a.proof.Authenticated = false
			a.proof.Weak("unsigned-attributes")
		}
	}
	return a, nil
}

func find(ctx context.Context, p Provider, of subject) (*materials, error) {
	if err := of.config.check(); err != nil {
		return nil, err
	}
	if p == nil {
		return nil, fmt.Errorf("%w: no key was given for items of the DynamoDB Encryption Client", envelope.ErrNoKey)
	}
	return p.open(ctx, of)
}

// decrypt makes the plaintext item, and counts the bytes that were encrypted.
func decrypt(it item.Item, actions map[string]Action, key envelope.DataKey) (item.Item, int64, error) {
	out := make(item.Item, len(it))
	var total int64
	var c cbc
	for name, v := range it {
		switch {
		case reserved(name):
			continue
		case actions[name] == EncryptAndSign:
			var n int
			var err error
			if c.block == nil {
				if c, err = newCBC(key); err != nil {
					return nil, -1, err
				}
			}
			if v, n, err = c.open(v); err != nil {
				return nil, -1, err
			}
			total += int64(n)
		}
		out[name] = v
	}
	return out, total, nil
}
