package lab_test

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	accountapi "github.com/aws/aws-sdk-go-v2/service/account"
	"github.com/aws/aws-sdk-go-v2/service/account/types"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	cwtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/aws-sdk-go-v2/service/dax"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/firehose"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	tagging "github.com/aws/aws-sdk-go-v2/service/resourcegroupstaggingapi"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/sealaudit/sealaudit/internal/lab"
)

// lister reads one page after a token, "" for the first.
type lister struct {
	name  string
	bad   string // error code of a token that was never given; "" where any name goes
	want  func(*lab.Region) int
	fetch func(t *testing.T, cfg aws.Config, token string) (names []string, next string, err error)
}

func token(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func names[T any](list []T, of func(T) *string) []string {
	out := make([]string, len(list))
	for i, v := range list {
		out[i] = aws.ToString(of(v))
	}
	return out
}

// TestEveryListingHasPages walks each listing of the demo account: more than
// one page, everything once, and a token that was never given is refused.
func TestEveryListingHasPages(t *testing.T) {
	account := demo(t)
	cfg, _ := serve(t, account)
	for _, l := range append(streamListers(), keyListers()...) {
		t.Run(l.name, func(t *testing.T) {
			seen, pages := map[string]int{}, 0
			for next := ""; pages == 0 || next != ""; pages++ {
				page, following, err := l.fetch(t, cfg, next)
				if err != nil {
					t.Fatal(err)
				}
				if len(page) > account.PageSize || following == next && next != "" {
					t.Fatalf("page %d has %d entries, token %q", pages+1, len(page), following)
				}
				for _, name := range page {
					seen[name]++
				}
				next = following
			}
			if want := l.want(account.Regions["eu-west-1"]); len(seen) != want || pages < 2 && want > account.PageSize {
				t.Errorf("%d of %d on %d pages: %v", len(seen), want, pages, slices.Sorted(maps.Keys(seen)))
			}
			for name, n := range seen {
				if n != 1 {
					t.Errorf("%s is listed %d times", name, n)
				}
			}
			if l.bad == "" {
				return
			}
			for _, forged := range []string{"x", "NSBhYmM", "!"} {
				if _, _, err := l.fetch(t, cfg, forged); err == nil {
					t.Errorf("the token %q is taken", forged)
				} else if got, _ := code(err); got != l.bad {
					t.Errorf("the token %q is refused as %s: %v", forged, got, err)
				}
			}
		})
	}
}

func streamListers() []lister {
	return []lister{
		{"kinesis:ListStreams", "InvalidArgumentException", func(r *lab.Region) int { return len(r.Kinesis.Streams) },
			func(t *testing.T, cfg aws.Config, next string) ([]string, string, error) {
				out, err := kinesis.NewFromConfig(cfg).ListStreams(t.Context(), &kinesis.ListStreamsInput{NextToken: token(next)})
				if err != nil {
					return nil, "", err
				}
				if len(out.StreamSummaries) != len(out.StreamNames) || *out.HasMoreStreams != (out.NextToken != nil) {
					t.Errorf("names, summaries and token disagree: %+v", out)
				}
				return out.StreamNames, aws.ToString(out.NextToken), nil
			}},
		{"firehose:ListDeliveryStreams", "", func(r *lab.Region) int { return len(r.Firehose.DeliveryStreams) },
			func(t *testing.T, cfg aws.Config, next string) ([]string, string, error) {
				out, err := firehose.NewFromConfig(cfg).ListDeliveryStreams(t.Context(), &firehose.ListDeliveryStreamsInput{ExclusiveStartDeliveryStreamName: token(next)})
				if err != nil || !*out.HasMoreDeliveryStreams {
					return out.DeliveryStreamNames, "", err
				}
				return out.DeliveryStreamNames, out.DeliveryStreamNames[len(out.DeliveryStreamNames)-1], nil
			}},
		{"dynamodb:ListTables", "", func(r *lab.Region) int { return len(r.DynamoDB.Tables) },
			func(t *testing.T, cfg aws.Config, next string) ([]string, string, error) {
				out, err := dynamodb.NewFromConfig(cfg).ListTables(t.Context(), &dynamodb.ListTablesInput{ExclusiveStartTableName: token(next)})
				return out.TableNames, aws.ToString(out.LastEvaluatedTableName), err
			}},
		{"dax:DescribeClusters", "InvalidParameterValueException", func(r *lab.Region) int { return len(r.DAX.Clusters) },
			func(t *testing.T, cfg aws.Config, next string) ([]string, string, error) {
				out, err := dax.NewFromConfig(cfg).DescribeClusters(t.Context(), &dax.DescribeClustersInput{NextToken: token(next)})
				if err != nil {
					return nil, "", err
				}
				var list []string
				for _, c := range out.Clusters {
					list = append(list, *c.ClusterName)
				}
				return list, aws.ToString(out.NextToken), nil
			}},
		{"s3:ListBuckets", "InvalidArgument", func(r *lab.Region) int { return len(r.S3.Buckets) },
			func(t *testing.T, cfg aws.Config, next string) ([]string, string, error) {
				out, err := s3.NewFromConfig(cfg).ListBuckets(t.Context(), &s3.ListBucketsInput{BucketRegion: aws.String("eu-west-1"), ContinuationToken: token(next)})
				if err != nil {
					return nil, "", err
				}
				var list []string
				for _, b := range out.Buckets {
					if aws.ToString(b.BucketRegion) != "eu-west-1" || b.CreationDate == nil {
						t.Errorf("bucket %+v", b)
					}
					list = append(list, *b.Name)
				}
				return list, aws.ToString(out.ContinuationToken), nil
			}},
		{"cloudwatch:DescribeAlarms", "InvalidNextToken", func(r *lab.Region) int { return len(r.CloudWatch.Alarms) },
			func(t *testing.T, cfg aws.Config, next string) ([]string, string, error) {
				out, err := cloudwatch.NewFromConfig(cfg).DescribeAlarms(t.Context(), &cloudwatch.DescribeAlarmsInput{NextToken: token(next),
					AlarmTypes: []cwtypes.AlarmType{cwtypes.AlarmTypeMetricAlarm, cwtypes.AlarmTypeCompositeAlarm}})
				if err != nil {
					return nil, "", err
				}
				list := names(out.MetricAlarms, func(a cwtypes.MetricAlarm) *string { return a.AlarmName })
				return append(list, names(out.CompositeAlarms, func(a cwtypes.CompositeAlarm) *string { return a.AlarmName })...), aws.ToString(out.NextToken), nil
			}},
	}
}

func keyListers() []lister {
	grants := "e1000000-0000-4000-8000-000000000002"
	return []lister{
		{"kms:ListKeys", "InvalidMarkerException", func(r *lab.Region) int { return len(r.KMS.Keys) },
			func(t *testing.T, cfg aws.Config, next string) (list []string, following string, err error) {
				out, err := kms.NewFromConfig(cfg).ListKeys(t.Context(), &kms.ListKeysInput{Marker: token(next)})
				if err != nil {
					return nil, "", err
				}
				for _, k := range out.Keys {
					list = append(list, *k.KeyId)
				}
				return list, aws.ToString(out.NextMarker), nil
			}},
		{"kms:ListAliases", "InvalidMarkerException", func(r *lab.Region) (n int) {
			for _, k := range r.KMS.Keys {
				n += len(k.Aliases)
			}
			return n + len(r.KMS.Aliases)
		},
			func(t *testing.T, cfg aws.Config, next string) (list []string, following string, err error) {
				out, err := kms.NewFromConfig(cfg).ListAliases(t.Context(), &kms.ListAliasesInput{Marker: token(next)})
				if err != nil {
					return nil, "", err
				}
				for _, a := range out.Aliases {
					if (a.TargetKeyId == nil) != (*a.AliasName == "alias/aws/ebs" || *a.AliasName == "alias/aws/lambda") {
						t.Errorf("the target of %s is %v", *a.AliasName, a.TargetKeyId)
					}
					list = append(list, *a.AliasName)
				}
				return list, aws.ToString(out.NextMarker), nil
			}},
		{"kms:ListGrants", "InvalidMarkerException", func(r *lab.Region) int { return len(r.KMS.Keys[1].Grants) },
			func(t *testing.T, cfg aws.Config, next string) (list []string, following string, err error) {
				out, err := kms.NewFromConfig(cfg).ListGrants(t.Context(), &kms.ListGrantsInput{KeyId: &grants, Marker: token(next)})
				if err != nil {
					return nil, "", err
				}
				for _, g := range out.Grants {
					list = append(list, *g.GrantId)
				}
				return list, aws.ToString(out.NextMarker), nil
			}},
		{"kms:DescribeCustomKeyStores", "InvalidMarkerException", func(r *lab.Region) int { return len(r.KMS.CustomKeyStores) },
			func(t *testing.T, cfg aws.Config, next string) (list []string, following string, err error) {
				out, err := kms.NewFromConfig(cfg).DescribeCustomKeyStores(t.Context(), &kms.DescribeCustomKeyStoresInput{Marker: token(next)})
				if err != nil {
					return nil, "", err
				}
				for _, s := range out.CustomKeyStores {
					list = append(list, *s.CustomKeyStoreId)
				}
				return list, aws.ToString(out.NextMarker), nil
			}},
		{"tagging:GetResources", "InvalidParameterException", tagged,
			func(t *testing.T, cfg aws.Config, next string) (list []string, following string, err error) {
				out, err := tagging.NewFromConfig(cfg).GetResources(t.Context(), &tagging.GetResourcesInput{PaginationToken: token(next)})
				if err != nil {
					return nil, "", err
				}
				for _, r := range out.ResourceTagMappingList {
					list = append(list, *r.ResourceARN)
				}
				return list, aws.ToString(out.PaginationToken), nil
			}},
	}
}

func tagged(r *lab.Region) (n int) {
	for _, list := range [][]lab.Resource{r.Kinesis.Streams, r.Firehose.DeliveryStreams, r.DynamoDB.Tables, r.DAX.Clusters} {
		for _, res := range list {
			n += min(1, len(res.Tags))
		}
	}
	for _, b := range r.S3.Buckets {
		n += min(1, len(b.Tags))
	}
	for _, k := range r.KMS.Keys {
		n += min(1, len(k.Tags))
	}
	for _, tr := range r.CloudTrail.Trails {
		n += min(1, len(tr.Tags))
	}
	return n
}

// Without a page size of the account, pages are as large as AWS makes them.
func TestPagesHaveAWSSizesByDefault(t *testing.T) {
	region := &lab.Region{}
	for i := range 205 {
		region.Kinesis.Streams = append(region.Kinesis.Streams, lab.Resource{Output: map[string]any{"StreamName": fmt.Sprintf("s%03d", i)}})
		region.Firehose.DeliveryStreams = append(region.Firehose.DeliveryStreams, lab.Resource{Output: map[string]any{"DeliveryStreamName": fmt.Sprintf("f%03d", i)}})
	}
	cfg, _ := serve(t, &lab.Account{ID: own, Regions: map[string]*lab.Region{"eu-west-1": region}})
	streams, err := kinesis.NewFromConfig(cfg).ListStreams(t.Context(), nil)
	if err != nil || len(streams.StreamNames) != 100 {
		t.Errorf("%d streams, %v", len(streams.StreamNames), err)
	}
	delivery, err := firehose.NewFromConfig(cfg).ListDeliveryStreams(t.Context(), nil)
	if err != nil || len(delivery.DeliveryStreamNames) != 10 {
		t.Errorf("%d delivery streams, %v", len(delivery.DeliveryStreamNames), err)
	}
	_, err = kinesis.NewFromConfig(cfg).ListStreams(t.Context(), &kinesis.ListStreamsInput{Limit: aws.Int32(0)})
	if got, status := code(err); got != "ValidationException" || status != 400 {
		t.Errorf("a limit of 0: %v", err)
	}
}

func TestOnlyEnabledRegionsAreListedWhenAsked(t *testing.T) {
	cfg, _ := serve(t, demo(t))
	out, err := accountapi.NewFromConfig(cfg).ListRegions(t.Context(), &accountapi.ListRegionsInput{RegionOptStatusContains: []types.RegionOptStatus{"ENABLED", "ENABLED_BY_DEFAULT"}})
	if err != nil || len(out.Regions) != 2 {
		t.Errorf("%+v, %v", out, err)
	}
	out, err = accountapi.NewFromConfig(cfg).ListRegions(t.Context(), nil)
	if err != nil || len(out.Regions) != 3 {
		t.Errorf("%+v, %v", out, err)
	}
}
