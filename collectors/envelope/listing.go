package envelope

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/sealaudit/sealaudit/internal/awsapi"
	"github.com/sealaudit/sealaudit/internal/envelope/s3ec"
)

const keysAPage = 1000

// listed is what the listing tells of an object.
type listed struct {
	size        int64
	instruction bool // there is an instruction file beside it, or it was not listed whether
}

var errNoListing = errors.New("s3:ListObjectsV2 answered without a listing of the bucket; check the endpoint")

// errEnough ends a listing at its limit.
var errEnough = errors.New("listed as many as may be")

// list samples the bucket's keys and fills in how. An instruction file comes
// after its object, in the order of S3's listing, so it is noticed where the
// object is in the sample then; an object that has left the sample does not
// come back.
func (r *regionObjects) list(ctx context.Context, p *Parent) ([]*Picked[listed], error) {
	limit := r.options.Sampling.List
	sampler := NewSampler[listed](r.options.Sampling, p.ARN)
	last := ""
	in := &s3.ListObjectsV2Input{Bucket: aws.String(p.Name)}
	err := awsapi.Pages(func(token *string) (*string, error) {
		in.ContinuationToken, in.MaxKeys = token, aws.Int32(int32(min(keysAPage, limit-sampler.Population())))
		ctx, trace := awsapi.WithTrace(ctx)
		out, err := r.client.ListObjectsV2(ctx, in)
		p.Listing = trace.Last()
		switch {
		case err != nil:
			return nil, err
		case aws.ToString(out.Name) != p.Name:
			return nil, errNoListing
		}
		for _, o := range out.Contents {
			if last = aws.ToString(o.Key); sampler.Population() == limit {
				return nil, errEnough // the endpoint sends more than it was asked for
			}
			if base, ok := strings.CutSuffix(last, s3ec.InstructionSuffix); ok {
				if picked := sampler.Find(base, ""); picked != nil {
					picked.Value.instruction = true
				}
			}
			sampler.Offer(last, "", listed{size: aws.ToInt64(o.Size)})
		}
		if aws.ToString(out.NextContinuationToken) != "" && sampler.Population() >= limit {
			return nil, errEnough
		}
		return out.NextContinuationToken, nil
	})
	p.Population, p.Complete = sampler.Population(), err == nil
	p.Method = method(r.options.Sampling, "all keys")
	picked := sampler.Picked()
	if err == nil {
		return picked, nil
	}
	p.Method = method(r.options.Sampling, fmt.Sprintf("the first %d keys", p.Population))
	for _, one := range picked { // whose instruction file would come later
		one.Value.instruction = one.Value.instruction || one.Name+s3ec.InstructionSuffix > last
	}
	if errors.Is(err, errEnough) {
		err = nil
	}
	return picked, err
}
