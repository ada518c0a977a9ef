package lab

import (
	"fmt"
	"slices"
	"time"

	"github.com/sealaudit/sealaudit/internal/lab/wire"
)

// The bounds of a read (Kinesis API, GetRecords).
const (
	maxGetRecords = 10000
	maxGetBytes   = 10 << 20
)

func getRecords(l *Lab, q *wire.Request) answer {
	most, given := q.Int("Limit")
	var w wrongs
	if token := q.String("ShardIterator"); token == "" {
		w.missing("shardIterator")
	} else {
		w.length("shardIterator", token, len(token), 1, 512)
	}
	switch {
	case !given:
		most = maxGetRecords
	case most < 1:
		w.add("limit", "Member must have value greater than or equal to 1", most)
	case most > maxGetRecords && w.failure() == nil:
		return answer{failure: refuse(400, "InvalidArgumentException", fmt.Sprintf("The Limit of a request can't be larger than %d.", maxGetRecords))}
	}
	if failure := w.failure(); failure != nil {
		return answer{failure: failure}
	}
	s, sh, from, failure := l.openIterator(q)
	a := answer{failure: failure}
	if s != nil {
		a.resource, a.errors = s.arn, l.streamData(s).Errors
	}
	if a.failure == nil {
		a.failure = l.barred(q, a.errors, a.resource)
	}
	if a.failure == nil {
		a.failure = kinesisDryRun(q)
	}
	if a.failure == nil {
		a.output, a.failure = l.read(s, sh, from, most)
	}
	return a
}

// read opens the records from a place on. A record that was damaged at rest
// ends the answer before it, and is Kinesis's own failure when it is the first.
func (l *Lab) read(s *stream, sh *shard, from int64, most int) (map[string]any, *wire.Failure) {
	l.trim(s)
	list, size := []any{}, 0
	next, behind := sh.written+1, 0*time.Second
	wait := func(e *entry) { next, behind = e.n, max(l.now().Sub(e.at), time.Millisecond) }
	for _, e := range sh.from(from) {
		if len(list) == most || size+e.size > maxGetBytes && len(list) > 0 {
			wait(e)
			break
		}
		key, data, failure := l.open(s, sh, e)
		if failure != nil && (len(list) == 0 || failure.Status < 500) {
			return nil, failure
		}
		if failure != nil {
			wait(e)
			break
		}
		kind := "NONE"
		if e.material != "" {
			kind = "KMS"
		}
		list, size = append(list, map[string]any{"SequenceNumber": sh.sequence(e.n), "ApproximateArrivalTimestamp": e.at,
			"Data": encoded(data), "PartitionKey": key, "EncryptionType": kind}), size+e.size
	}
	return map[string]any{"Records": list, "NextShardIterator": l.iterator(s, sh, next), "MillisBehindLatest": int(behind.Milliseconds())}, nil
}

// from are the records that are kept from a place on.
func (sh *shard) from(n int64) []*entry {
	i, _ := slices.BinarySearchFunc(sh.records, n, func(e *entry, n int64) int { return int(e.n - n) })
	return sh.records[i:]
}

// open decrypts one record, as KMS allows it.
func (l *Lab) open(s *stream, sh *shard, e *entry) (partitionKey string, data []byte, failure *wire.Failure) {
	var key []byte
	if e.material != "" {
		if key, failure = l.consumed(s, e.material); failure != nil {
			return "", nil, failure
		}
	}
	place := s.recordPlace(sh, e)
	b, _ := l.store.get(place)
	body, ok := openRecord(key, place, b)
	if ok {
		partitionKey, data, ok = parted(body)
	}
	if !ok {
		return "", nil, damaged()
	}
	return partitionKey, data, nil
}
