package s3

import (
	"context"
	"slices"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws/arn"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/sealaudit/sealaudit/collectors"
	"github.com/sealaudit/sealaudit/internal/awsapi"
)

// bucket is one bucket of the listing.
type bucket struct {
	*run
	name      string
	createdAt string               // RFC 3339
	calls     []collectors.CallRef // that found it
	scope     collectors.Scope     // its own, once its region is known
	client    *s3.Client           // of its region
}

// emit reads the bucket and emits it, if it is in a region to be read. The
// region is "" where the listing does not tell it.
func (b bucket) emit(ctx context.Context, region string) {
	if region == "" {
		var err error
		if region, err = b.locate(ctx); err == nil && !b.wanted(region) {
			return
		}
		b.sink.Progress(bucketType, 1)
		if err != nil {
			b.sink.Emit(b.unplaced(err))
			return
		}
	}
	b.see(region)
	b.scope, b.client = b.in(region), b.run.client(region)
	b.sink.Emit(b.read(ctx))
}

func (b *bucket) resource() collectors.Resource {
	id := arn.ARN{Partition: b.run.scope.Partition, Service: "s3", Resource: b.name}
	return collectors.Resource{ARN: id.String(), Type: bucketType, Name: b.name, Scope: b.scope}
}

// locate asks for the bucket's region, and keeps the call.
func (b *bucket) locate(ctx context.Context) (string, error) {
	ctx, trace := awsapi.WithTrace(ctx)
	out, err := b.run.client("").GetBucketLocation(ctx, &s3.GetBucketLocationInput{Bucket: &b.name})
	b.calls = slices.Concat(b.calls, trace.Calls())
	if err != nil {
		return "", err
	}
	switch out.LocationConstraint {
	case "": // S3 API reference, GetBucketLocation: null for us-east-1
		return "us-east-1", nil
	case types.BucketLocationConstraintEu:
		return "eu-west-1", nil
	}
	return string(out.LocationConstraint), nil
}

// unplaced is a bucket whose region is not known, so that nothing of it can
// be asked for; it may lie in a region that is to be read.
func (b *bucket) unplaced(err error) collectors.Resource {
	g := awsapi.GapOf(err, "facts", "tags")
	g.Detail = "The bucket's region is not known: " + g.Detail
	out := b.resource()
	out.Scope, out.Facts, out.Gaps, out.Calls = b.run.scope, Facts{}, []collectors.Gap{g}, b.calls
	return out
}

// read asks everything of the bucket at once; each answer has its own gaps.
func (b *bucket) read(ctx context.Context) collectors.Resource {
	ctx, r := b.session.Read(ctx, b.resource())
	r.Rest(b.calls...)
	f := Facts{CreatedAt: b.createdAt}
	var policy string
	var own [5][]collectors.Gap // of what only the bucket tells
	var public []collectors.Gap
	var wg sync.WaitGroup
	wg.Go(func() { f.Encryption, own[0] = b.encryption(ctx) })
	wg.Go(func() { f.Policy, policy, own[1] = b.policy(ctx) })
	wg.Go(func() { f.Versioning, own[2] = b.versioning(ctx) })
	wg.Go(func() { f.Replication, own[3] = b.replication(ctx) })
	wg.Go(func() { f.Logging, own[4] = b.logging(ctx) })
	wg.Go(func() { f.PublicAccess, public = b.publicAccess(ctx) })
	wg.Wait()
	if gone := slices.Concat(own[:]...); vanished(own[:]) {
		gone[0].Attributes = []string{"facts"}
		r.Gap(gone[0])
		return r.Done(Facts{})
	}
	r.Gap(slices.Concat(own[:]...)...)
	r.Gap(public...)
	r.Gap(b.analyse(f.Policy, policy, f.Encryption)...)
	return r.Done(f)
}

// vanished says whether every answer was that there is no such bucket.
func vanished(answers [][]collectors.Gap) bool {
	return !slices.ContainsFunc(answers, func(gaps []collectors.Gap) bool {
		return len(gaps) == 0 || gaps[0].Reason != collectors.Vanished
	})
}

// failed is a call's error as a gap on the attributes.
func failed(err error, attributes ...string) []collectors.Gap {
	return []collectors.Gap{awsapi.GapOf(err, attributes...)}
}

// missing is a field that AWS always sends, as a gap on the attributes.
func missing(field string, attributes ...string) []collectors.Gap {
	return []collectors.Gap{awsapi.Missing(field, attributes...)}
}
