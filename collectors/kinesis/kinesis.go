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
	session *awsapi.Session
	keys    *kms.Keys
}

// New returns a collector on the session, with the scan's key resolver.
func New(s *awsapi.Session, keys *kms.Keys) *Collector { return &Collector{s, keys} }

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
	listing, trace := awsapi.WithTrace(ctx)
	err := awsapi.Pages(func(token *string) (*string, error) {
		out, err := client.ListStreams(listing, &kinesis.ListStreamsInput{Limit: aws.Int32(100), NextToken: token})
		if err != nil {
			return nil, err
		}
		page := trace.Last()
		sink.Progress(streamType, len(out.StreamNames))
		for _, name := range out.StreamNames {
			g.Go(func() error {
				sink.Emit(c.stream(ctx, client, scope, name, page))
				return nil
			})
		}
		if !aws.ToBool(out.HasMoreStreams) {
			return nil, nil
		}
		return out.NextToken, nil
	})
	_ = g.Wait() // its functions return nil
	sink.Listed(scope, streamType, awsapi.ListingGap(err))
	return nil
}

// stream reads one stream, as it was in one page of the listing.
func (c *Collector) stream(ctx context.Context, client *kinesis.Client, scope collectors.Scope, name string, page []collectors.CallRef) collectors.Resource {
	id := arn.ARN{Partition: scope.Partition, Service: "kinesis", Region: scope.Region, AccountID: scope.Account, Resource: "stream/" + name}
	ctx, r := c.session.Read(ctx, collectors.Resource{ARN: id.String(), Type: streamType, Name: name, Scope: scope})
	r.Rest(page...)
	d, err := describe(ctx, client, name)
	if r.Failed(err, "facts") {
		return r.Done(Facts{})
	}
	f := Facts{
		CreatedAt:      awsapi.Stamp(d.StreamCreationTimestamp),
		RetentionHours: awsapi.Int(d.RetentionPeriodHours),
		Consumers:      awsapi.Int(d.ConsumerCount),
	}
	var gaps []collectors.Gap
	f.Status, gaps = awsapi.Enum(d.StreamStatus, "StreamStatus", "facts.status")
	r.Gap(gaps...)
	if d.StreamModeDetails != nil {
		f.Mode, gaps = awsapi.Enum(d.StreamModeDetails.StreamMode, "StreamMode", "facts.mode")
		r.Gap(gaps...)
	}
	f.Encryption = c.encryption(ctx, r, scope, d)
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
		e.Key, gaps = c.keys.Resolve(ctx, scope, aws.ToString(d.KeyId), "alias/aws/kinesis", "facts.encryption.key")
		r.Gap(gaps...)
	}
	return e
}

func changing(s types.StreamStatus) bool {
	return s == types.StreamStatusCreating || s == types.StreamStatusUpdating
}

// describe asks DescribeStreamSummary (20 a second where DescribeStream has
// 10), and asks again a few times while the stream is changing.
func describe(ctx context.Context, client *kinesis.Client, name string) (*types.StreamDescriptionSummary, error) {
	for poll := 1; ; poll++ {
		out, err := client.DescribeStreamSummary(ctx, &kinesis.DescribeStreamSummaryInput{StreamName: aws.String(name)})
		if err != nil {
			return nil, err
		}
		if out.StreamDescriptionSummary == nil {
			return nil, errors.New("kinesis:DescribeStreamSummary answered without a stream")
		}
		if !changing(out.StreamDescriptionSummary.StreamStatus) || poll == polls {
			return out.StreamDescriptionSummary, nil
		}
		select {
		case <-ctx.Done():
			return out.StreamDescriptionSummary, nil
		case <-time.After(pollEvery):
		}
	}
}

const (
	polls     = 3
	pollEvery = 500 * time.Millisecond
)
