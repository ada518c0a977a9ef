package legacy

import (
	"encoding/binary"
	"fmt"
	"unicode/utf8"

	"github.com/sealaudit/sealaudit/internal/envelope"
	"github.com/sealaudit/sealaudit/internal/envelope/ddb/item"
)

// parseValue reads a serialised value that fills all of b.
func parseValue(b []byte) (item.Value, error) {
	v, rest, err := readValue(b, 0)
	if err == nil && len(rest) > 0 {
		err = fmt.Errorf("%w: something follows a serialised value", envelope.ErrFormat)
	}
	if err != nil {
		return item.Value{}, err
	}
	return v, nil
}

func badValue() error {
	return fmt.Errorf("%w: a serialised value is cut off, of unknown type or nested too deeply", envelope.ErrFormat)
}

func readValue(b []byte, depth int) (v item.Value, rest []byte, err error) {
	if len(b) < 2 || b[0] != 0 || depth > item.MaxDepth {
		return v, nil, badValue()
	}
	tag := b[1]
	b = b[2:]
	switch tag {
	case tagNull:
		return item.Value{Type: item.Null}, b, nil
	case tagBool:
		if len(b) < 1 || b[0] > 1 {
			return v, nil, badValue()
		}
		return item.Value{Type: item.Bool, True: b[0] == 1}, b[1:], nil
	case tagS, tagN, tagB:
		v.Type = item.Type(rune(tag - 'a' + 'A'))
		v.Data, rest, err = readScalar(b, v.Type)
		return v, rest, err
	case tagSS, tagNS, tagBS:
		v.Type = item.Type([]byte{tag, 'S'})
		v.Set, rest, err = readSet(b, v.Type)
		return v, rest, err
	case tagL:
		v.Type = item.L
		v.List, rest, err = readList(b, depth)
		return v, rest, err
	case tagM:
		v.Type = item.M
		v.Map, rest, err = readMap(b, depth)
		return v, rest, err
	}
	return v, nil, badValue()
}

// readScalar reads an S, N or B, or a member of their sets.
func readScalar(b []byte, t item.Type) (string, []byte, error) {
	field, rest, ok := cut(b)
	if ok && t[0] == 'N' {
		_, err := item.Normalise(string(field))
		ok = err == nil
	}
	if !ok || t[0] == 'S' && !utf8.Valid(field) {
		return "", nil, fmt.Errorf("%w: a serialised value is cut off or not of its type", envelope.ErrFormat)
	}
	return string(field), rest, nil
}

// count reads a u32 number of elements of at least size bytes each, of which
// there can be no more than there are bytes.
func count(b []byte, size int) (n int, rest []byte, err error) {
	if len(b) < 4 || uint64(binary.BigEndian.Uint32(b)) > uint64(len(b)-4)/uint64(size) {
		return 0, nil, fmt.Errorf("%w: a serialised value counts more elements than it has", envelope.ErrFormat)
	}
	return int(binary.BigEndian.Uint32(b)), b[4:], nil
}

func readSet(b []byte, t item.Type) (set []string, rest []byte, err error) {
	n, b, err := count(b, 4)
	if err != nil {
		return nil, nil, err
	}
	set = make([]string, 0, n)
	for range n {
		var s string
		if s, b, err = readScalar(b, t); err != nil {
			return nil, nil, err
		}
		set = append(set, s)
	}
	return set, b, nil
}

func readList(b []byte, depth int) (list []item.Value, rest []byte, err error) {
	n, b, err := count(b, 2)
	if err != nil {
		return nil, nil, err
	}
	for range n {
		var v item.Value
		if v, b, err = readValue(b, depth+1); err != nil {
			return nil, nil, err
		}
		list = append(list, v)
	}
	return list, b, nil
}

func readMap(b []byte, depth int) (m map[string]item.Value, rest []byte, err error) {
	n, b, err := count(b, 8)
	if err != nil {
		return nil, nil, err
	}
	m = map[string]item.Value{}
	for range n {
		var name, v item.Value
		if name, b, err = readValue(b, depth); err != nil {
			return nil, nil, err
		}
		if v, b, err = readValue(b, depth+1); err != nil {
			return nil, nil, err
		}
		if _, twice := m[name.Data]; twice || name.Type != item.S {
			return nil, nil, fmt.Errorf("%w: a serialised map has a name twice, or one that is no text", envelope.ErrFormat)
		}
		m[name.Data] = v
	}
	return m, b, nil
}
