package envelope

import (
	"context"
	"errors"
	"slices"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/arn"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"golang.org/x/sync/errgroup"

	"github.com/sealaudit/sealaudit/collectors"
	"github.com/sealaudit/sealaudit/internal/awsapi"
)

// bucket is one to be sampled.
type bucket struct{ parent Parent }

// unplaced is a bucket that may lie in any region.
type unplaced struct {
	parent Parent
	gap    collectors.Gap
}

// buckets are the account's, listed once for all regions.
type buckets struct {
	run     *Run
	regions []string
	once    sync.Once

	mu     sync.Mutex
	placed map[string][]bucket // by region
	lost   []unplaced
	err    error
}

func newBuckets(r *Run, regions []string) *buckets {
	return &buckets{run: r, regions: regions, placed: map[string][]bucket{}}
}

// in are the buckets of a region, and why there may be more.
func (b *buckets) in(ctx context.Context, region string) ([]bucket, error) {
	b.once.Do(func() { b.err = b.list(ctx) })
	return b.placed[region], b.err
}

// unplacedFor are the buckets whose region is not known, for the first region
// that is read, and none for the others.
func (b *buckets) unplacedFor(region string) []unplaced {
	if len(b.regions) > 0 && region != b.regions[0] {
		return nil
	}
	return b.lost
}

var errNoBuckets = errors.New("s3:ListBuckets answered without a list of buckets; check the endpoint")

func (b *buckets) list(ctx context.Context) error {
	client := s3.NewFromConfig(b.run.session.Config(""), func(o *s3.Options) { o.UsePathStyle = b.run.session.Endpoint != "" })
	var g errgroup.Group
	g.SetLimit(bucketsAtOnce)
	err := awsapi.Pages(func(token *string) (*string, error) {
		ctx, trace := awsapi.WithTrace(ctx)
		out, err := client.ListBuckets(ctx, &s3.ListBucketsInput{MaxBuckets: aws.Int32(1000), ContinuationToken: token})
		switch {
		case err != nil:
			return nil, err
		case out.Buckets == nil: // an empty list is one
			return nil, errNoBuckets
		}
		for _, listed := range out.Buckets {
			name := aws.ToString(listed.Name)
			id := arn.ARN{Partition: b.run.session.Partition, Service: "s3", Resource: name}
			p := Parent{ARN: id.String(), Name: name, Type: objectType, Scope: b.run.session.Scope(""), Calls: trace.Last()}
			g.Go(func() error {
				b.place(ctx, client, p, aws.ToString(listed.BucketRegion))
				return nil
			})
		}
		return out.ContinuationToken, nil
	})
	_ = g.Wait() // its functions return nil
	return err
}

// place finds the bucket's region where the listing does not tell it.
func (b *buckets) place(ctx context.Context, client *s3.Client, p Parent, region string) {
	var err error
	if region == "" {
		var out *s3.GetBucketLocationOutput
		ctx, trace := awsapi.WithTrace(ctx)
		if out, err = client.GetBucketLocation(ctx, &s3.GetBucketLocationInput{Bucket: &p.Name}); err == nil {
			region = located(string(out.LocationConstraint))
		}
		p.Calls = slices.Concat(p.Calls, trace.Last())
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if err != nil {
		gap := awsapi.GapOf(err, "facts")
		gap.Detail = "The bucket's region is not known: " + gap.Detail
		b.lost = append(b.lost, unplaced{p, gap})
		return
	}
	b.placed[region] = append(b.placed[region], bucket{p})
}

// located is the region of a location constraint (S3 API reference,
// GetBucketLocation: null for us-east-1).
func located(constraint string) string {
	switch constraint {
	case "":
		return "us-east-1"
	case "EU":
		return "eu-west-1"
	}
	return constraint
}
