// Package s3 reads buckets: how they encrypt by default and under which key,
// what their policies deny, who may reach them, what they keep and copy. It
// never lists, reads or opens an object.
package s3

import (
	"context"
	"slices"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"golang.org/x/sync/errgroup"

	"github.com/sealaudit/sealaudit/collectors"
	"github.com/sealaudit/sealaudit/collectors/kms"
	"github.com/sealaudit/sealaudit/internal/awsapi"
)

const (
	bucketType = "AWS::S3::Bucket"
	pageSize   = 1000 // buckets of one ListBuckets call; without it S3 doesn't tell their regions
	atOnce     = 40   // buckets; six calls each stay below the session's 256 idle connections
)

// Collector reads the buckets of an account.
type Collector struct {
	session *awsapi.Session
	keys    *kms.Keys
	regions []string
}

// New returns a collector on the session, with the scan's key resolver. It
// reads the buckets of the regions, of all regions when there are none.
func New(s *awsapi.Session, keys *kms.Keys, regions []string) *Collector {
	return &Collector{s, keys, regions}
}

// Service is "s3".
func (c *Collector) Service() string { return "s3" }

// Types are the resource types it lists.
func (c *Collector) Types() []collectors.ResourceType { return Types() }

// Global is true: one listing has the buckets of every region.
func (c *Collector) Global() bool { return true }

// Actions are the IAM actions that it needs.
func (c *Collector) Actions() []string {
	return []string{
		"s3:ListAllMyBuckets", "s3:GetBucketLocation", "s3:GetEncryptionConfiguration",
		"s3:GetBucketPolicy", "s3:GetBucketPolicyStatus",
		"s3:GetBucketPublicAccessBlock", "s3:GetAccountPublicAccessBlock",
		"s3:GetBucketVersioning", "s3:GetReplicationConfiguration", "s3:GetBucketLogging",
	}
}

// Collect lists the account's buckets and reads each as it comes, in its own
// region. The listing has one ledger line for each region.
func (c *Collector) Collect(ctx context.Context, scope collectors.Scope, sink collectors.Sink) error {
	r := &run{Collector: c, scope: scope, sink: sink, clients: map[string]*s3.Client{}, seen: map[string]bool{}}
	r.account = sync.OnceValue(func() side { return r.accountSide(ctx) })
	err := r.list(ctx)
	for _, region := range r.ledger(err) {
		sink.Listed(r.in(region), bucketType, awsapi.ListingGap(err))
	}
	return nil
}

// run is one Collect: what its buckets share.
type run struct {
	*Collector
	scope   collectors.Scope // the account's
	sink    collectors.Sink
	account func() side // the account's public access block, asked for once

	mu      sync.Mutex
	clients map[string]*s3.Client // by region
	seen    map[string]bool       // regions of buckets
}

// list walks the account's buckets and waits until all are read.
func (r *run) list(ctx context.Context) error {
	client := r.client("")
	var g errgroup.Group
	g.SetLimit(atOnce)
	listing, trace := awsapi.WithTrace(ctx)
	err := awsapi.Pages(func(token *string) (*string, error) {
		out, err := client.ListBuckets(listing, &s3.ListBucketsInput{MaxBuckets: aws.Int32(pageSize), ContinuationToken: token})
		if err != nil {
			return nil, err
		}
		page := trace.Last()
		for _, b := range out.Buckets {
			region := aws.ToString(b.BucketRegion)
			if region != "" && !r.wanted(region) {
				continue
			}
			listed := bucket{run: r, name: aws.ToString(b.Name), createdAt: awsapi.Stamp(b.CreationDate), calls: page}
			if region != "" {
				r.sink.Progress(bucketType, 1)
			}
			g.Go(func() error {
				listed.emit(ctx, region)
				return nil
			})
		}
		return out.ContinuationToken, nil
	})
	_ = g.Wait() // its functions return nil
	return err
}

// wanted says whether buckets of the region are to be read.
func (r *run) wanted(region string) bool {
	return len(r.regions) == 0 || slices.Contains(r.regions, region)
}

// ledger are the regions that the listing is a line for: those to be read. If
// these are all, it is those with a bucket, and the account as a whole where
// more could be ("", when the listing failed or found none).
func (r *run) ledger(err error) []string {
	if len(r.regions) > 0 {
		return slices.Compact(slices.Sorted(slices.Values(r.regions)))
	}
	var regions []string
	for region := range r.seen {
		regions = append(regions, region)
	}
	if err != nil || len(regions) == 0 {
		regions = append(regions, "")
	}
	slices.Sort(regions)
	return regions
}

// in is the account's scope in a region.
func (r *run) in(region string) collectors.Scope {
	scope := r.scope
	scope.Region = region
	return scope
}

// client is the S3 client of a region, "" for the session's.
func (r *run) client(region string) *s3.Client {
	r.mu.Lock()
	defer r.mu.Unlock()
	c := r.clients[region]
	if c == nil {
		c = s3.NewFromConfig(r.session.Config(region), func(o *s3.Options) {
			o.UsePathStyle = r.session.Endpoint != "" // which resolves no bucket's host name
			o.DisableS3ExpressSessionAuth = aws.Bool(true)
			o.APIOptions = append(o.APIOptions, expectRoot)
		})
		r.clients[region] = c
	}
	return c
}

func (r *run) see(region string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.seen[region] = true
}
