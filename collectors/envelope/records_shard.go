package envelope

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"

	"github.com/sealaudit/sealaudit/collectors"
	"github.com/sealaudit/sealaudit/internal/awsapi"
)

const (
	readsFromStart = 20 // GetRecords may give nothing on its way to the next record
	readsAtMoment  = 5
	renewals       = 3
	shardBytes     = 1 << 20        // a second: half of what a shard gives, for others read along
	leastKept      = 24 * time.Hour // of every stream
)

// shardReader reads a sample of one shard: from its start and, where it has
// more, from moments of the rest. It is used by one goroutine.
type shardReader struct {
	*streamSample
	id    string
	ranks *Sampler[struct{}]
	seen  map[string]bool // sequence numbers
}

func (s *streamSample) reader(id string) *shardReader {
	return &shardReader{s, id, NewSampler[struct{}](s.options.Sampling, s.arn), map[string]bool{}}
}

// place is where reading begins.
type place struct {
	kind  types.ShardIteratorType
	at    *time.Time
	after *string // sequence number
}

// stretch is what reading on from a place gave.
type stretch struct {
	records int
	ended   bool      // the shard's end was reached
	from    time.Time // arrival of the last record, or about when the place is
	tip     time.Time // about the latest moment of the shard
}

// run reads the sample. whole says that it is all that the shard has. After a
// key's refusal it goes on: other records may be under another key.
func (r *shardReader) run(ctx context.Context) (whole bool, err error) {
	ctx = awsapi.OfShard(ctx, r.stream+"/"+r.id)
	size := r.options.Sampling.Size
	start, err := r.stretch(ctx, place{kind: types.ShardIteratorTypeTrimHorizon}, size, readsFromStart)
	if start.ended || err != nil && !isKeys(err) {
		return start.ended && err == nil, err
	}
	read := start.records
	for _, moment := range r.moments(start) {
		got, failed := r.stretch(ctx, place{kind: types.ShardIteratorTypeAtTimestamp, at: &moment}, perMoment(size), readsAtMoment)
		read += got.records
		if err == nil {
			err = failed
		}
		if failed != nil && !isKeys(failed) {
			return false, err
		}
	}
	if read == 0 && err == nil {
		err = &unreachedError{readsFromStart + moments*readsAtMoment}
	}
	return false, err
}

// moments are between the last record of the start and the shard's tip: in each
// of as many equal parts one that the seed chooses, but in the last part the
// last minute.
func (r *shardReader) moments(start stretch) []time.Time {
	from, tip := start.from, start.tip
	if tip.IsZero() {
		tip = time.Now().Add(-r.session.Skew)
	}
	if from.IsZero() {
		from = tip.Add(-leastKept)
	}
	width := max(0, tip.Sub(from)) / moments
	var out []time.Time
	for i := range moments - 1 {
		rank := r.ranks.rank(r.id, fmt.Sprint("moment ", i))
		within := time.Duration(float64(width) * float64(rank[0]) / 256)
		out = append(out, from.Add(time.Duration(i)*width+within).Truncate(time.Millisecond))
	}
	last := tip.Add(-time.Minute)
	if last.Before(from) {
		last = from
	}
	return append(out, last.Truncate(time.Millisecond))
}

// stretch reads up to so many records from a place on.
func (r *shardReader) stretch(ctx context.Context, at place, most, reads int) (out stretch, err error) {
	iterator, err := r.iterator(ctx, at)
	renewed := 0
	for n := 0; err == nil && out.records < most && !out.ended && n < reads; n++ {
		ctx, trace := awsapi.WithTrace(ctx)
		reply, failed := r.client.GetRecords(ctx, &kinesis.GetRecordsInput{ShardIterator: iterator, Limit: aws.Int32(int32(min(most-out.records, 10000)))})
		if awsapi.Code(failed) == "ExpiredIteratorException" && renewed < renewals { // it waited for five minutes
			renewed++
			n--
			iterator, err = r.iterator(ctx, at)
			continue
		}
		if err = failed; err != nil {
			return out, err
		}
		size := 0
		for i := range reply.Records {
			one := &reply.Records[i]
			size += len(one.Data)
			at = place{kind: types.ShardIteratorTypeAfterSequenceNumber, after: one.SequenceNumber}
			out.records++
			r.take(ctx, one, trace.Last())
		}
		out.reached(reply)
		iterator = reply.NextShardIterator
		if !out.ended {
			wait(ctx, time.Duration(size)*time.Second/shardBytes)
		}
	}
	return out, err
}

// reached notes how far a reply reaches (Kinesis API, GetRecords:
// MillisBehindLatest is how far behind the shard's tip the reply is, and a
// closed shard's end has no further iterator).
func (s *stretch) reached(reply *kinesis.GetRecordsOutput) {
	s.ended = aws.ToString(reply.NextShardIterator) == "" || reply.MillisBehindLatest != nil && *reply.MillisBehindLatest == 0
	if reply.MillisBehindLatest == nil {
		return
	}
	behind := time.Duration(*reply.MillisBehindLatest) * time.Millisecond
	if n := len(reply.Records); n > 0 && reply.Records[n-1].ApproximateArrivalTimestamp != nil {
		s.from = *reply.Records[n-1].ApproximateArrivalTimestamp
		s.tip = s.from.Add(behind)
	}
}

var errNoIterator = errors.New("kinesis:GetShardIterator answered without an iterator; check the endpoint")

func (r *shardReader) iterator(ctx context.Context, at place) (*string, error) {
	out, err := r.client.GetShardIterator(ctx, &kinesis.GetShardIteratorInput{StreamName: &r.stream, ShardId: &r.id,
		ShardIteratorType: at.kind, Timestamp: at.at, StartingSequenceNumber: at.after})
	switch {
	case err != nil:
		return nil, err
	case aws.ToString(out.ShardIterator) == "":
		return nil, errNoIterator
	}
	return out.ShardIterator, nil
}

// wait waits, unless the context ends before, which the next call says.
func wait(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}

// take folds one record, once.
func (r *shardReader) take(ctx context.Context, one *types.Record, calls []collectors.CallRef) {
	defer clear(one.Data)
	if r.seen[aws.ToString(one.SequenceNumber)] {
		return
	}
	r.seen[aws.ToString(one.SequenceNumber)] = true
	s := Sighting{Name: r.id + "/" + aws.ToString(one.SequenceNumber), Bytes: int64(len(one.Data)), Modified: aws.ToTime(one.ApproximateArrivalTimestamp), Calls: calls}
	s.Server.Algorithm, s.Gaps = awsapi.Enum(one.EncryptionType, "EncryptionType", serverPath)
	n := r.payloads(ctx, s, one.Data)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.streamSample.read += n
}
