package structured

import (
	"encoding/binary"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/sealaudit/sealaudit/internal/envelope"
	"github.com/sealaudit/sealaudit/internal/envelope/ddb/item"
)

// typeID is a data type's two bytes (AWS Database Encryption SDK for DynamoDB
// specification, "Type ID").
func typeID(t item.Type) ([2]byte, bool) {
	switch t {
	case item.Null:
		return [2]byte{0x00, 0x00}, true
	case item.S:
		return [2]byte{0x00, 0x01}, true
	case item.N:
		return [2]byte{0x00, 0x02}, true
	case item.B:
		return [2]byte{0xff, 0xff}, true
	case item.Bool:
		return [2]byte{0x00, 0x04}, true
	case item.SS:
		return [2]byte{0x01, 0x01}, true
	case item.NS:
		return [2]byte{0x01, 0x02}, true
	case item.BS:
		return [2]byte{0x01, 0xff}, true
	case item.M:
		return [2]byte{0x02, 0x00}, true
	case item.L:
		return [2]byte{0x03, 0x00}, true
	}
	return [2]byte{}, false
}

// appendValue serialises a value without its type (specification, "DynamoDB
// Attribute Conversion"). Its error wraps ErrFormat.
func appendValue(b []byte, v item.Value) ([]byte, error) {
	switch v.Type {
	case item.Null:
		return b, nil
	case item.S, item.B:
		return append(b, v.Data...), nil
	case item.N:
		n, err := item.Normalise(v.Data)
		return append(b, n...), err
	case item.Bool:
		if v.True {
			return append(b, 1), nil
		}
		return append(b, 0), nil
	case item.SS:
		return appendSet(b, slices.SortedFunc(slices.Values(v.Set), item.Compare16)), nil
	case item.BS:
		return appendSet(b, slices.SortedFunc(slices.Values(v.Set), strings.Compare)), nil
	case item.NS:
		numbers := make([]string, len(v.Set))
		for i, s := range v.Set {
			n, err := item.Normalise(s)
			if err != nil {
				return nil, err
			}
			numbers[i] = n
		}
		slices.Sort(numbers)
		return appendSet(b, numbers), nil
	case item.M:
		return appendMap(b, v.Map)
	case item.L:
		b = binary.BigEndian.AppendUint32(b, uint32(len(v.List)))
		for _, element := range v.List {
			var err error
			if b, err = appendTyped(b, element); err != nil {
				return nil, err
			}
		}
		return b, nil
	}
	return nil, fmt.Errorf("%w: a value is of no type of DynamoDB's", envelope.ErrFormat)
}

func appendLong(b []byte, s string) []byte {
	return append(binary.BigEndian.AppendUint32(b, uint32(len(s))), s...)
}

func appendSet(b []byte, set []string) []byte {
	b = binary.BigEndian.AppendUint32(b, uint32(len(set)))
	for _, s := range set {
		b = appendLong(b, s)
	}
	return b
}

// appendTyped writes type, length and value, as in lists and maps.
func appendTyped(b []byte, v item.Value) ([]byte, error) {
	id, _ := typeID(v.Type)
	b = append(b, id[0], id[1], 0, 0, 0, 0)
	start := len(b)
	b, err := appendValue(b, v)
	if err != nil {
		return nil, err
	}
	binary.BigEndian.PutUint32(b[start-4:], uint32(len(b)-start))
	return b, nil
}

func appendMap(b []byte, m map[string]item.Value) (_ []byte, err error) {
	b = binary.BigEndian.AppendUint32(b, uint32(len(m)))
	for _, key := range slices.SortedFunc(maps.Keys(m), item.Compare16) {
		b = appendLong(append(b, 0x00, 0x01), key)
		if b, err = appendTyped(b, m[key]); err != nil {
			return nil, err
		}
	}
	return b, nil
}
