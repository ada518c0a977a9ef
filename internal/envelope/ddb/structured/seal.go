package structured

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha512"
	"encoding/asn1"
	"fmt"
	"maps"
	"math/big"
	"slices"
	"strings"

	"github.com/sealaudit/sealaudit/internal/envelope"
	"github.com/sealaudit/sealaudit/internal/envelope/ddb/item"
)

// signatureLen is the length that the SDKs' writers sign again for until they
// have it.
const signatureLen = 103

// random is a new key.
func random(n int) envelope.DataKey {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails
	return envelope.NewDataKey(b)
}

// Seal encrypts and signs an item's attributes as the configuration's actions
// say, which must name each of them, for every one of the keyrings. The header
// is of version 2 when an attribute is in the encryption context, else 1. The
// item given is not changed.
func Seal(ctx context.Context, it item.Item, keyrings []envelope.Keyring, c Config) (item.Item, error) {
	w := &writer{config: c, header: header{version: 1}}
	out, err := w.seal(ctx, it, keyrings)
	if err != nil {
		return nil, fmt.Errorf("sealing an item: %w", err)
	}
	return out, nil
}

// writer is an item on its way to being sealed.
type writer struct {
	config  Config
	header  header
	fields  []field
	signing *ecdsa.PrivateKey
	macs    []envelope.DataKey // per wrapped key
}

func (w *writer) seal(ctx context.Context, it item.Item, keyrings []envelope.Keyring) (item.Item, error) {
	if err := w.plan(it); err != nil {
		return nil, err
	}
	if err := w.sign(); err != nil {
		return nil, err
	}
	full, err := fullContext(it, w.config, w.header.version, w.header.context, included(w.fields))
	if err != nil {
		return nil, err
	}
	data := random(keyLen)
	defer data.Zero()
	defer func() {
		for _, mac := range w.macs {
			mac.Zero()
		}
	}()
	for _, k := range keyrings {
		edk, mac, err := wrap(ctx, k, data, full)
		if err != nil {
			return nil, err
		}
		w.header.keys, w.macs = append(w.header.keys, edk), append(w.macs, mac)
	}
	if len(keyrings) == 0 {
		return nil, fmt.Errorf("%w: no keyring was given", envelope.ErrNoKey)
	}
	return w.write(it, data, full)
}

// plan gives each signed attribute its legend.
func (w *writer) plan(it item.Item) error {
	w.fields = candidates(it, w.config)
	for name := range it {
		action, ok := w.config.Actions[name]
		switch {
		case strings.HasPrefix(name, ownPrefix):
			return fmt.Errorf("%w: an attribute's name starts with %s, which is the SDK's; the item is sealed already", envelope.ErrFormat, ownPrefix)
		case !ok:
			return fmt.Errorf("%w: an attribute has no action; give one for each", envelope.ErrUnsupported)
		case (action == DoNothing) != w.config.unsigned(name):
			return fmt.Errorf("%w: the attributes with action %s must be the unsigned ones", envelope.ErrUnsupported, DoNothing)
		case w.config.isKey(name) && action != SignOnly && action != SignAndInclude:
			return fmt.Errorf("%w: the primary key is signed, not encrypted", envelope.ErrUnsupported)
		}
	}
	for i, f := range w.fields {
		switch w.config.Actions[f.name] {
		case EncryptAndSign:
			w.fields[i].legend = legendEncrypt
		case SignOnly:
			w.fields[i].legend = legendSign
		case SignAndInclude:
			w.fields[i].legend, w.header.version = legendContext, 2
		default:
			return fmt.Errorf("%w: an attribute's action is unknown", envelope.ErrUnsupported)
		}
		w.header.legend = append(w.header.legend, w.fields[i].legend)
	}
	for _, f := range w.fields {
		if w.header.version == 2 && w.config.isKey(f.name) && f.legend != legendContext {
			return fmt.Errorf("%w: the primary key has action %s when another attribute has", envelope.ErrUnsupported, SignAndInclude)
		}
	}
	return nil
}

// sign makes the message's identifier and signature key.
func (w *writer) sign() error {
	_, _ = rand.Read(w.header.id[:]) // never fails
	w.header.context = map[string]string{}
	if w.config.NoSign {
		return nil
	}
	var err error
	if w.signing, err = ecdsa.GenerateKey(elliptic.P384(), rand.Reader); err != nil {
		return fmt.Errorf("%w: making a signature key", envelope.ErrUnsupported)
	}
	w.header.flavor = signedFlavor
	w.header.context[publicKey], err = formatPublic(&w.signing.PublicKey)
	return err
}

// write encrypts the fields, and makes header and footer.
func (w *writer) write(it item.Item, data envelope.DataKey, full map[string]string) (item.Item, error) {
	out := maps.Clone(it)
	keys := newFieldKeys(data, w.header.id)
	n := 0
	for i, f := range w.fields {
		if f.legend != legendEncrypt {
			continue
		}
		id, _ := typeID(f.value.Type)
		plain, err := appendValue(nil, f.value)
		if err != nil {
			return nil, err
		}
		aead, nonce := keys.of(n)
		w.fields[i].value = item.Bytes(aead.Seal(id[:], nonce, plain, f.path))
		clear(plain)
		out[f.name] = w.fields[i].value
		n++
	}
	head, err := w.header.append(nil)
	if err != nil {
		return nil, err
	}
	key := commitKey(data, w.header.id)
	defer key.Zero()
	head = append(head, commitment(key.Bytes(), head)...)
	foot, err := w.footer(head, full)
	if err != nil {
		return nil, err
	}
	out[HeaderAttribute], out[FooterAttribute] = item.Bytes(head), item.Bytes(foot)
	return out, nil
}

func (w *writer) footer(head []byte, full map[string]string) ([]byte, error) {
	context, err := envelope.AppendContext(nil, full)
	if err != nil {
		return nil, err
	}
	sum, err := digest(head, context, w.fields)
	if err != nil {
		return nil, err
	}
	var foot []byte
	for _, mac := range w.macs {
		foot = append(foot, recipientTag(mac, sum)...)
	}
	if w.signing == nil {
		return foot, nil
	}
	signature, err := signed(w.signing, sum)
	if err != nil {
		return nil, err
	}
	return slices.Concat(foot, signature), nil
}

// signed signs a digest, which is the message and so is hashed again. Of the
// signatures (r, s) and (r, n-s), which both hold, one is as long as the SDKs'
// writers want it, unless a number is very small.
func signed(key *ecdsa.PrivateKey, digest []byte) ([]byte, error) {
	sum := sha512.Sum384(digest)
	for {
		signature, err := ecdsa.SignASN1(rand.Reader, key, sum[:])
		if err == nil && len(signature) != signatureLen {
			signature, err = negated(signature, key.Params().N)
		}
		if err != nil {
			return nil, fmt.Errorf("%w: the signature key cannot be used", envelope.ErrUnsupported)
		}
		if len(signature) == signatureLen {
			return signature, nil
		}
	}
}

// negated is the signature (r, n-s) of (r, s), in DER (SEC 1, C.8).
func negated(signature []byte, n *big.Int) ([]byte, error) {
	var v struct{ R, S *big.Int }
	if _, err := asn1.Unmarshal(signature, &v); err != nil {
		return nil, err
	}
	v.S.Sub(n, v.S)
	return asn1.Marshal(v)
}
