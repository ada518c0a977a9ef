package kms

import (
	"cmp"
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/arn"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"

	"github.com/sealaudit/sealaudit/collectors"
	"github.com/sealaudit/sealaudit/internal/awsapi"
)

// stores reads the custom key stores, which their listing describes in full.
func (c *Collector) stores(ctx context.Context, client *kms.Client, scope collectors.Scope, sink collectors.Sink) {
	listing, trace := awsapi.WithTrace(ctx)
	err := awsapi.Pages(func(marker *string) (*string, error) {
		out, err := client.DescribeCustomKeyStores(listing, &kms.DescribeCustomKeyStoresInput{Limit: aws.Int32(100), Marker: marker})
		if err != nil {
			return nil, err
		}
		sink.Progress(storeType, len(out.CustomKeyStores))
		for _, store := range out.CustomKeyStores {
			sink.Emit(c.store(ctx, scope, store, trace.Last()))
		}
		return nextPage(out.Truncated, out.NextMarker)
	})
	sink.Listed(scope, storeType, awsapi.ListingGap(err))
}

// store reads one key store. AWS gives key stores no ARN, so theirs is made
// here after the pattern of keys' from the id, which never changes:
// arn:aws:kms:REGION:ACCOUNT:custom-key-store/cks-….
func (c *Collector) store(ctx context.Context, scope collectors.Scope, s types.CustomKeyStoresListEntry, page []collectors.CallRef) collectors.Resource {
	id := aws.ToString(s.CustomKeyStoreId)
	name := arn.ARN{Partition: scope.Partition, Service: "kms", Region: scope.Region, AccountID: scope.Account, Resource: "custom-key-store/" + id}
	_, r := c.session.Read(ctx, collectors.Resource{ARN: name.String(), Type: storeType, Name: cmp.Or(aws.ToString(s.CustomKeyStoreName), id), Scope: scope})
	r.Rest(page...)
	f := StoreFacts{ClusterID: aws.ToString(s.CloudHsmClusterId)}
	var gaps []collectors.Gap
	f.Kind, gaps = awsapi.Enum(s.CustomKeyStoreType, "CustomKeyStoreType", "facts.kind")
	r.Gap(gaps...)
	f.ConnectionState, gaps = awsapi.Enum(s.ConnectionState, "ConnectionState", "facts.connection_state")
	r.Gap(gaps...)
	if s.ConnectionErrorCode != "" { // only of a store that failed to connect
		f.ConnectionError, gaps = awsapi.Enum(s.ConnectionErrorCode, "ConnectionErrorCode", "facts.connection_error")
		r.Gap(gaps...)
	}
	return r.Done(f)
}
