package envelope

import (
	"context"
	"errors"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/arn"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"golang.org/x/sync/errgroup"

	"github.com/sealaudit/sealaudit/collectors"
	"github.com/sealaudit/sealaudit/internal/awsapi"
)

const (
	recordType    = "AWS::Kinesis::Record"
	streamsAtOnce = 16
	shardsAtOnce  = 16 // of a region; the reply of each may have 10 MiB
)

// Records samples the records of Kinesis streams. It reads as any consumer
// does, and shares the shards' rates with them: see shardReader. It verifies
// what producers encrypted themselves.
type Records struct{ *Run }

// NewRecords returns the collector of records.
func NewRecords(r *Run) *Records { return &Records{r} }

// Service is "kinesis/records".
func (c *Records) Service() string { return "kinesis/records" }

// Types are the resource types it lists.
func (c *Records) Types() []collectors.ResourceType {
	return []collectors.ResourceType{{Name: recordType, Facts: RecordFacts{}, Sampled: true}}
}

// Global is false: streams are regional.
func (c *Records) Global() bool { return false }

// Actions are the IAM actions that it needs. Records of an encrypted stream
// need kms:Decrypt, which Kinesis asks for in the caller's name.
func (c *Records) Actions() []string {
	return []string{"kinesis:ListStreams", "kinesis:ListShards", "kinesis:GetShardIterator", "kinesis:GetRecords", "kms:Decrypt"}
}

// regionRecords is what the streams of a region share.
type regionRecords struct {
	*Records
	scope   collectors.Scope
	sink    collectors.Sink
	repeats *Repeats
	client  *kinesis.Client
	shards  chan struct{}
}

// Collect samples the streams of the region. Rows are emitted when all of them
// are read, because a data key may occur in two streams.
func (c *Records) Collect(ctx context.Context, scope collectors.Scope, sink collectors.Sink) error {
	r := &regionRecords{Records: c, scope: scope, sink: sink, repeats: NewRepeats(),
		client: kinesis.NewFromConfig(c.session.Config(scope.Region)), shards: make(chan struct{}, shardsAtOnce)}
	streams, err := r.list(ctx)
	sampleAll(streams, streamsAtOnce, func(p Parent) func() { return r.sample(ctx, p) })
	sink.Listed(scope, recordType, awsapi.ListingGap(err))
	return nil
}

// sampleAll samples parents side by side, and then emits what was found in the
// parents' order.
func sampleAll(parents []Parent, atOnce int, sample func(Parent) (emit func())) {
	var g errgroup.Group
	g.SetLimit(atOnce)
	done := make([]func(), len(parents))
	for i, p := range parents {
		g.Go(func() error {
			done[i] = sample(p)
			return nil
		})
	}
	_ = g.Wait() // its functions return nil
	for _, emit := range done {
		emit()
	}
}

var errLostStreams = errors.New("kinesis:ListStreams says that there are more streams and names none to go on from; the endpoint is faulty, nothing after that page was read")

// list lists the region's streams, by name, which every version of the API can
// go on from.
func (r *regionRecords) list(ctx context.Context) (streams []Parent, err error) {
	ctx, trace := awsapi.WithTrace(ctx)
	err = awsapi.Pages(func(from *string) (*string, error) {
		out, err := r.client.ListStreams(ctx, &kinesis.ListStreamsInput{Limit: aws.Int32(100), ExclusiveStartStreamName: from})
		if err != nil {
			return nil, err
		}
		for _, name := range out.StreamNames {
			id := arn.ARN{Partition: r.scope.Partition, Service: "kinesis", Region: r.scope.Region, AccountID: r.scope.Account, Resource: "stream/" + name}
			streams = append(streams, Parent{ARN: id.String(), Name: name, Type: recordType, Scope: r.scope, Calls: trace.Last()})
		}
		switch n := len(out.StreamNames); {
		case !aws.ToBool(out.HasMoreStreams):
			return nil, nil
		case n == 0:
			return nil, errLostStreams
		default:
			return &out.StreamNames[n-1], nil
		}
	})
	return streams, err
}

// sample reads a sample of one stream and returns what emits it. A stream of
// which nothing was read has a row only if something kept it from being read.
func (r *regionRecords) sample(ctx context.Context, p Parent) (emit func()) {
	shards, err := r.listShards(ctx, &p)
	if err != nil && len(shards) == 0 {
		gap := recordGap(err, "facts")
		return func() { r.sink.Emit(r.NotSampled(ctx, p, gap)) }
	}
	s := &streamSample{regionRecords: r, stream: p.Name, arn: p.ARN, listed: len(shards), unlisted: err,
		cohorts: NewCohorts(func() { r.sink.Progress(recordType, 1) })}
	chosen := s.choose(shards)
	s.chosen = len(chosen)
	var readers sync.WaitGroup
	for _, shard := range chosen {
		readers.Go(func() { within(r.shards, func() { s.readShard(ctx, shard) }) })
	}
	readers.Wait()
	return func() { s.emit(ctx, p) }
}

var errNoShards = errors.New("kinesis:ListShards answered without a list of shards; check the endpoint")

func (r *regionRecords) listShards(ctx context.Context, p *Parent) (ids []string, err error) {
	ctx, trace := awsapi.WithTrace(ctx)
	err = awsapi.Pages(func(token *string) (*string, error) {
		in := &kinesis.ListShardsInput{NextToken: token}
		if token == nil { // which names the stream
			in.StreamName = &p.Name
		}
		out, err := r.client.ListShards(ctx, in)
		p.Listing = trace.Last()
		switch {
		case err != nil:
			return nil, err
		case out.Shards == nil:
			return nil, errNoShards
		}
		for _, shard := range out.Shards {
			ids = append(ids, aws.ToString(shard.ShardId))
		}
		return out.NextToken, nil
	})
	return ids, err
}
