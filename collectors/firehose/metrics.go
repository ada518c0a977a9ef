package firehose

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"

	"github.com/sealaudit/sealaudit/collectors"
	"github.com/sealaudit/sealaudit/internal/awsapi"
)

const (
	namespace  = "AWS/Firehose"
	dimension  = "DeliveryStreamName"
	windowDays = 14
)

// keyMetrics count the errors of Firehose with its key, sorted (Firehose
// developer guide, monitoring with CloudWatch metrics).
func keyMetrics() []string {
	return []string{"KMSKeyAccessDenied", "KMSKeyDisabled", "KMSKeyInvalidState", "KMSKeyNotFound"}
}

// keyErrors sums the stream's error metrics. CloudWatch has no datapoint where
// nothing was counted, so that an error's silence means none only while the
// stream worked.
//
// One call a stream keeps each stream's evidence its own and makes no stream
// wait for another. It is no bottleneck: DescribeDeliveryStream answers 5 a
// second, GetMetricData 50, and its price is by metric, not by call.
func (r *reading) keyErrors(ctx context.Context) *KeyErrors {
	const path = "facts.key_errors"
	sums, gap, err := r.watch.sums(ctx, r.name, path)
	if r.Failed(err, path) {
		return nil
	}
	if gap != nil {
		r.Gap(*gap)
		return nil
	}
	k := &KeyErrors{WindowDays: windowDays, AccessDenied: aws.ToFloat64(sums[0]), Disabled: aws.ToFloat64(sums[1]),
		InvalidState: aws.ToFloat64(sums[2]), NotFound: aws.ToFloat64(sums[3]), IncomingRecords: sums[4]}
	if aws.ToFloat64(k.IncomingRecords)+k.AccessDenied+k.Disabled+k.InvalidState+k.NotFound == 0 {
		r.Gap(collectors.Gap{Attributes: []string{path}, Reason: collectors.NoData,
			Detail: fmt.Sprintf("CloudWatch has no incoming record of the stream in %d days, so that no error says nothing.", windowDays),
			Remedy: "Scan again once the stream has had records."})
		return nil
	}
	return k
}

// sums are keyMetrics and IncomingRecords, in this order, nil without a
// datapoint. The window starts at a day's beginning, because the datapoints
// are of days, so that it is at least windowDays long.
func (w *watch) sums(ctx context.Context, stream, path string) ([]*float64, *collectors.Gap, error) {
	now := w.now()
	from := now.Truncate(24*time.Hour).AddDate(0, 0, -windowDays)
	queries := queriesOf(stream)
	sums, status := make([]*float64, len(queries)), make([]types.StatusCode, len(queries))
	err := awsapi.Pages(func(token *string) (*string, error) {
		out, err := w.client.GetMetricData(ctx, &cloudwatch.GetMetricDataInput{StartTime: &from, EndTime: &now, MetricDataQueries: queries, NextToken: token})
		if err != nil {
			return nil, err
		}
		for _, result := range out.MetricDataResults {
			for i, q := range queries {
				if aws.ToString(result.Id) == *q.Id {
					status[i] = result.StatusCode // the last page's counts
					sums[i] = add(sums[i], result.Values)
				}
			}
		}
		return out.NextToken, nil
	})
	if err != nil {
		return nil, nil, err
	}
	for i, q := range queries {
		if gap := incomplete(status[i], sums[i], *q.MetricStat.Metric.MetricName, path); gap != nil {
			return nil, gap, nil
		}
	}
	return sums, nil, nil
}

func queriesOf(stream string) []types.MetricDataQuery {
	var queries []types.MetricDataQuery
	for i, name := range append(keyMetrics(), "IncomingRecords") {
		queries = append(queries, types.MetricDataQuery{Id: aws.String(fmt.Sprintf("m%d", i)), MetricStat: &types.MetricStat{
			Metric: &types.Metric{Namespace: aws.String(namespace), MetricName: aws.String(name),
				Dimensions: []types.Dimension{{Name: aws.String(dimension), Value: aws.String(stream)}}},
			Period: aws.Int32(24 * 60 * 60),
			Stat:   aws.String("Sum"),
		}})
	}
	return queries
}

func add(sum *float64, values []float64) *float64 {
	for _, v := range values {
		sum = aws.Float64(aws.ToFloat64(sum) + v)
	}
	return sum
}

// incomplete is the gap of a metric that CloudWatch did not give in full.
func incomplete(status types.StatusCode, sum *float64, metric, path string) *collectors.Gap {
	if _, gaps := awsapi.Enum(status, "StatusCode of "+metric, path); len(gaps) > 0 {
		return &gaps[0]
	}
	if status != types.StatusCodeComplete {
		return &collectors.Gap{Attributes: []string{path}, Reason: collectors.Failed,
			Detail: "cloudwatch:GetMetricData answered " + string(status) + " for " + metric + ".", Remedy: "Scan again."}
	}
	if s := aws.ToFloat64(sum); math.IsNaN(s) || math.IsInf(s, 0) || s < 0 {
		return &collectors.Gap{Attributes: []string{path}, Reason: collectors.Failed,
			Detail: "cloudwatch:GetMetricData counted " + metric + " with a number that is no count.", Remedy: "Check the endpoint."}
	}
	return nil
}
