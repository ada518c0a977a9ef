package structured

import (
	"encoding/binary"
	"fmt"
	"unicode/utf8"

	"github.com/sealaudit/sealaudit/internal/envelope"
	"github.com/sealaudit/sealaudit/internal/envelope/ddb/item"
)

func typeOf(id [2]byte) (item.Type, bool) {
	for _, t := range []item.Type{item.Null, item.S, item.N, item.B, item.Bool, item.SS, item.NS, item.BS, item.M, item.L} {
		if known, _ := typeID(t); known == id {
			return t, true
		}
	}
	return "", false
}

func badValue() error {
	return fmt.Errorf("%w: a serialised value is cut off, not of its type or nested too deeply", envelope.ErrFormat)
}

// parseValue reads a value of a type that fills all of b (specification,
// "DynamoDB Attribute Conversion").
func parseValue(t item.Type, b []byte, depth int) (item.Value, error) {
	v := item.Value{Type: t}
	var err error
	switch t {
	case item.Null:
		if len(b) != 0 {
			err = badValue()
		}
	case item.Bool:
		if len(b) != 1 || b[0] > 1 {
			return v, badValue()
		}
		v.True = b[0] == 1
	case item.S, item.N, item.B:
		v.Data, err = scalar(t, b)
	case item.SS, item.NS, item.BS:
		v.Set, err = parseSet(t, b)
	case item.M:
		v.Map, err = parseMap(b, depth)
	case item.L:
		v.List, err = parseList(b, depth)
	}
	return v, err
}

func scalar(t item.Type, b []byte) (string, error) {
	if t[0] == 'S' && !utf8.Valid(b) {
		return "", badValue()
	}
	if t[0] == 'N' {
		if _, err := item.Normalise(string(b)); err != nil {
			return "", badValue()
		}
	}
	return string(b), nil
}

// count reads a number of elements of at least size bytes each, of which there
// can be no more than there are bytes.
func count(b []byte, size int) (n int, rest []byte, err error) {
	if len(b) < 4 || uint64(binary.BigEndian.Uint32(b)) > uint64(len(b)-4)/uint64(size) {
		return 0, nil, badValue()
	}
	return int(binary.BigEndian.Uint32(b)), b[4:], nil
}

// long reads a four-byte length and as many bytes.
func long(b []byte) (field, rest []byte, err error) {
	if len(b) < 4 || uint64(binary.BigEndian.Uint32(b)) > uint64(len(b)-4) {
		return nil, nil, badValue()
	}
	n := int(binary.BigEndian.Uint32(b))
	return b[4 : 4+n], b[4+n:], nil
}

func parseSet(t item.Type, b []byte) ([]string, error) {
	n, b, err := count(b, 4)
	if err != nil {
		return nil, err
	}
	set := make([]string, 0, n)
	for range n {
		var field []byte
		if field, b, err = long(b); err != nil {
			return nil, err
		}
		s, err := scalar(t, field)
		if err != nil {
			return nil, err
		}
		set = append(set, s)
	}
	if len(b) > 0 {
		return nil, badValue()
	}
	return set, nil
}

// typed reads type, length and value.
func typed(b []byte, depth int) (item.Value, []byte, error) {
	if len(b) < 2 || depth > item.MaxDepth {
		return item.Value{}, nil, badValue()
	}
	t, ok := typeOf([2]byte(b))
	if !ok {
		return item.Value{}, nil, badValue()
	}
	field, rest, err := long(b[2:])
	if err != nil {
		return item.Value{}, nil, err
	}
	v, err := parseValue(t, field, depth)
	return v, rest, err
}

func parseList(b []byte, depth int) ([]item.Value, error) {
	n, b, err := count(b, 6)
	if err != nil {
		return nil, err
	}
	var list []item.Value
	for range n {
		var v item.Value
		if v, b, err = typed(b, depth+1); err != nil {
			return nil, err
		}
		list = append(list, v)
	}
	if len(b) > 0 {
		return nil, badValue()
	}
	return list, nil
}

func parseMap(b []byte, depth int) (map[string]item.Value, error) {
	n, b, err := count(b, 12)
	if err != nil {
		return nil, err
	}
	m := map[string]item.Value{}
	for range n {
		if len(b) < 2 || b[0] != 0x00 || b[1] != 0x01 {
			return nil, badValue()
		}
		var key []byte
		if key, b, err = long(b[2:]); err != nil {
			return nil, err
		}
		if _, twice := m[string(key)]; twice || !utf8.Valid(key) {
			return nil, badValue()
		}
		if m[string(key)], b, err = typed(b, depth+1); err != nil {
			return nil, err
		}
	}
	if len(b) > 0 {
		return nil, badValue()
	}
	return m, nil
}
