package envelope

import (
	"context"
	"fmt"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"golang.org/x/sync/errgroup"

	"github.com/sealaudit/sealaudit/collectors"
	"github.com/sealaudit/sealaudit/internal/awsapi"
)

const (
	objectType    = "AWS::S3::Object"
	bucketsAtOnce = 16
)

// Objects samples the objects of S3 buckets, current versions only. It reads
// the headers of each and, of those without any of the S3 Encryption Client,
// the first bytes; it verifies what is encrypted by a client, and what is under
// a customer-provided key that was given.
type Objects struct {
	*Run
	buckets *buckets
}

// NewObjects returns the collector of objects. The regions are those that are
// read; a bucket that can't be placed in one is reported once for all.
func NewObjects(r *Run, regions []string) *Objects {
	return &Objects{r, newBuckets(r, regions)}
}

// Service is "s3/objects".
func (o *Objects) Service() string { return "s3/objects" }

// Types are the resource types it lists.
func (o *Objects) Types() []collectors.ResourceType {
	return []collectors.ResourceType{{Name: objectType, Facts: ObjectFacts{}, Sampled: true}}
}

// Global is false: buckets are listed once, and sampled by region.
func (o *Objects) Global() bool { return false }

// Actions are the IAM actions that it needs. Objects under a KMS key need
// kms:Decrypt for their first bytes, which S3 asks for in the caller's name.
func (o *Objects) Actions() []string {
	return []string{"s3:ListAllMyBuckets", "s3:GetBucketLocation", "s3:ListBucket", "s3:GetObject", "kms:Decrypt"}
}

// Collect samples the buckets of the region. Rows are emitted when all of them
// are read, because a data key may occur in two buckets.
func (o *Objects) Collect(ctx context.Context, scope collectors.Scope, sink collectors.Sink) error {
	names, err := o.buckets.in(ctx, scope.Region)
	for _, row := range o.buckets.unplacedFor(scope.Region) {
		sink.Emit(o.NotSampled(ctx, row.parent, row.gap))
	}
	region := &regionObjects{Objects: o, scope: scope, sink: sink, repeats: NewRepeats(),
		client: o.client(scope.Region, false), bodies: o.client(scope.Region, true)}
	var g errgroup.Group
	g.SetLimit(bucketsAtOnce)
	done := make([]func(), len(names))
	for i, b := range names {
		g.Go(func() error {
			done[i] = region.sample(ctx, b)
			return nil
		})
	}
	_ = g.Wait() // its functions return nil
	for _, emit := range done {
		emit()
	}
	sink.Listed(scope, objectType, awsapi.ListingGap(err))
	return nil
}

// client is the S3 client of a region, one whose bodies stream if asked for.
func (o *Objects) client(region string, bodies bool) *s3.Client {
	cfg := o.session.Config(region)
	if bodies {
		cfg = o.session.Streaming(region)
	}
	return s3.NewFromConfig(cfg, func(c *s3.Options) {
		c.UsePathStyle = o.session.Endpoint != "" // which resolves no bucket's host name
		c.DisableS3ExpressSessionAuth = aws.Bool(true)
	})
}

// regionObjects is what the buckets of a region share.
type regionObjects struct {
	*Objects
	scope   collectors.Scope
	sink    collectors.Sink
	repeats *Repeats
	client  *s3.Client
	bodies  *s3.Client
}

// sample reads a sample of one bucket and returns what emits it.
func (r *regionObjects) sample(ctx context.Context, b bucket) (emit func()) {
	p := b.parent
	p.Scope = r.scope
	picked, end := r.list(ctx, &p)
	if end != nil && p.Population == 0 {
		gap := AskedGap(end, "facts")
		return func() { r.sink.Emit(r.NotSampled(ctx, p, gap)) }
	}
	if end != nil {
		gap := AskedGap(end, "facts.sampling")
		p.Gap = &gap
	}
	cohorts := NewCohorts(func() { r.sink.Progress(objectType, 1) })
	names := make(chan *Picked[listed])
	var workers sync.WaitGroup
	for range min(readsAtOnce, len(picked)) {
		workers.Go(func() {
			for name := range names {
				cohorts.Add(r.object(ctx, p.Name, name))
			}
		})
	}
	for _, name := range picked {
		names <- name
	}
	close(names)
	workers.Wait()
	return func() { r.Emit(ctx, p, cohorts, r.sink, func(c Cohort) any { return objectFacts(p, c) }) }
}

func objectFacts(p Parent, c Cohort) ObjectFacts {
	f := ObjectFacts{Bucket: p.ARN, ClientSide: c.Client, Count: c.Count, Bytes: c.Bytes, FirstModified: c.First, LastModified: c.Last,
		Examples: c.Examples, Proof: c.Proof, Weaknesses: c.Weaknesses, Duplicates: c.Duplicates, Sampling: c.Sample}
	if c.Server.Algorithm != "" {
		f.ServerSide = &ServerSide{Algorithm: c.Server.Algorithm, Key: c.Key, BucketKey: c.Server.BucketKey}
	}
	return f
}

func method(s collectors.Sampling, listed string) string {
	return fmt.Sprintf("the %d of lowest SHA-256(seed, bucket, key) of %s; current versions only", s.Size, listed)
}
