package s3

import (
	"context"
	"fmt"
	"net/url"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3control"
	smithyendpoints "github.com/aws/smithy-go/endpoints"

	"github.com/sealaudit/sealaudit/collectors"
	"github.com/sealaudit/sealaudit/internal/awsapi"
)

// noBlock is a fact: nothing was ever set, so that nothing is blocked.
const noBlock = "NoSuchPublicAccessBlockConfiguration"

// side is one of the two public access blocks that hold for a bucket, its own
// and its account's. A flag is nil when the reply lacks it.
type side struct {
	flags PublicAccess
	err   error // why there are no flags
	calls []collectors.CallRef
}

// publicAccess is what holds for the bucket: a flag that either side sets.
func (b *bucket) publicAccess(ctx context.Context) (*PublicAccess, []collectors.Gap) {
	own := b.ownSide(ctx)
	account := b.account()
	awsapi.AddCalls(ctx, account.calls...)
	return effective(own, account)
}

func (b *bucket) ownSide(ctx context.Context) side {
	out, err := b.client.GetPublicAccessBlock(ctx, &s3.GetPublicAccessBlockInput{Bucket: &b.name})
	switch {
	case awsapi.Code(err) == noBlock:
		return side{flags: nothingBlocked()}
	case err != nil:
		return side{err: err}
	case out.PublicAccessBlockConfiguration == nil:
		return side{}
	}
	c := out.PublicAccessBlockConfiguration
	return side{flags: PublicAccess{c.BlockPublicAcls, c.IgnorePublicAcls, c.BlockPublicPolicy, c.RestrictPublicBuckets}}
}

// accountSide asks for the account's block. Its calls are of every bucket
// that rests on it.
func (r *run) accountSide(ctx context.Context) side {
	client := s3control.NewFromConfig(r.session.Config(""), func(o *s3control.Options) {
		o.APIOptions = append(o.APIOptions, expectRoot)
		if r.session.Endpoint != "" {
			o.EndpointResolverV2 = customEndpoint(r.session.Endpoint)
		}
	})
	ctx, trace := awsapi.WithTrace(ctx)
	out, err := client.GetPublicAccessBlock(ctx, &s3control.GetPublicAccessBlockInput{AccountId: aws.String(r.scope.Account)})
	s := side{calls: trace.Calls()}
	switch {
	case awsapi.Code(err) == noBlock:
		s.flags = nothingBlocked()
	case err != nil:
		s.err = err
	case out.PublicAccessBlockConfiguration != nil:
		c := out.PublicAccessBlockConfiguration
		s.flags = PublicAccess{c.BlockPublicAcls, c.IgnorePublicAcls, c.BlockPublicPolicy, c.RestrictPublicBuckets}
	}
	return s
}

// customEndpoint is a session's own endpoint, taken as it is. The SDK's rules
// for S3 Control would put the account id before its host name.
type customEndpoint string

// ResolveEndpoint implements s3control.EndpointResolverV2.
func (e customEndpoint) ResolveEndpoint(context.Context, s3control.EndpointParameters) (smithyendpoints.Endpoint, error) {
	u, err := url.Parse(string(e))
	if err != nil {
		return smithyendpoints.Endpoint{}, fmt.Errorf("reading the endpoint: %w; check --endpoint-url", err)
	}
	return smithyendpoints.Endpoint{URI: *u}, nil
}

func nothingBlocked() PublicAccess {
	off := aws.Bool(false)
	return PublicAccess{off, off, off, off}
}

// effective joins the two sides: true wins, false needs both, and all else is
// a gap on the flag, once for each side that doesn't tell it.
func effective(own, account side) (*PublicAccess, []collectors.Gap) {
	var p PublicAccess
	var ownOpen, accountOpen []string
	for _, f := range []struct {
		name         string
		own, account *bool
		to           **bool
	}{
		{"block_public_acls", own.flags.BlockPublicACLs, account.flags.BlockPublicACLs, &p.BlockPublicACLs},
		{"ignore_public_acls", own.flags.IgnorePublicACLs, account.flags.IgnorePublicACLs, &p.IgnorePublicACLs},
		{"block_public_policy", own.flags.BlockPublicPolicy, account.flags.BlockPublicPolicy, &p.BlockPublicPolicy},
		{"restrict_public_buckets", own.flags.RestrictPublicBuckets, account.flags.RestrictPublicBuckets, &p.RestrictPublicBuckets},
	} {
		switch at := "facts.public_access." + f.name; {
		case aws.ToBool(f.own) || aws.ToBool(f.account):
			*f.to = aws.Bool(true)
		case f.own != nil && f.account != nil:
			*f.to = aws.Bool(false)
		default:
			if f.own == nil {
				ownOpen = append(ownOpen, at)
			}
			if f.account == nil {
				accountOpen = append(accountOpen, at)
			}
		}
	}
	return &p, append(own.gap(ownOpen), account.gap(accountOpen)...)
}

// gap says why the side doesn't tell the flags at the attributes.
func (s side) gap(attributes []string) []collectors.Gap {
	switch {
	case len(attributes) == 0:
		return nil
	case s.err != nil:
		return failed(s.err, attributes...)
	}
	return missing("complete PublicAccessBlockConfiguration", attributes...)
}
