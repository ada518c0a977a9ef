package records

import (
	"bytes"
	"crypto/md5"
	"fmt"

	"github.com/sealaudit/sealaudit/internal/envelope"
)

// maxEntries bounds what an aggregate's tables and records are allocated for.
// The library stops at 51,200 bytes unless it is told otherwise.
const maxEntries = 1 << 18

// aggregateMagic begins an aggregate (Kinesis Producer Library, "Aggregation
// format"): then comes a protocol buffer, and its MD5.
const aggregateMagic = "\xf3\x89\x9a\xc2"

// BeginsAggregate tells whether b, the first bytes of something, begins like an
// aggregate.
func BeginsAggregate(b []byte) bool { return bytes.HasPrefix(b, []byte(aggregateMagic)) }

// IsAggregate tells whether b is a record that the Kinesis Producer Library
// aggregated. One whose MD5 is another is a plain record, as the Kinesis Client
// Library has it.
func IsAggregate(b []byte) bool {
	body := len(b) - md5.Size
	if !BeginsAggregate(b) || body < len(aggregateMagic) {
		return false
	}
	return md5.Sum(b[len(aggregateMagic):body]) == [md5.Size]byte(b[body:])
}

// UserRecord is a record as its producer put it.
type UserRecord struct {
	PartitionKey    string
	ExplicitHashKey string // "" if there is none
	Data            []byte // of the aggregate's own bytes
}

// The fields of AggregatedRecord and of its Record (Kinesis Producer Library,
// "Aggregation format").
const (
	fieldPartitionKeys = 1
	fieldHashKeys      = 2
	fieldRecords       = 3

	fieldKeyIndex  = 1
	fieldHashIndex = 2
	fieldData      = 3
)

// Split reads the user records of an aggregate, at most 262,144. Its error
// wraps ErrFormat or ErrUnsupported.
func Split(b []byte) ([]UserRecord, error) {
	if !IsAggregate(b) {
		return nil, fmt.Errorf("reading an aggregate: %w: its first bytes or its MD5", envelope.ErrFormat)
	}
	var t tables
	if err := t.read(b[len(aggregateMagic) : len(b)-md5.Size]); err != nil {
		return nil, fmt.Errorf("reading an aggregate: %w", err)
	}
	out := make([]UserRecord, 0, len(t.records))
	for i, e := range t.records {
		if e.key >= uint64(len(t.keys)) || e.hashed && e.hash >= uint64(len(t.hashes)) {
			return nil, fmt.Errorf("reading an aggregate: %w: record %d of %d names a key that is not in the table", envelope.ErrFormat, i+1, len(t.records))
		}
		r := UserRecord{PartitionKey: t.keys[e.key], Data: e.data}
		if e.hashed {
			r.ExplicitHashKey = t.hashes[e.hash]
		}
		out = append(out, r)
	}
	return out, nil
}

// tables are an aggregate as it stands.
type tables struct {
	keys, hashes []string
	records      []entry
}

type entry struct {
	key, hash uint64 // in the tables
	hashed    bool
	data      []byte
}

func (t *tables) read(b []byte) error {
	for len(b) > 0 {
		f, rest, err := nextField(b)
		if err != nil {
			return err
		}
		b = rest
		if f.number > fieldRecords {
			continue // of a later version
		}
		if f.wire != wireBytes {
			return fmt.Errorf("%w: a table or record of the aggregate is of another type", envelope.ErrFormat)
		}
		if len(t.keys) == maxEntries || len(t.hashes) == maxEntries || len(t.records) == maxEntries {
			return fmt.Errorf("%w: it holds more than %d keys or records", envelope.ErrUnsupported, maxEntries)
		}
		switch f.number {
		case fieldPartitionKeys:
			t.keys = append(t.keys, string(f.bytes))
		case fieldHashKeys:
			t.hashes = append(t.hashes, string(f.bytes))
		case fieldRecords:
			e, err := readEntry(f.bytes)
			if err != nil {
				return fmt.Errorf("record %d: %w", len(t.records)+1, err)
			}
			t.records = append(t.records, e)
		}
	}
	return nil
}

func readEntry(b []byte) (e entry, err error) {
	keyed, filled := false, false
	for len(b) > 0 {
		f, rest, err := nextField(b)
		if err != nil {
			return entry{}, err
		}
		b = rest
		want := map[int]int{fieldKeyIndex: wireVarint, fieldHashIndex: wireVarint, fieldData: wireBytes}
		if wire, known := want[f.number]; known && wire != f.wire {
			return entry{}, fmt.Errorf("%w: a field of it is of another type", envelope.ErrFormat)
		}
		switch f.number {
		case fieldKeyIndex:
			e.key, keyed = f.varint, true
		case fieldHashIndex:
			e.hash, e.hashed = f.varint, true
		case fieldData:
			e.data, filled = f.bytes, true
		}
	}
	if !keyed || !filled {
		return entry{}, fmt.Errorf("%w: it has no partition key or no data", envelope.ErrFormat)
	}
	return e, nil
}
