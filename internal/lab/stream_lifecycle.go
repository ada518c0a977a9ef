package lab

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/sealaudit/sealaudit/internal/lab/wire"
)

// How long Kinesis takes here for what it does later: "a few seconds" (Kinesis
// API, StartStreamEncryption). Clients that wait need not wait longer.
const (
	streamMaking   = time.Second     // CREATING, and DELETING
	streamUpdating = 2 * time.Second // UPDATING
)

func createStream(l *Lab, q *wire.Request) answer {
	l.settleStreams()
	name := q.String("StreamName")
	a := answer{resource: l.streamARN(q, name), mutates: true}
	mode, shards, failure := capacity(q)
	if failure != nil {
		a.failure = failure
		return a
	}
	if a.failure = checkStreamName(name); a.failure != nil {
		return a
	}
	p := l.index.regions[q.Region]
	if p.streams.by[name] != nil {
		a.failure = refuse(400, "ResourceInUseException", "Stream "+name+" under account "+l.account.ID+" already exists.")
		return a
	}
	if a.failure = l.manyInMaking(q); a.failure != nil {
		return a
	}
	output := map[string]any{"StreamName": name, "StreamStatus": "CREATING", "EncryptionType": "NONE", "RetentionPeriodHours": 24,
		"StreamCreationTimestamp": l.now().UTC().Truncate(time.Second), "StreamModeDetails": map[string]any{"StreamMode": mode}, "OpenShardCount": shards}
	if n, given := q.Int("MaxRecordSizeInKiB"); given {
		output["MaxRecordSizeInKiB"] = n
	}
	r := &Resource{Output: output, Tags: pairs(q, "Tags")}
	p.streams.add(name, r)
	l.retag(q.Region, a.resource, r.Tags)
	s := l.enter(q.Region, name)
	l.later(s, streamMaking, func() { l.describe(s, map[string]any{"StreamStatus": "ACTIVE"}) })
	return a
}

// capacity is a new stream's mode and number of shards. An on-demand stream
// starts with four (Kinesis Developer Guide, "Data stream capacity modes").
func capacity(q *wire.Request) (mode string, shards int, failure *wire.Failure) {
	details, _ := q.Input["StreamModeDetails"].(map[string]any)
	mode = firstOf(text(details, "StreamMode"), "PROVISIONED")
	shards, given := q.Int("ShardCount")
	var w wrongs
	w.oneOf("streamModeDetails.streamMode", mode, "PROVISIONED", "ON_DEMAND")
	if given && shards < 1 {
		w.add("shardCount", "Member must have value greater than or equal to 1", shards)
	}
	if kib, given := q.Int("MaxRecordSizeInKiB"); given && (kib < 1024 || kib > 10240) {
		w.add("maxRecordSizeInKiB", "Member must have value between 1024 and 10240", kib)
	}
	switch {
	case w.failure() != nil:
		return "", 0, w.failure()
	case mode == "ON_DEMAND" && given:
		return "", 0, refuse(400, "ValidationException", "ShardCount must not be provided for streams in on-demand capacity mode.")
	case mode == "ON_DEMAND":
		return mode, 4, nil
	case !given:
		return "", 0, refuse(400, "ValidationException", "ShardCount must be provided for streams in provisioned capacity mode.")
	case shards > maxShards:
		return "", 0, refuse(400, "LimitExceededException", "This request would exceed the shard limit for the account. Limit: "+strconv.Itoa(maxShards)+".")
	}
	return mode, shards, nil
}

const (
	maxShards   = 500 // of a stream here; AWS counts those of the account (Kinesis Developer Guide, "Quotas and limits")
	maxInMaking = 5   // streams that are CREATING (Kinesis API, CreateStream)
)

func (l *Lab) manyInMaking(q *wire.Request) *wire.Failure {
	n := 0
	for _, s := range l.kinesis.streams {
		if s.region == q.Region && len(s.pending) > 0 && l.streamStatus(s) == "CREATING" {
			n++
		}
	}
	if n < maxInMaking {
		return nil
	}
	return refuse(400, "LimitExceededException", fmt.Sprintf("Only %d streams can be in CREATING status at a time for account %s.", maxInMaking, l.account.ID))
}

// whileActive refuses what only an ACTIVE stream allows.
func (l *Lab) whileActive(s *stream) *wire.Failure {
	if status := l.streamStatus(s); status != "ACTIVE" {
		return refuse(400, "ResourceInUseException", "Stream "+s.name+" under account "+l.account.ID+" not ACTIVE, instead in state "+status)
	}
	return nil
}

// deleteStream deletes the stream with its records (Kinesis API, DeleteStream).
func deleteStream(l *Lab, _ *wire.Request, s *stream) (map[string]any, *wire.Failure) {
	if failure := l.whileActive(s); failure != nil {
		return nil, failure
	}
	l.describe(s, map[string]any{"StreamStatus": "DELETING"})
	l.later(s, streamMaking, func() {
		for _, place := range l.Stored() {
			if strings.HasPrefix(place, s.place("")) {
				l.store.delete(place)
			}
		}
		delete(l.kinesis.streams, s.arn)
		l.index.regions[s.region].streams.remove(s.name)
		l.retag(s.region, s.arn, nil)
	})
	return nil, nil
}

// The bounds of a retention period, in hours (Kinesis API,
// IncreaseStreamRetentionPeriod).
const (
	leastRetention = 24
	mostRetention  = 8760
)

func (l *Lab) retention(s *stream) int {
	return whole(l.streamSummary(s.region, l.streamData(s))["RetentionPeriodHours"])
}

func (l *Lab) askedRetention(q *wire.Request, s *stream) (hours, has int, failure *wire.Failure) {
	hours, given := q.Int("RetentionPeriodHours")
	switch {
	case !given:
		var w wrongs
		w.missing("retentionPeriodHours")
		failure = w.failure()
	case hours < leastRetention:
		failure = refuse(400, "InvalidArgumentException", fmt.Sprintf("Minimum allowed retention period is %d hours. Requested retention period (%d hours) is too short.", leastRetention, hours))
	case hours > mostRetention:
		failure = refuse(400, "InvalidArgumentException", fmt.Sprintf("Maximum allowed retention period is %d hours. Requested retention period (%d hours) is too long.", mostRetention, hours))
	default:
		failure = l.whileActive(s)
	}
	return hours, l.retention(s), failure
}

func increaseRetention(l *Lab, q *wire.Request, s *stream) (map[string]any, *wire.Failure) {
	hours, has, failure := l.askedRetention(q, s)
	if failure == nil && hours < has {
		failure = refuse(400, "InvalidArgumentException", fmt.Sprintf("Requested retention period (%d hours) for stream %s can not be shorter than existing retention period (%d hours). Use DecreaseRetentionPeriod API.", hours, s.name, has))
	}
	if failure != nil {
		return nil, failure
	}
	l.trim(s) // what is out of the old period stays out
	l.describe(s, map[string]any{"RetentionPeriodHours": hours})
	return nil, nil
}

func decreaseRetention(l *Lab, q *wire.Request, s *stream) (map[string]any, *wire.Failure) {
	hours, has, failure := l.askedRetention(q, s)
	if failure == nil && hours > has {
		failure = refuse(400, "InvalidArgumentException", fmt.Sprintf("Requested retention period (%d hours) for stream %s can not be longer than existing retention period (%d hours). Use IncreaseRetentionPeriod API.", hours, s.name, has))
	}
	if failure != nil {
		return nil, failure
	}
	l.describe(s, map[string]any{"RetentionPeriodHours": hours})
	l.trim(s)
	return nil, nil
}
