package structured

import (
	"bytes"
	"crypto/sha512"
	"encoding/binary"
	"fmt"
	"hash"
	"slices"
	"unicode/utf16"

	"github.com/sealaudit/sealaudit/internal/envelope"
	"github.com/sealaudit/sealaudit/internal/envelope/ddb/item"
)

const (
	tagLen    = 16
	typeIDLen = 2
)

// field is one signed attribute as it is stored.
type field struct {
	name   string
	path   []byte
	value  item.Value
	legend byte
}

// appendPath writes a field's canonical path: the table, how deep the path is,
// and the attribute's name after its length (specification, "Canonical
// Path"). The name is in UTF-8; its length is in UTF-16 code units, which the
// specification does not say and the SDKs write.
func appendPath(b []byte, table, name string) []byte {
	b = binary.BigEndian.AppendUint64(append(b, table...), 1)
	units := 0
	for _, r := range name {
		units += utf16.RuneLen(r)
	}
	return append(binary.BigEndian.AppendUint64(append(b, '$'), uint64(units)), name...)
}

// candidates are the fields that the configuration has signed, in canonical
// order, which is that of the paths' bytes: shorter names come first.
func candidates(it item.Item, c Config) []field {
	out := make([]field, 0, len(it))
	for name, v := range it {
		if !c.unsigned(name) {
			path := appendPath(make([]byte, 0, len(c.Table)+8+1+8+len(name)), c.Table, name)
			out = append(out, field{name: name, value: v, path: path})
		}
	}
	slices.SortFunc(out, func(a, b field) int { return bytes.Compare(a.path, b.path) })
	return out
}

// fits tells whether a field can be what the legend says.
func (f field) fits(legend byte) bool {
	return legend != legendEncrypt || f.value.Type == item.B && len(f.value.Data) >= typeIDLen+tagLen
}

// match gives each field its legend, when there are as many.
func match(fields []field, legend []byte) error {
	if len(fields) != len(legend) {
		return fmt.Errorf("%w: the header counts %d signed attributes and the item has %d; one was added or taken away, or the given unsigned attributes are others", envelope.ErrFormat, len(legend), len(fields))
	}
	for i := range fields {
		if !fields[i].fits(legend[i]) {
			return fmt.Errorf("%w: an attribute that the header calls encrypted is not; it was replaced, or the given unsigned attributes are others", envelope.ErrFormat)
		}
		fields[i].legend = legend[i]
	}
	return nil
}

// included are the names of the fields in the encryption context.
func included(fields []field) []string {
	var out []string
	for _, f := range fields {
		if f.legend == legendContext {
			out = append(out, f.name)
		}
	}
	return out
}

// digest is what the footer authenticates: the header, the encryption context
// and each signed field (specification, "Footer Format", "Canonical Hash").
func digest(header, context []byte, fields []field) ([]byte, error) {
	h := sha512.New384()
	h.Write(header)
	h.Write(binary.BigEndian.AppendUint64(nil, uint64(len(context))))
	h.Write(context)
	b := make([]byte, 0, 256)
	for _, f := range fields {
		var err error
		if b, err = f.hash(h, b[:0]); err != nil {
			return nil, err
		}
	}
	return h.Sum(nil), nil
}

// hash adds a field to a digest. It uses b and returns it.
func (f field) hash(h hash.Hash, b []byte) ([]byte, error) {
	h.Write(f.path)
	if f.legend == legendEncrypt {
		b = binary.BigEndian.AppendUint64(b, uint64(len(f.value.Data)-typeIDLen))
		h.Write(append(append(b, "ENCRYPTED"...), f.value.Data...))
		return b, nil
	}
	id, ok := typeID(f.value.Type)
	if !ok {
		return nil, fmt.Errorf("%w: a value is of no type of DynamoDB's", envelope.ErrFormat)
	}
	b = append(append(b, 0, 0, 0, 0, 0, 0, 0, 0), "PLAINTEXT"...)
	b = append(b, id[:]...)
	start := len(b)
	b, err := appendValue(b, f.value)
	if err != nil {
		return nil, err
	}
	binary.BigEndian.PutUint64(b, uint64(len(b)-start))
	h.Write(b)
	return b, nil
}
