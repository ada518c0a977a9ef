// Package kinesis reads Kinesis data streams: whether records are encrypted
// as they are put, and under which key. It never reads a record.
package kinesis

import (
	"context"
	"errors"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/arn"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"
	"golang.org/x/sync/errgroup"

	"github.com/sealaudit/sealaudit/collectors"
	"github.com/sealaudit/sealaudit/collectors/kms"
	"github.com/sealaudit/sealaudit/internal/awsapi"
)

const streamType = "AWS::Kinesis::Stream"

// Collector reads the streams of a region.
type Collector struct {
	session   *awsapi.Session
	keys      *kms.Keys
	pollEvery time.Duration // between two readings of a stream that is changing
}

// New returns a collector on the session, with the scan's key resolver.
func New(s *awsapi.Session, keys *kms.Keys) *Collector {
	return &Collector{s, keys, 500 * time.Millisecond}
}

// Service is "kinesis".
func (c *Collector) Service() string { return "kinesis" }

// Types are the resource types it lists.
func (c *Collector) Types() []collectors.ResourceType { return Types() }

// Global is false: streams are regional.
func (c *Collector) Global() bool { return false }

// Actions are the IAM actions that it needs.
func (c *Collector) Actions() []string {
	return []string{"kinesis:ListStreams", "kinesis:DescribeStreamSummary"}
}

// Collect lists the streams and describes each as it comes.
func (c *Collector) Collect(ctx context.Context, scope collectors.Scope, sink collectors.Sink) error {
	client := kinesis.NewFromConfig(c.session.Config(scope.Region))
	var g errgroup.Group
	g.SetLimit(32)
	err := list(ctx, client, func(names []string, page []collectors.CallRef) {
		sink.Progress(streamType, len(names))
		for _, name := range names {
			g.Go(func() error {
				sink.Emit(c.stream(ctx, client, scope, name, page))
				return nil
			})
		}
	})
	_ = g.Wait() // its functions return nil
	sink.Listed(scope, streamType, awsapi.ListingGap(err))
	return nil
}

var errLostListing = errors.New("kinesis:ListStreams says that there are more streams and names none to go on from; the endpoint is faulty, nothing after that page was read")

// list gives each page of names to take. Replies without a token, as they were
// before the API had one, are followed by the last name (Kinesis API reference,
// ListStreams, ExclusiveStartStreamName).
func list(ctx context.Context, client *kinesis.Client, take func(names []string, page []collectors.CallRef)) error {
	ctx, trace := awsapi.WithTrace(ctx)
	byName := false
	return awsapi.Pages(func(from *string) (*string, error) {
		in := &kinesis.ListStreamsInput{Limit: aws.Int32(100)}
		if byName {
			in.ExclusiveStartStreamName = from
		} else {
			in.NextToken = from
		}
		out, err := client.ListStreams(ctx, in)
		if err != nil {
			return nil, err
		}
		take(out.StreamNames, trace.Last())
		byName = aws.ToString(out.NextToken) == ""
		switch n := len(out.StreamNames); {
		case !aws.ToBool(out.HasMoreStreams):
			return nil, nil
		case byName && n == 0:
			return nil, errLostListing
		case byName:
			return &out.StreamNames[n-1], nil
		}
		return out.NextToken, nil
	})
}

// stream reads one stream, as it was in one page of the listing.
func (c *Collector) stream(ctx context.Context, client *kinesis.Client, scope collectors.Scope, name string, page []collectors.CallRef) collectors.Resource {
	id := arn.ARN{Partition: scope.Partition, Service: "kinesis", Region: scope.Region, AccountID: scope.Account, Resource: "stream/" + name}
	ctx, r := c.session.Read(ctx, collectors.Resource{ARN: id.String(), Type: streamType, Name: name, Scope: scope})
	r.Rest(page...)
	d, err := c.describe(ctx, client, name)
	if r.Failed(err, "facts") {
		return r.Done(Facts{})
	}
	f := Facts{
		CreatedAt:      awsapi.Stamp(d.StreamCreationTimestamp),
		RetentionHours: awsapi.Int(d.RetentionPeriodHours),
		Consumers:      awsapi.Int(d.ConsumerCount),
	}
	if f.CreatedAt == "" {
		r.Gap(awsapi.Missing("StreamCreationTimestamp", "facts.created_at"))
	}
	if f.RetentionHours == nil {
		r.Gap(awsapi.Missing("RetentionPeriodHours", "facts.retention_hours"))
	}
	var gaps []collectors.Gap
	f.Status, gaps = awsapi.Enum(d.StreamStatus, "StreamStatus", "facts.status", "facts.encryption")
	r.Gap(gaps...)
	if d.StreamModeDetails != nil {
		f.Mode, gaps = awsapi.Enum(d.StreamModeDetails.StreamMode, "StreamMode", "facts.mode")
		r.Gap(gaps...)
	}
	if f.Status != "" { // or it may be changing
		f.Encryption = c.encryption(ctx, r, scope, d)
	}
	return r.Done(f)
}

func (c *Collector) encryption(ctx context.Context, r *awsapi.Reading, scope collectors.Scope, d *types.StreamDescriptionSummary) *Encryption {
	if changing(d.StreamStatus) {
		r.Gap(collectors.Gap{Attributes: []string{"facts.encryption"}, Reason: collectors.Transition,
			Detail: "The stream is " + string(d.StreamStatus) + ", so the reported encryption may be the old or the new one.",
			Remedy: "Scan again when the stream is ACTIVE."})
		return nil
	}
	kind, gaps := awsapi.Enum(d.EncryptionType, "EncryptionType", "facts.encryption")
	r.Gap(gaps...)
	if kind == "" {
		return nil
	}
	e := &Encryption{Type: kind}
	if d.EncryptionType == types.EncryptionTypeKms {
		e.Key = c.key(ctx, r, scope, aws.ToString(d.KeyId))
	}
	return e
}

// key resolves the key that an encrypted stream always names, also when it is
// aws/kinesis.
func (c *Collector) key(ctx context.Context, r *awsapi.Reading, scope collectors.Scope, id string) *collectors.Key {
	const path = "facts.encryption.key"
	if id == "" {
		r.Gap(awsapi.Missing("KeyId", path))
		return nil
	}
	key, gaps := c.keys.Resolve(ctx, scope, id, "", path)
	r.Gap(gaps...)
	return key
}

func changing(s types.StreamStatus) bool {
	return s == types.StreamStatusCreating || s == types.StreamStatusUpdating
}

const polls = 3

// describe asks DescribeStreamSummary (20 a second where DescribeStream has
// 10), and asks again a few times while the stream is changing. Once a stream
// was read, an error costs no more than the newer reading.
func (c *Collector) describe(ctx context.Context, client *kinesis.Client, name string) (*types.StreamDescriptionSummary, error) {
	var d *types.StreamDescriptionSummary
	for poll := 1; ; poll++ {
		out, err := client.DescribeStreamSummary(ctx, &kinesis.DescribeStreamSummaryInput{StreamName: aws.String(name)})
		if err == nil && out.StreamDescriptionSummary == nil {
			err = errors.New("kinesis:DescribeStreamSummary answered without a stream")
		}
		switch {
		case err != nil && d != nil:
			return d, nil
		case err != nil:
			return nil, err
		}
		d = out.StreamDescriptionSummary
		if !changing(d.StreamStatus) || poll == polls {
			return d, nil
		}
		select {
		case <-ctx.Done():
			return d, nil
		case <-time.After(c.pollEvery):
		}
	}
}
