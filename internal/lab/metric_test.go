package lab_test

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	dtypes "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	tagging "github.com/aws/aws-sdk-go-v2/service/resourcegroupstaggingapi"
	"github.com/aws/smithy-go/middleware"
	"github.com/google/go-cmp/cmp"

	"github.com/sealaudit/sealaudit/internal/awsapi"
)

// CloudWatch API reference, PutMetricData, ListMetrics, GetMetricStatistics
// and GetMetricData.
func TestMetricsThatWerePut(t *testing.T) {
	cfg, l := serve(t, tablesAccount())
	c := cloudwatch.NewFromConfig(cfg)
	dimensions := []types.Dimension{{Name: aws.String("Stage"), Value: aws.String("test")}}
	start := l.Now().Truncate(time.Hour)
	for i, v := range []float64{1, 2.5, 6} {
		_, err := c.PutMetricData(t.Context(), &cloudwatch.PutMetricDataInput{Namespace: aws.String("Mine"), MetricData: []types.MetricDatum{
			{MetricName: aws.String("Refused"), Dimensions: dimensions, Value: &v, Timestamp: aws.Time(start.Add(time.Duration(i) * time.Minute))}}})
		if err != nil {
			t.Fatal(err)
		}
	}
	list, err := c.ListMetrics(t.Context(), &cloudwatch.ListMetricsInput{Namespace: aws.String("Mine"), Dimensions: []types.DimensionFilter{{Name: aws.String("Stage")}}})
	if err != nil || len(list.Metrics) != 1 || *list.Metrics[0].MetricName != "Refused" {
		t.Errorf("%+v, %v", list, err)
	}
	stats, err := c.GetMetricStatistics(t.Context(), &cloudwatch.GetMetricStatisticsInput{Namespace: aws.String("Mine"), MetricName: aws.String("Refused"), Dimensions: dimensions,
		StartTime: &start, EndTime: aws.Time(start.Add(time.Hour)), Period: aws.Int32(120), Statistics: []types.Statistic{"Sum", "Average", "Maximum", "Minimum", "SampleCount"}})
	if err != nil || len(stats.Datapoints) != 2 {
		t.Fatalf("%+v, %v", stats, err)
	}
	p := stats.Datapoints[0]
	if diff := cmp.Diff([]float64{3.5, 1.75, 2.5, 1, 2}, []float64{*p.Sum, *p.Average, *p.Maximum, *p.Minimum, *p.SampleCount}); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	_, err = c.PutMetricData(t.Context(), &cloudwatch.PutMetricDataInput{Namespace: aws.String("AWS/Kinesis"), MetricData: []types.MetricDatum{{MetricName: aws.String("m"), Value: aws.Float64(1)}}})
	if got, _ := code(err); got != "InvalidParameterValue" {
		t.Errorf("a namespace of AWS's takes %v", err)
	}
}

// Resource Groups Tagging API reference: TagResources and UntagResources change
// what GetResources lists, of resources that calls made too.
func TestTagsOfNewResources(t *testing.T) {
	c := newTables(t)
	c.create("orders", nil)
	cfg := aws.Config{Region: "eu-west-1", BaseEndpoint: c.Options().BaseEndpoint, Credentials: c.Options().Credentials, RetryMaxAttempts: 1, APIOptions: []func(*middleware.Stack) error{awsapi.PlainBodies}}
	api := tagging.NewFromConfig(cfg)
	arn, none := "arn:aws:dynamodb:eu-west-1:"+own+":table/orders", "arn:aws:dynamodb:eu-west-1:"+own+":table/none"
	listed := func() map[string]string {
		t.Helper()
		out, err := api.GetResources(t.Context(), &tagging.GetResourcesInput{ResourceTypeFilters: []string{"dynamodb:table"}})
		if err != nil {
			t.Fatal(err)
		}
		tags := map[string]string{}
		for _, m := range out.ResourceTagMappingList {
			for _, tag := range m.Tags {
				tags[*m.ResourceARN+" "+*tag.Key] = *tag.Value
			}
		}
		return tags
	}
	if _, err := c.CreateTable(t.Context(), &dynamodb.CreateTableInput{TableName: aws.String("tagged"), BillingMode: "PAY_PER_REQUEST", Tags: []dtypes.Tag{{Key: aws.String("k"), Value: aws.String("v")}},
		KeySchema:            []dtypes.KeySchemaElement{{AttributeName: aws.String("id"), KeyType: "HASH"}},
		AttributeDefinitions: []dtypes.AttributeDefinition{{AttributeName: aws.String("id"), AttributeType: "S"}}}); err != nil {
		t.Fatal(err)
	}
	c.lab.Advance(2 * time.Second)
	if diff := cmp.Diff(map[string]string{"arn:aws:dynamodb:eu-west-1:" + own + ":table/tagged k": "v"}, listed()); diff != "" {
		t.Errorf("a new table (-want +got)\n%s", diff)
	}
	if _, err := c.DeleteTable(t.Context(), &dynamodb.DeleteTableInput{TableName: aws.String("tagged")}); err != nil {
		t.Fatal(err)
	}
	out, err := api.TagResources(t.Context(), &tagging.TagResourcesInput{ResourceARNList: []string{arn, none}, Tags: map[string]string{"owner": "crm", "stage": "test"}})
	if err != nil || len(out.FailedResourcesMap) != 1 || out.FailedResourcesMap[none].StatusCode != 400 {
		t.Errorf("%+v, %v", out, err)
	}
	if diff := cmp.Diff(map[string]string{arn + " owner": "crm", arn + " stage": "test"}, listed()); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if _, err := api.UntagResources(t.Context(), &tagging.UntagResourcesInput{ResourceARNList: []string{arn}, TagKeys: []string{"stage"}}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]string{arn + " owner": "crm"}, listed()); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	tags, err := c.ListTagsOfResource(t.Context(), &dynamodb.ListTagsOfResourceInput{ResourceArn: &arn})
	if err != nil || len(tags.Tags) != 1 || *tags.Tags[0].Value != "crm" {
		t.Errorf("DynamoDB lists %+v, %v", tags, err)
	}
}

// CloudWatch API reference, GetMetricStatistics: datapoints have the unit that
// they were put with, Unit asks for one alone, and a call returns 1,440 at most.
func TestStatisticsHaveUnitsAndLimits(t *testing.T) {
	cfg, l := serve(t, tablesAccount())
	c, start := cloudwatch.NewFromConfig(cfg), l.Now().Truncate(time.Hour)
	_, err := c.PutMetricData(t.Context(), &cloudwatch.PutMetricDataInput{Namespace: aws.String("Mine"), MetricData: []types.MetricDatum{
		{MetricName: aws.String("Taken"), Value: aws.Float64(1), Unit: types.StandardUnitMilliseconds, Timestamp: &start}}})
	if err != nil {
		t.Fatal(err)
	}
	ask := func(unit types.StandardUnit, days int) ([]types.Datapoint, error) {
		out, err := c.GetMetricStatistics(t.Context(), &cloudwatch.GetMetricStatisticsInput{Namespace: aws.String("Mine"), MetricName: aws.String("Taken"), Unit: unit,
			StartTime: &start, EndTime: aws.Time(start.AddDate(0, 0, days)), Period: aws.Int32(60), Statistics: []types.Statistic{"Sum"}})
		if err != nil {
			return nil, err
		}
		return out.Datapoints, nil
	}
	for unit, want := range map[types.StandardUnit]int{"": 1, types.StandardUnitMilliseconds: 1, types.StandardUnitCount: 0} {
		if points, err := ask(unit, 1); err != nil || len(points) != want || want == 1 && points[0].Unit != types.StandardUnitMilliseconds {
			t.Errorf("%q: %+v, %v", unit, points, err)
		}
	}
	if _, err := ask("", 2); err == nil {
		t.Error("2,880 datapoints were asked for, and answered")
	} else if got, status := code(err); got != "InvalidParameterCombination" || status != 400 {
		t.Error(err)
	}
}
