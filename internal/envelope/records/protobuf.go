package records

import (
	"encoding/binary"
	"fmt"

	"github.com/sealaudit/sealaudit/internal/envelope"
)

// The wire types of protocol buffers (protobuf.dev/programming-guides/encoding,
// "Message Structure"). Groups are deprecated, and no producer here writes them.
const (
	wireVarint  = 0
	wireFixed64 = 1
	wireBytes   = 2
	wireFixed32 = 5
)

// field is one field of a message. bytes is a part of what it was read from.
type field struct {
	number int
	wire   int
	varint uint64
	bytes  []byte
}

// nextField reads the first field of a message that is not empty.
func nextField(b []byte) (f field, rest []byte, err error) {
	tag, b, err := varint(b)
	if err != nil {
		return field{}, nil, err
	}
	if tag>>3 == 0 || tag>>3 >= 1<<29 {
		return field{}, nil, fmt.Errorf("%w: a field number of the protocol buffer is out of range", envelope.ErrFormat)
	}
	f.number, f.wire = int(tag>>3), int(tag&7)
	size := uint64(0)
	switch f.wire {
	case wireVarint:
		f.varint, b, err = varint(b)
		return f, b, err
	case wireBytes:
		if size, b, err = varint(b); err != nil {
			return field{}, nil, err
		}
	case wireFixed64:
		size = 8
	case wireFixed32:
		size = 4
	default:
		return field{}, nil, fmt.Errorf("%w: wire type %d of the protocol buffer", envelope.ErrFormat, f.wire)
	}
	if size > uint64(len(b)) {
		return field{}, nil, fmt.Errorf("%w: the protocol buffer ends within a field", envelope.ErrFormat)
	}
	f.bytes = b[:size]
	return f, b[size:], nil
}

func varint(b []byte) (v uint64, rest []byte, err error) {
	v, n := binary.Uvarint(b)
	if n <= 0 {
		return 0, nil, fmt.Errorf("%w: the protocol buffer ends within a number, or one is too long", envelope.ErrFormat)
	}
	return v, b[n:], nil
}
