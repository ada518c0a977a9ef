package legacy

import (
	"encoding/binary"
	"fmt"
	"maps"
	"slices"

	"github.com/sealaudit/sealaudit/internal/envelope"
	"github.com/sealaudit/sealaudit/internal/envelope/ddb/item"
)

// Tags of serialised values, after a byte of zero (DynamoDB Encryption Client,
// "Attribute serialization").
const (
	tagNull = 0
	tagS    = 's'
	tagN    = 'n'
	tagB    = 'b'
	tagBool = '?'
	tagSS   = 'S'
	tagNS   = 'N'
	tagBS   = 'B'
	tagM    = 'M'
	tagL    = 'L'
)

// appendValue serialises a value as it is signed and encrypted. Its error
// wraps ErrFormat.
func appendValue(b []byte, v item.Value) ([]byte, error) {
	switch v.Type {
	case item.Null:
		return append(b, 0, tagNull), nil
	case item.Bool:
		if v.True {
			return append(b, 0, tagBool, 1), nil
		}
		return append(b, 0, tagBool, 0), nil
	case item.S:
		return appendField(append(b, 0, tagS), v.Data), nil
	case item.B:
		return appendField(append(b, 0, tagB), v.Data), nil
	case item.N:
		n, err := item.Normalise(v.Data)
		return appendField(append(b, 0, tagN), n), err
	case item.SS:
		return appendSet(append(b, 0, tagSS), v.Set), nil
	case item.BS:
		return appendSet(append(b, 0, tagBS), v.Set), nil
	case item.NS:
		numbers := make([]string, len(v.Set))
		for i, s := range v.Set {
			n, err := item.Normalise(s)
			if err != nil {
				return nil, err
			}
			numbers[i] = n
		}
		return appendSet(append(b, 0, tagNS), numbers), nil
	case item.L:
		return appendList(b, v.List)
	case item.M:
		return appendMap(b, v.Map)
	}
	return nil, fmt.Errorf("%w: a value is of no type of DynamoDB's", envelope.ErrFormat)
}

func appendSet(b []byte, set []string) []byte {
	b = binary.BigEndian.AppendUint32(b, uint32(len(set)))
	for _, s := range slices.Sorted(slices.Values(set)) {
		b = appendField(b, s)
	}
	return b
}

func appendList(b []byte, list []item.Value) (_ []byte, err error) {
	b = binary.BigEndian.AppendUint32(append(b, 0, tagL), uint32(len(list)))
	for _, v := range list {
		if b, err = appendValue(b, v); err != nil {
			return nil, err
		}
	}
	return b, nil
}

func appendMap(b []byte, m map[string]item.Value) (_ []byte, err error) {
	b = binary.BigEndian.AppendUint32(append(b, 0, tagM), uint32(len(m)))
	for _, name := range slices.Sorted(maps.Keys(m)) {
		b = appendField(append(b, 0, tagS), name)
		if b, err = appendValue(b, m[name]); err != nil {
			return nil, err
		}
	}
	return b, nil
}
