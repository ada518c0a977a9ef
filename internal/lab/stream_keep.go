package lab

import (
	"encoding/binary"
	"time"

	"github.com/sealaudit/sealaudit/internal/lab/wire"
)

// entry is a record that a shard keeps: what Kinesis knows of it without
// opening it. The store has the rest.
type entry struct {
	n        int64 // place in the shard
	at       time.Time
	size     int
	material string // id of the material that it is encrypted under; "" in plaintext
}

// keep encrypts a record as the stream now does, partition key and payload, and
// puts it into its shard.
func (l *Lab) keep(s *stream, p produce) (*shard, string, *wire.Failure) {
	var key []byte
	e := &entry{at: l.now(), size: len(p.data) + len(p.key)}
	if s.key != "" {
		m, failure := l.produced(s)
		if failure != nil {
			return nil, "", failure
		}
		key, e.material = m.plain, m.id
		s.known[m.id].users++
	}
	sh := s.holding(p.hash)
	sh.written++
	e.n = sh.written
	place := s.recordPlace(sh, e)
	l.store.put(place, sealRecord(key, place, joined(p.key, p.data)))
	sh.records = append(sh.records, e)
	return sh, sh.sequence(e.n), nil
}

func (s *stream) recordPlace(sh *shard, e *entry) string {
	return s.place(sh.id + "/" + sh.sequence(e.n))
}

// joined is what of a record is encrypted: its partition key and its payload.
func joined(partitionKey string, data []byte) []byte {
	b := binary.BigEndian.AppendUint16(make([]byte, 0, 2+len(partitionKey)+len(data)), uint16(len(partitionKey)))
	return append(append(b, partitionKey...), data...)
}

func parted(b []byte) (partitionKey string, data []byte, ok bool) {
	if len(b) < 2 || len(b) < 2+int(binary.BigEndian.Uint16(b)) {
		return "", nil, false
	}
	n := 2 + int(binary.BigEndian.Uint16(b))
	return string(b[2:n]), b[n:], true
}
