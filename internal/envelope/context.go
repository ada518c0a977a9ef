package envelope

import (
	"encoding/binary"
	"fmt"
	"maps"
	"slices"
)

// maxField is what a two-byte length can say (AWS Encryption SDK
// specification, "Encryption context serialization").
const maxField = 1<<16 - 1

// AppendContext appends the encryption context as the AWS Encryption SDK
// serialises it: nothing for an empty one, else a count and the pairs sorted
// by the UTF-8 bytes of their keys. Its error wraps ErrFormat.
func AppendContext(b []byte, context map[string]string) ([]byte, error) {
	if len(context) == 0 {
		return b, nil
	}
	if len(context) > maxField {
		return nil, fmt.Errorf("%w: an encryption context of %d pairs; it holds %d", ErrFormat, len(context), maxField)
	}
	b = binary.BigEndian.AppendUint16(b, uint16(len(context)))
	for _, key := range slices.Sorted(maps.Keys(context)) {
		value := context[key]
		if len(key) > maxField || len(value) > maxField {
			return nil, fmt.Errorf("%w: a pair of the encryption context is longer than %d bytes", ErrFormat, maxField)
		}
		b = append(binary.BigEndian.AppendUint16(b, uint16(len(key))), key...)
		b = append(binary.BigEndian.AppendUint16(b, uint16(len(value))), value...)
	}
	return b, nil
}

// ParseContext reads an encryption context that fills all of b. Pairs may come
// in any order; a key twice, a count of zero and trailing bytes are errors
// that wrap ErrFormat.
func ParseContext(b []byte) (map[string]string, error) {
	if len(b) == 0 {
		return map[string]string{}, nil
	}
	if len(b) < 2 {
		return nil, fmt.Errorf("%w: the encryption context ends within its count", ErrFormat)
	}
	n := int(binary.BigEndian.Uint16(b))
	b = b[2:]
	if n == 0 {
		return nil, fmt.Errorf("%w: the encryption context counts no pair", ErrFormat)
	}
	context := make(map[string]string, min(n, len(b)/4+1))
	for range n {
		var key, value string
		var err error
		if key, b, err = field(b); err == nil {
			value, b, err = field(b)
		}
		if err != nil {
			return nil, err
		}
		if _, twice := context[key]; twice {
			return nil, fmt.Errorf("%w: the encryption context has a key twice", ErrFormat)
		}
		context[key] = value
	}
	if len(b) > 0 {
		return nil, fmt.Errorf("%w: %d bytes follow the encryption context", ErrFormat, len(b))
	}
	return context, nil
}

func field(b []byte) (text string, rest []byte, err error) {
	if len(b) < 2 || len(b)-2 < int(binary.BigEndian.Uint16(b)) {
		return "", nil, fmt.Errorf("%w: the encryption context ends within a pair", ErrFormat)
	}
	n := int(binary.BigEndian.Uint16(b))
	return string(b[2 : 2+n]), b[2+n:], nil
}

// Pairs are an encryption context as a proof has it, by key, with values only
// when asked for.
func Pairs(context map[string]string, values bool) []Pair {
	var out []Pair
	for _, key := range slices.Sorted(maps.Keys(context)) {
		p := Pair{Key: key}
		if values {
			p.Value = context[key]
		}
		out = append(out, p)
	}
	return out
}
