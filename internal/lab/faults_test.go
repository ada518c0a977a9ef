package lab_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	cwtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/sealaudit/sealaudit/internal/lab"
)

func TestDenyRefusesOneOperationEverywhere(t *testing.T) {
	cfg, l := serve(t, demo(t), lab.Deny("s3:GetBucketPolicy", "kinesis:ListStreams"))
	client := s3.NewFromConfig(cfg)
	_, err := client.GetBucketPolicy(t.Context(), &s3.GetBucketPolicyInput{Bucket: aws.String("demo-records")})
	if got, status := code(err); got != "AccessDenied" || status != 403 || !strings.Contains(err.Error(), "s3:GetBucketPolicy on resource: arn:aws:s3:::demo-records because no identity-based policy allows") {
		t.Error(err)
	}
	if _, err := client.GetBucketEncryption(t.Context(), &s3.GetBucketEncryptionInput{Bucket: aws.String("demo-records")}); err != nil {
		t.Error(err)
	}
	_, err = kinesis.NewFromConfig(cfg).ListStreams(t.Context(), nil)
	if got, status := code(err); got != "AccessDeniedException" || status != 400 {
		t.Error(err)
	}
	calls := l.Calls()
	want := lab.Call{Operation: "s3:GetBucketPolicy", Region: "eu-west-1", Resource: "arn:aws:s3:::demo-records", Status: 403}
	if len(calls) != 3 || calls[0] != want {
		t.Errorf("%+v", calls)
	}
}

func TestRateThrottlesEachRegionForItself(t *testing.T) {
	cfg, _ := serve(t, demo(t), lab.Rate(map[string]float64{"kinesis:ListStreams": 0.01, "s3:ListBuckets": 0.01}))
	ask := func(region string) error {
		_, err := kinesis.NewFromConfig(in(cfg, region)).ListStreams(t.Context(), nil)
		return err
	}
	throttled := 0
	for range 6 {
		if got, _ := code(ask("eu-west-1")); got == "LimitExceededException" {
			throttled++
		}
	}
	if throttled != 5 || ask("us-east-1") != nil {
		t.Errorf("%d of 6 were throttled, or the other region", throttled)
	}
	client := s3.NewFromConfig(cfg)
	_, first := client.ListBuckets(t.Context(), nil)
	_, err := client.ListBuckets(t.Context(), nil)
	if got, status := code(err); first != nil || got != "SlowDown" || status != 503 {
		t.Errorf("%v, %v", first, err)
	}
}

func TestLatencyIsWaitedSideBySide(t *testing.T) {
	cfg, _ := serve(t, demo(t), lab.Latency(50*time.Millisecond))
	client, start := kinesis.NewFromConfig(cfg), time.Now()
	var all sync.WaitGroup
	for range 40 {
		all.Go(func() {
			if _, err := client.ListStreams(t.Context(), nil); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if d := time.Since(start); d < 50*time.Millisecond || d >= 40*50*time.Millisecond {
		t.Errorf("40 answers of 50 ms took %s", d)
	}
}

func TestFaultsSpoilAnswers(t *testing.T) {
	describe := func(t *testing.T, f *lab.Fault) (*kinesis.DescribeStreamSummaryOutput, *lab.Lab, error) {
		cfg, l := serve(t, demo(t), lab.Faults(func(r lab.Request) *lab.Fault {
			if r.Name() != "kinesis:DescribeStreamSummary" || r.Resource != "arn:aws:kinesis:eu-west-1:111122223333:stream/demo-orders" || r.Attempt > 1 {
				return nil
			}
			return f
		}))
		ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
		defer cancel()
		client := kinesis.NewFromConfig(cfg)
		out, err := client.DescribeStreamSummary(ctx, &kinesis.DescribeStreamSummaryInput{StreamName: aws.String("demo-orders")})
		if _, again := client.DescribeStreamSummary(t.Context(), &kinesis.DescribeStreamSummaryInput{StreamName: aws.String("demo-orders")}); again != nil {
			t.Errorf("the second attempt: %v", again)
		}
		return out, l, err
	}
	if _, _, err := describe(t, &lab.Fault{Cut: 40}); err == nil || !strings.Contains(err.Error(), io.ErrUnexpectedEOF.Error()) {
		t.Errorf("cut off: %v", err)
	}
	if _, _, err := describe(t, &lab.Fault{Status: 502, Body: "<html>Bad Gateway</html>"}); err == nil {
		t.Error("a web page was read")
	}
	_, _, err := describe(t, &lab.Fault{Status: 500, Code: "InternalFailure", Message: "m"})
	if got, status := code(err); got != "InternalFailure" || status != 500 {
		t.Error(err)
	}
	out, _, err := describe(t, &lab.Fault{Output: map[string]any{"StreamDescriptionSummary": map[string]any{"StreamName": "other"}}})
	if err != nil || *out.StreamDescriptionSummary.StreamName != "other" {
		t.Errorf("%+v, %v", out, err)
	}
	_, l, err := describe(t, &lab.Fault{Hang: true})
	if !errors.Is(err, context.DeadlineExceeded) || l.Calls()[0].Status != 0 {
		t.Errorf("hanging: %v", err)
	}
}

// Relative times follow the clock that is given, metrics too.
func TestTimesFollowTheClock(t *testing.T) {
	now := time.Date(2031, 5, 6, 7, 8, 0, 0, time.UTC)
	cfg, _ := serve(t, demo(t), lab.Clock(func() time.Time { return now }))
	status, err := cloudtrail.NewFromConfig(cfg).GetTrailStatus(t.Context(), &cloudtrail.GetTrailStatusInput{Name: aws.String("demo-main")})
	if err != nil || !status.LatestDeliveryTime.Equal(now.Add(-2*time.Hour)) || !status.StartLoggingTime.Equal(now.AddDate(0, 0, -400)) {
		t.Errorf("%+v, %v", status, err)
	}
	var queries []cwtypes.MetricDataQuery
	for i, name := range []string{"IncomingRecords", "KMSKeyDisabled", "KMSKeyNotFound", "a", "b", "c"} {
		queries = append(queries, cwtypes.MetricDataQuery{Id: aws.String(fmt.Sprintf("m%d", i)), MetricStat: &cwtypes.MetricStat{Period: aws.Int32(14 * 86400), Stat: aws.String("Sum"),
			Metric: &cwtypes.Metric{Namespace: aws.String("AWS/Firehose"), MetricName: aws.String(name), Dimensions: []cwtypes.Dimension{{Name: aws.String("DeliveryStreamName"), Value: aws.String("demo-direct-key-disabled")}}}}})
	}
	input := &cloudwatch.GetMetricDataInput{MetricDataQueries: queries, StartTime: aws.Time(now.AddDate(0, 0, -14)), EndTime: &now}
	pages := 0
	sums := map[string][]float64{}
	for p := cloudwatch.NewGetMetricDataPaginator(cloudwatch.NewFromConfig(cfg), input); p.HasMorePages(); pages++ {
		out, err := p.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range out.MetricDataResults {
			sums[*r.Label] = r.Values
		}
	}
	if pages != 2 || len(sums) != 6 || len(sums["KMSKeyDisabled"]) != 1 || sums["KMSKeyDisabled"][0] != 712 || len(sums["KMSKeyNotFound"]) != 0 {
		t.Errorf("%d pages: %v", pages, sums)
	}
}
