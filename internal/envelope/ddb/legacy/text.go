package legacy

import (
	"crypto/sha256"
	"slices"
	"strings"

	"github.com/sealaudit/sealaudit/internal/envelope/ddb/item"
)

// piece is one attribute's part of the string to sign: the digests of its
// name and of its value as stored. The action's stands between them.
type piece struct {
	attribute   string
	name, value [sha256.Size]byte
}

// pieces are the parts of all attributes but the client's own, in the order of
// their names' code points, or of UTF-16 units (Python and Java).
func pieces(it item.Item, utf16 bool) ([]piece, error) {
	names := make([]string, 0, len(it))
	for name := range it {
		if !reserved(name) {
			names = append(names, name)
		}
	}
	slices.SortFunc(names, strings.Compare)
	if utf16 {
		slices.SortFunc(names, item.Compare16)
	}
	out := make([]piece, len(names))
	var b []byte
	var err error
	for i, name := range names {
		if b, err = appendValue(b[:0], it[name]); err != nil {
			return nil, err
		}
		out[i] = piece{attribute: name, name: sha256.Sum256([]byte(name)), value: sha256.Sum256(b)}
	}
	return out, nil
}

func reserved(name string) bool { return name == DescriptionAttribute || name == SignatureAttribute }

// appendText writes the string to sign (DynamoDB Encryption Client,
// "Signature calculation"): digests of the table, then of each attribute that
// is not left out. Index i of actions is the action of piece i.
func appendText(b []byte, table [sha256.Size]byte, pieces []piece, actions []Action) []byte {
	encrypted, plaintext := sha256.Sum256([]byte("ENCRYPTED")), sha256.Sum256([]byte("PLAINTEXT"))
	b = append(slices.Grow(b, sha256.Size*(1+3*len(pieces))), table[:]...)
	for i := range pieces {
		switch actions[i] {
		case EncryptAndSign:
			b = append(append(append(b, pieces[i].name[:]...), encrypted[:]...), pieces[i].value[:]...)
		case SignOnly:
			b = append(append(append(b, pieces[i].name[:]...), plaintext[:]...), pieces[i].value[:]...)
		}
	}
	return b
}

func tableDigest(name string) [sha256.Size]byte {
	return sha256.Sum256([]byte("TABLE>" + name + "<TABLE"))
}
