package lab

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/sealaudit/sealaudit/internal/lab/wire"
)

// iteratorLife is how long a shard iterator lasts (Kinesis API,
// GetShardIterator: "A shard iterator expires 5 minutes after it is returned").
const iteratorLife = 5 * time.Minute

func getShardIterator(l *Lab, q *wire.Request, s *stream) (map[string]any, *wire.Failure) {
	kind := q.String("ShardIteratorType")
	var w wrongs
	if id := q.String("ShardId"); id == "" {
		w.missing("shardId")
	} else {
		w.name("shardId", id, 128)
	}
	if kind == "" {
		w.missing("shardIteratorType")
	} else {
		w.oneOf("shardIteratorType", kind, "AFTER_SEQUENCE_NUMBER", "LATEST", "AT_TIMESTAMP", "AT_SEQUENCE_NUMBER", "TRIM_HORIZON")
	}
	if failure := w.failure(); failure != nil {
		return nil, failure
	}
	sh := s.shard(q.String("ShardId"))
	if sh == nil || l.streamStatus(s) == "CREATING" {
		return nil, refuse(400, "ResourceNotFoundException", "Shard "+q.String("ShardId")+" in stream "+s.name+" under account "+l.account.ID+" does not exist")
	}
	from, failure := l.position(q, s, sh)
	if failure == nil {
		failure = kinesisDryRun(q)
	}
	if failure != nil {
		return nil, failure
	}
	return map[string]any{"ShardIterator": l.iterator(s, sh, from)}, nil
}

// position is the place of the first record to read.
func (l *Lab) position(q *wire.Request, s *stream, sh *shard) (int64, *wire.Failure) {
	kind, number := q.String("ShardIteratorType"), q.String("StartingSequenceNumber")
	when, timed := q.Time("Timestamp")
	bySequence := kind == "AT_SEQUENCE_NUMBER" || kind == "AFTER_SEQUENCE_NUMBER"
	switch {
	case bySequence && number == "":
		return 0, refuse(400, "InvalidArgumentException", "Must specify StartingSequenceNumber for ShardIteratorType "+kind+".")
	case !bySequence && number != "":
		return 0, refuse(400, "InvalidArgumentException", "StartingSequenceNumber must not be specified for ShardIteratorType "+kind+".")
	case kind == "AT_TIMESTAMP" && !timed:
		return 0, refuse(400, "InvalidArgumentException", "Must specify timestampInMillis parameter for iterator of type AT_TIMESTAMP. Current request has no timestamp parameter.")
	case kind == "AT_TIMESTAMP" && when.After(l.now()):
		return 0, refuse(400, "InvalidArgumentException", fmt.Sprintf("The timestampInMillis parameter cannot be greater than the currentTimestampInMillis. timestampInMillis: %d, currentTimestampInMillis: %d", when.UnixMilli(), l.now().UnixMilli()))
	case kind == "LATEST":
		return sh.written + 1, nil
	case kind == "AT_TIMESTAMP":
		i := slices.IndexFunc(sh.records, func(e *entry) bool { return !e.at.Truncate(time.Millisecond).Before(when) })
		if i < 0 {
			return sh.written + 1, nil
		}
		return sh.records[i].n, nil
	case kind == "TRIM_HORIZON":
		return 0, nil
	}
	n, ok := sh.placeOf(number)
	if !ok || n > sh.written {
		return 0, refuse(400, "InvalidArgumentException", "StartingSequenceNumber "+number+" used in GetShardIterator on shard "+sh.id+" in stream "+s.name+
			" under account "+l.account.ID+" is invalid because it did not come from this stream.")
	}
	if kind == "AFTER_SEQUENCE_NUMBER" {
		n++
	}
	return n, nil
}

func (l *Lab) iterator(s *stream, sh *shard, from int64) string {
	return l.sealParts("iterator", s.region, s.name, strconv.Itoa(s.id), sh.id, strconv.FormatInt(from, 10), strconv.FormatInt(l.now().UnixMilli(), 10))
}

// openIterator finds the shard and the place that an iterator means.
func (l *Lab) openIterator(q *wire.Request) (s *stream, sh *shard, from int64, failure *wire.Failure) {
	parts, ok := l.openParts("iterator", q.String("ShardIterator"), 6)
	if !ok || parts[0] != q.Region {
		return nil, nil, 0, refuse(400, "InvalidArgumentException", "Invalid ShardIterator.")
	}
	s = l.findStream(parts[0], parts[1])
	if s == nil || strconv.Itoa(s.id) != parts[2] {
		return nil, nil, 0, l.missing(q, l.streamARN(q, parts[1]))
	}
	if arn := q.String("StreamARN"); arn != "" && arn != s.arn {
		return s, nil, 0, refuse(400, "InvalidArgumentException", "The ShardIterator is not of the stream "+arn+".")
	}
	from, _ = strconv.ParseInt(parts[4], 10, 64) // as it was written
	millis, _ := strconv.ParseInt(parts[5], 10, 64)
	issued, now := time.UnixMilli(millis), l.now()
	if now.Sub(issued) > iteratorLife {
		failure = refuse(400, "ExpiredIteratorException", "Iterator expired. The iterator was created at time "+issued.UTC().Format(time.UnixDate)+
			" while right now it is "+now.UTC().Format(time.UnixDate)+" which is further in the future than the tolerated delay of "+
			strconv.FormatInt(iteratorLife.Milliseconds(), 10)+" milliseconds.")
	}
	return s, s.shard(parts[3]), from, failure
}
