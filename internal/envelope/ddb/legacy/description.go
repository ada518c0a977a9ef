package legacy

import (
	"encoding/binary"
	"fmt"
	"maps"
	"slices"
	"unicode/utf8"

	"github.com/sealaudit/sealaudit/internal/envelope"
)

// maxEntries bounds a material description; the client writes up to eight.
const maxEntries = 64

// parseDescription reads a material description: a version, then names and
// values, each after its length (DynamoDB Encryption Client, "Material
// description").
func parseDescription(b []byte) (map[string]string, error) {
	if len(b) < 4 {
		return nil, fmt.Errorf("%w: the material description ends within its version", envelope.ErrFormat)
	}
	if v := binary.BigEndian.Uint32(b); v != 0 {
		return nil, fmt.Errorf("%w: version %d of the material description; only 0 is known", envelope.ErrUnsupported, v)
	}
	out := map[string]string{}
	for b = b[4:]; len(b) > 0; {
		var name, value []byte
		var ok bool
		if name, b, ok = cut(b); ok {
			value, b, ok = cut(b)
		}
		if !ok {
			return nil, fmt.Errorf("%w: the material description ends within an entry", envelope.ErrFormat)
		}
		if _, twice := out[string(name)]; twice {
			return nil, fmt.Errorf("%w: the material description has an entry twice", envelope.ErrFormat)
		}
		if len(out) == maxEntries || !utf8.Valid(name) || !utf8.Valid(value) {
			return nil, fmt.Errorf("%w: the material description is not text or has more than %d entries", envelope.ErrFormat, maxEntries)
		}
		out[string(name)] = string(value)
	}
	return out, nil
}

// cut takes a u32 length and as many bytes.
func cut(b []byte) (field, rest []byte, ok bool) {
	if len(b) < 4 || uint64(len(b)-4) < uint64(binary.BigEndian.Uint32(b)) {
		return nil, nil, false
	}
	n := int(binary.BigEndian.Uint32(b))
	return b[4 : 4+n], b[4+n:], true
}

// appendDescription writes a material description, sorted by name.
func appendDescription(b []byte, description map[string]string) []byte {
	b = append(b, 0, 0, 0, 0)
	for _, name := range slices.Sorted(maps.Keys(description)) {
		b = appendField(appendField(b, name), description[name])
	}
	return b
}

// appendField writes a u32 length and the bytes.
func appendField(b []byte, s string) []byte {
	return append(binary.BigEndian.AppendUint32(b, uint32(len(s))), s...)
}
