// Package firehose reads Firehose delivery streams: how records rest in the
// stream, where they go and under which keys, and what CloudWatch counted and
// watches of the stream's key. It never reads a record, and keeps no token,
// header or path of a destination.
package firehose

import (
	"context"
	"errors"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/arn"
	"github.com/aws/aws-sdk-go-v2/service/firehose"
	"github.com/aws/aws-sdk-go-v2/service/firehose/types"
	"golang.org/x/sync/errgroup"

	"github.com/sealaudit/sealaudit/collectors"
	"github.com/sealaudit/sealaudit/collectors/kms"
	"github.com/sealaudit/sealaudit/internal/awsapi"
)

const streamType = "AWS::KinesisFirehose::DeliveryStream"

// Collector reads the delivery streams of a region.
type Collector struct {
	session *awsapi.Session
	keys    *kms.Keys
}

// New returns a collector on the session, with the scan's key resolver.
func New(s *awsapi.Session, keys *kms.Keys) *Collector { return &Collector{s, keys} }

// Service is "firehose".
func (c *Collector) Service() string { return "firehose" }

// Types are the resource types it lists.
func (c *Collector) Types() []collectors.ResourceType { return Types() }

// Global is false: delivery streams are regional.
func (c *Collector) Global() bool { return false }

// Actions are the IAM actions that it needs.
func (c *Collector) Actions() []string {
	return []string{"firehose:ListDeliveryStreams", "firehose:DescribeDeliveryStream", "cloudwatch:GetMetricData", "cloudwatch:DescribeAlarms"}
}

// region is what the delivery streams of one region share while they are read.
type region struct {
	*Collector
	scope  collectors.Scope
	client *firehose.Client
	watch  *watch
}

// Collect lists the delivery streams and describes each as it comes.
func (c *Collector) Collect(ctx context.Context, scope collectors.Scope, sink collectors.Sink) error {
	cfg := c.session.Config(scope.Region)
	in := &region{Collector: c, scope: scope, client: firehose.NewFromConfig(cfg), watch: newWatch(c.session, cfg, scope)}
	var g errgroup.Group
	g.SetLimit(32)
	err := in.list(ctx, func(names []string, page []collectors.CallRef) {
		sink.Progress(streamType, len(names))
		for _, name := range names {
			g.Go(func() error {
				sink.Emit(in.stream(ctx, name, page))
				return nil
			})
		}
	})
	_ = g.Wait() // its functions return nil
	sink.Listed(scope, streamType, awsapi.ListingGap(err))
	return nil
}

var errStuckListing = errors.New("firehose:ListDeliveryStreams says that there are more delivery streams and goes back to ones it named before; the endpoint is faulty, nothing after that page was read")

// pageSize is the most that ListDeliveryStreams takes; its default is 10
// (Firehose API reference, ListDeliveryStreams).
const pageSize = 10000

// list gives each page of names to take. The page token is the last name seen.
func (in *region) list(ctx context.Context, take func(names []string, page []collectors.CallRef)) error {
	ctx, trace := awsapi.WithTrace(ctx)
	begun := map[string]bool{"": true} // an empty page with more to come would start over
	return awsapi.Pages(func(token *string) (*string, error) {
		out, err := in.client.ListDeliveryStreams(ctx, &firehose.ListDeliveryStreamsInput{Limit: aws.Int32(pageSize), ExclusiveStartDeliveryStreamName: token})
		if err != nil {
			return nil, err
		}
		take(out.DeliveryStreamNames, trace.Last())
		if !aws.ToBool(out.HasMoreDeliveryStreams) {
			return nil, nil
		}
		last := ""
		if n := len(out.DeliveryStreamNames); n > 0 {
			last = out.DeliveryStreamNames[n-1]
		}
		if begun[last] {
			return nil, errStuckListing
		}
		begun[last] = true
		return &last, nil
	})
}

// reading is one delivery stream while it is read.
type reading struct {
	*region
	*awsapi.Reading
	name string
}

// stream reads one delivery stream, as it was in one page of the listing.
func (in *region) stream(ctx context.Context, name string, page []collectors.CallRef) collectors.Resource {
	id := arn.ARN{Partition: in.scope.Partition, Service: "firehose", Region: in.scope.Region, AccountID: in.scope.Account, Resource: "deliverystream/" + name}
	ctx, read := in.session.Read(ctx, collectors.Resource{ARN: id.String(), Type: streamType, Name: name, Scope: in.scope})
	r := &reading{in, read, name}
	r.Rest(page...)
	out, err := in.client.DescribeDeliveryStream(ctx, &firehose.DescribeDeliveryStreamInput{DeliveryStreamName: aws.String(name)})
	if err == nil && out.DeliveryStreamDescription == nil {
		err = errors.New("firehose:DescribeDeliveryStream answered without a delivery stream")
	}
	if r.Failed(err, "facts") {
		return r.Done(Facts{})
	}
	d := out.DeliveryStreamDescription
	f := Facts{
		CreatedAt:   awsapi.Stamp(d.CreateTimestamp),
		Source:      r.source(d),
		Encryption:  r.encryption(ctx, d.DeliveryStreamEncryptionConfiguration),
		Destination: r.destination(ctx, d),
	}
	var gaps []collectors.Gap
	f.Status, gaps = awsapi.Enum(d.DeliveryStreamStatus, "DeliveryStreamStatus", "facts.status")
	r.Gap(gaps...)
	if usesCustomerKey(f.Encryption) {
		f.KeyErrors = r.keyErrors(ctx)
		f.KeyAlarms = r.keyAlarms(ctx)
	}
	return r.Done(f)
}

func (r *reading) source(d *types.DeliveryStreamDescription) *Source {
	kind, gaps := awsapi.Enum(d.DeliveryStreamType, "DeliveryStreamType", "facts.source")
	r.Gap(gaps...)
	if kind == "" {
		return nil
	}
	s := &Source{Type: kind}
	if d.DeliveryStreamType != types.DeliveryStreamTypeKinesisStreamAsSource {
		return s
	}
	if d.Source != nil && d.Source.KinesisStreamSourceDescription != nil {
		s.StreamARN = aws.ToString(d.Source.KinesisStreamSourceDescription.KinesisStreamARN)
	}
	if s.StreamARN == "" {
		r.Gap(awsapi.Missing("KinesisStreamARN", "facts.source.stream_arn"))
	}
	return s
}
