package structured

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/sealaudit/sealaudit/internal/envelope"
	"github.com/sealaudit/sealaudit/internal/envelope/ddb/item"
)

// ManyKeys is how many wrapped keys an item may have before that is a
// weakness.
const ManyKeys = 16

// Recognise tells whether an item is of the AWS Database Encryption SDK: it
// has a header or a footer.
func Recognise(it item.Item) bool {
	return it[HeaderAttribute].Type == item.B || it[FooterAttribute].Type == item.B
}

// Inspect tells what an item says of itself, without a key.
func Inspect(it item.Item, c Config) (envelope.Proof, error) {
	r := newReader(it, c)
	detail, err := r.parse()
	if r.step("header", err, detail) != nil {
		return r.proof, err
	}
	r.proof.Add("data key", fmt.Errorf("%w: none was asked for", envelope.ErrNoKey), "")
	return r.proof, nil
}

// describe puts what the header says into the proof.
func (r *reader) describe() {
	h := r.header
	if h.partial == nil {
		return
	}
	r.proof.Version = fmt.Sprint(h.version)
	r.proof.Suite = "6700 AES-256-GCM HKDF-SHA512 commit HMAC-SHA384"
	r.proof.Committing = true
	if r.proof.Signed = h.flavor == signedFlavor; r.proof.Signed {
		r.proof.Suite = "6701 AES-256-GCM HKDF-SHA512 commit HMAC-SHA384 ECDSA-P384"
	} else {
		r.proof.Weak("unsigned")
	}
	for _, k := range h.keys {
		r.proof.Keys = append(r.proof.Keys, envelope.Key{Provider: printable(k.Provider), ID: keyID(k)})
	}
	if len(h.keys) > ManyKeys {
		r.proof.Weak("many-data-keys")
	}
	r.proof.Context = envelope.Pairs(h.context, r.config.Values)
}

// rawInfo is what a raw AES keyring appends to its key's name: two lengths and
// an initialisation vector.
const rawInfo = 20

// keyID is the part of the provider information that names the key.
func keyID(k envelope.EncryptedDataKey) string {
	info := string(k.Info)
	if n := len(info) - rawInfo; n > 0 && !strings.HasPrefix(k.Provider, "aws-") && strings.HasPrefix(info[n:], "\x00\x00\x00\x80\x00\x00\x00\x0c") {
		info = info[:n]
	}
	return printable(info)
}

// printable is a text for a proof, which terminals and reports may show.
func printable(s string) string {
	if utf8.ValidString(s) && strings.IndexFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }) < 0 {
		return s
	}
	return fmt.Sprintf("%+q", s)
}
