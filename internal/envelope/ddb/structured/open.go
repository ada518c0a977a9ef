package structured

import (
	"context"
	"crypto/hmac"
	"fmt"

	"github.com/sealaudit/sealaudit/internal/envelope"
	"github.com/sealaudit/sealaudit/internal/envelope/ddb/item"
)

// Verify authenticates an item, decrypts its fields and tells what that
// showed. The error is what kept it from being verified, nil if nothing did;
// the proof is complete either way.
func Verify(ctx context.Context, it item.Item, k envelope.Keyring, c Config) (envelope.Proof, error) {
	r := newReader(it, c)
	_, err := r.open(ctx, k)
	return r.proof, err
}

// Open gives the item without the SDK's own attributes and with its encrypted
// ones decrypted, after all of it was authenticated. Attributes that the
// writer did not sign are in it as they were; Verify's proof tells of them.
func Open(ctx context.Context, it item.Item, k envelope.Keyring, c Config) (item.Item, error) {
	r := newReader(it, c)
	return r.open(ctx, k)
}

// reader is an item on its way to being opened, and what was shown of it.
type reader struct {
	item   item.Item
	config Config
	proof  envelope.Proof
	header header
	footer footer
	fields []field
}

func newReader(it item.Item, c Config) *reader {
	return &reader{item: it, config: c, proof: envelope.Proof{Format: formatName, Bytes: -1}}
}

// step notes a step's outcome and passes its error on.
func (r *reader) step(name string, err error, detail string) error {
	r.proof.Add(name, err, detail)
	return err
}

// open takes the steps, and stops at the first that fails.
func (r *reader) open(ctx context.Context, k envelope.Keyring) (item.Item, error) {
	detail, err := r.parse()
	if r.step("header", err, detail) != nil {
		return nil, err
	}
	full, err := fullContext(r.item, r.config, r.header.version, r.header.context, included(r.fields))
	if r.step("encryption context", err, "complete") != nil {
		return nil, err
	}
	r.proof.Context = envelope.Pairs(full, r.config.Values)
	keys, err := unwrap(ctx, k, r.header.keys, full)
	if r.step("data key", err, "unwrapped") != nil {
		return nil, err
	}
	defer keys.zero()
	r.proof.Keys[keys.used].Used = true
	if err = r.commitment(keys.data); r.step("commitment", err, "the header commits to the data key") != nil {
		return nil, err
	}
	sum, detail, err := r.authenticate(keys.mac, full)
	if r.step("tag", err, "the footer's tag holds"+detail) != nil {
		return nil, err
	}
	if r.header.flavor == signedFlavor {
		if err = r.footer.verify(r.header, sum); r.step("signature", err, "ECDSA P-384") != nil {
			return nil, err
		}
	}
	out, total, err := r.decrypt(keys.data)
	if r.step("fields", err, fmt.Sprintf("%d decrypted bytes", total)) != nil {
		return nil, err
	}
	r.proof.Bytes = total
	return out, nil
}

// parse reads header and footer and finds the signed fields, unless the tag is
// needed for that.
func (r *reader) parse() (string, error) {
	v := r.item[HeaderAttribute]
	if v.Type != item.B {
		return "", fmt.Errorf("%w: the item has no header", envelope.ErrFormat)
	}
	var err error
	r.header, err = parseHeader([]byte(v.Data))
	r.describe()
	if err != nil {
		return "", err
	}
	if r.footer, err = parseFooter(r.item[FooterAttribute], r.header); err != nil {
		return "", err
	}
	r.fields = candidates(r.item, r.config)
	if len(r.fields) <= len(r.header.legend) || !r.config.inferred() {
		return fmt.Sprintf("%d signed attributes", len(r.header.legend)), match(r.fields, r.header.legend)
	}
	for _, l := range r.header.legend {
		if l == legendContext {
			return "", fmt.Errorf("%w: the header counts %d signed attributes and the item has %d, and which are in the encryption context cannot be inferred; give the unsigned ones", envelope.ErrUnsupported, len(r.header.legend), len(r.fields))
		}
	}
	return fmt.Sprintf("%d signed attributes, of %d", len(r.header.legend), len(r.fields)), nil
}

// commitment checks that the header is of the data key.
func (r *reader) commitment(data envelope.DataKey) error {
	key := commitKey(data, r.header.id)
	defer key.Zero()
	if !hmac.Equal(commitment(key.Bytes(), r.header.partial), r.header.commit) {
		return fmt.Errorf("%w: the header does not commit to the data key", envelope.ErrTampered)
	}
	return nil
}

// authenticate checks the footer's tag and gives the digest that it is over.
func (r *reader) authenticate(mac envelope.DataKey, full map[string]string) (sum []byte, detail string, err error) {
	context, err := envelope.AppendContext(nil, full)
	if err != nil {
		return nil, "", err
	}
	head := []byte(r.item[HeaderAttribute].Data)
	holds := func(fields []field) bool {
		sum, err = digest(head, context, fields)
		return err == nil && r.footer.holds(mac, sum)
	}
	if len(r.fields) > len(r.header.legend) {
		r.fields, detail, err = infer(r.fields, r.header, r.config, holds)
	} else if !holds(r.fields) && err == nil {
		err = fmt.Errorf("%w: the footer's tag does not hold; the item was changed", envelope.ErrTampered)
	}
	if err != nil {
		return nil, "", err
	}
	r.proof.Authenticated = true
	unsigned := -len(r.fields)
	for name := range r.item {
		if !own(name) {
			unsigned++
		}
	}
	if unsigned > 0 {
		r.proof.Authenticated = false
		r.proof.Weak("unsigned-attributes")
		detail += fmt.Sprintf("; %d attributes are not signed", unsigned)
	}
	return sum, detail, nil
}

// decrypt makes the plaintext item, and counts the bytes that were encrypted.
func (r *reader) decrypt(data envelope.DataKey) (item.Item, int64, error) {
	out := make(item.Item, len(r.item))
	for name, v := range r.item {
		if !own(name) {
			out[name] = v
		}
	}
	keys := newFieldKeys(data, r.header.id)
	var total int64
	n := 0
	for _, f := range r.fields {
		if f.legend != legendEncrypt {
			continue
		}
		v, size, err := openField(keys, n, f)
		if err != nil {
			return nil, -1, err
		}
		out[f.name] = v
		total += int64(size)
		n++
	}
	return out, total, nil
}

// openField decrypts the n-th encrypted field: its type, then ciphertext and
// tag, bound to its path.
func openField(keys fieldKeys, n int, f field) (item.Value, int, error) {
	b := []byte(f.value.Data)
	t, ok := typeOf([typeIDLen]byte(b))
	if !ok {
		return item.Value{}, 0, fmt.Errorf("%w: an encrypted attribute is of no type of DynamoDB's", envelope.ErrFormat)
	}
	aead, nonce := keys.of(n)
	plain, err := aead.Open(nil, nonce, b[typeIDLen:], f.path)
	if err != nil {
		return item.Value{}, 0, fmt.Errorf("%w: an attribute does not decrypt", envelope.ErrTampered)
	}
	defer clear(plain)
	v, err := parseValue(t, plain, 0)
	return v, len(plain), err
}
