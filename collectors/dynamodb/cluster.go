package dynamodb

import (
	"context"
	"errors"
	"net"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/arn"
	"github.com/aws/aws-sdk-go-v2/service/dax"
	"github.com/aws/aws-sdk-go-v2/service/dax/types"

	"github.com/sealaudit/sealaudit/collectors"
	"github.com/sealaudit/sealaudit/internal/awsapi"
)

var errNamelessCluster = errors.New("dax:DescribeClusters answered a cluster without a name; the endpoint is faulty, that cluster was not read")

// clusters lists the DAX clusters, whose listing describes them.
func (c *Collector) clusters(ctx context.Context, scope collectors.Scope, sink collectors.Sink) error {
	client := dax.NewFromConfig(c.session.Config(scope.Region))
	listing, trace := awsapi.WithTrace(ctx)
	var nameless error
	err := awsapi.Pages(func(token *string) (*string, error) {
		out, err := client.DescribeClusters(listing, &dax.DescribeClustersInput{MaxResults: aws.Int32(100), NextToken: token})
		if err != nil {
			return nil, err
		}
		page := trace.Last()
		sink.Progress(clusterType, len(out.Clusters))
		for _, d := range out.Clusters {
			if aws.ToString(d.ClusterName) == "" {
				nameless = errNamelessCluster
				continue
			}
			sink.Emit(c.cluster(ctx, scope, d, page))
		}
		return out.NextToken, nil
	})
	if err == nil {
		err = nameless
	}
	return err
}

func (c *Collector) cluster(ctx context.Context, scope collectors.Scope, d types.Cluster, page []collectors.CallRef) collectors.Resource {
	name := aws.ToString(d.ClusterName)
	id := arn.ARN{Partition: scope.Partition, Service: "dax", Region: scope.Region, AccountID: scope.Account, Resource: "cache/" + name}
	_, r := c.session.Read(ctx, collectors.Resource{ARN: id.String(), Type: clusterType, Name: name, Scope: scope})
	r.Rest(page...)
	f := ClusterFacts{Status: aws.ToString(d.Status)}
	if f.Status == "" {
		r.Gap(awsapi.Missing("Status", "facts.status"))
	}
	// Replies from before DAX had encryption lack both settings, and so say
	// neither that they are on nor that they are off.
	var sse types.SSEStatus
	if d.SSEDescription != nil {
		sse = d.SSEDescription.Status
	}
	var gaps []collectors.Gap
	f.EncryptionStatus, gaps = awsapi.Enum(sse, "SSEDescription.Status", "facts.encryption_status")
	r.Gap(gaps...)
	f.EndpointEncryption, gaps = awsapi.Enum(d.ClusterEndpointEncryptionType, "ClusterEndpointEncryptionType", "facts.endpoint_encryption")
	r.Gap(gaps...)
	return r.Done(f)
}

// unaddressed says whether a call failed because its endpoint's name is known
// to have no address.
func unaddressed(err error) bool {
	var lookup *net.DNSError
	return errors.As(err, &lookup) && lookup.IsNotFound
}

// answered says whether AWS answered, be it with a refusal: then names of the
// region are resolved here.
func answered(err error) bool { return err == nil || awsapi.Code(err) != "" }

// clustersGap is the gap of the clusters' listing. An endpoint without an
// address is told apart from other failures, and alone is no proof that the
// region has no DAX: a private resolver hides names as well.
func clustersGap(scope collectors.Scope, err error) *collectors.Gap {
	gap := awsapi.ListingGap(err)
	if unaddressed(err) {
		gap.Reason = collectors.Unsupported
		gap.Detail = "DAX has no endpoint in " + scope.Region + ": its name has no address."
		gap.Remedy = "Let this machine resolve the names of AWS's endpoints, DynamoDB's too."
	}
	return gap
}
