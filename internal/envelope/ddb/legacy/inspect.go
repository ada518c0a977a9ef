package legacy

import (
	"fmt"
	"maps"

	"github.com/sealaudit/sealaudit/internal/envelope"
	"github.com/sealaudit/sealaudit/internal/envelope/ddb/item"
)

// Recognise tells whether an item is of the DynamoDB Encryption Client: it has
// a signature or a material description. An item whose attributes are all left
// out has neither.
func Recognise(it item.Item) bool {
	return it[SignatureAttribute].Type == item.B || it[DescriptionAttribute].Type == item.B
}

// IsMetaStore tells whether an item of the client is one of a metastore, which
// holds wrapping keys of other tables.
func IsMetaStore(it item.Item) bool {
	for _, name := range []string{metaName, metaVersion, "t", "encAlg", metaKey, "intAlg", metaMAC} {
		if _, ok := it[name]; !ok {
			return false
		}
	}
	return Recognise(it)
}

// Inspect tells what an item says of itself, without a key.
func Inspect(it item.Item, values bool) (envelope.Proof, error) {
	h, err := parseHeader(it)
	p := h.proof(values)
	if p.Add("description", err, "read; the signature does not cover it"); err != nil {
		return p, err
	}
	p.Add("signature", fmt.Errorf("%w: it was not checked", envelope.ErrNoKey), "")
	return p, nil
}

// header is the client's own part of an item.
type header struct {
	description map[string]string
	signature   []byte
}

func parseHeader(it item.Item) (header, error) {
	var h header
	sig := it[SignatureAttribute]
	if sig.Type != item.B {
		return h, fmt.Errorf("%w: the item has no signature; it was never signed, or the signature was taken away", envelope.ErrFormat)
	}
	h.signature = []byte(sig.Data)
	if n := len(h.signature); n != 32 && (n < 128 || n > 1024) {
		return h, fmt.Errorf("%w: a signature of %d bytes is neither HMAC-SHA256 nor RSA", envelope.ErrFormat, n)
	}
	desc := it[DescriptionAttribute]
	if desc.Type != item.B {
		return h, fmt.Errorf("%w: the item has no material description", envelope.ErrFormat)
	}
	var err error
	if h.description, err = parseDescription([]byte(desc.Data)); err != nil {
		return h, err
	}
	if mode, ok := h.description[descMode]; ok && mode != modeCBC {
		return h, fmt.Errorf("%w: the item claims another cipher mode than AES-CBC", envelope.ErrUnsupported)
	}
	return h, nil
}

// proof is what the header alone shows.
func (h header) proof(values bool) envelope.Proof {
	algorithm := signHMAC
	if len(h.signature) != 32 {
		algorithm = signRSA
	}
	p := envelope.Proof{Format: formatName, Version: "0", Suite: suite(0, algorithm), Bytes: -1, Signed: algorithm == signRSA}
	if h.description == nil {
		return p
	}
	context := maps.Clone(h.description)
	delete(context, descKey)
	p.Context = envelope.Pairs(context, values)
	p.Keys = []envelope.Key{describedKey(h.description)}
	p.Weak("unsigned-description")
	p.Weak("not-committing")
	if algorithm == signHMAC {
		p.Weak("unsigned")
	}
	switch p.Keys[0].Wrap {
	case wrapPKCS1:
		p.Weak("pkcs1-wrap")
	case wrapOAEP:
		p.Weak("sha1-wrap")
	}
	return p
}

// suite names the algorithms; the content key's size is known once there is
// one.
func suite(keyBytes int, signature string) string {
	name := "AES-CBC"
	if keyBytes > 0 {
		name = fmt.Sprintf("AES-%d-CBC", 8*keyBytes)
	}
	if signature == signRSA {
		return name + " SHA256-RSA-PKCS1"
	}
	return name + " HMAC-SHA256"
}
