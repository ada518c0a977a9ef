package firehose

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/schemas"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/smithy-go/transport/http/protocol/awsquery"

	"github.com/sealaudit/sealaudit/collectors"
	"github.com/sealaudit/sealaudit/internal/awsapi"
)

// watch is what CloudWatch knows of one region's delivery streams. The
// region's alarms are read once, when the first stream needs them.
type watch struct {
	client  *cloudwatch.Client
	account string
	now     func() time.Time // AWS's clock

	once   sync.Once
	alarms []types.MetricAlarm // that may watch a delivery stream's key
	calls  []collectors.CallRef
	err    error
}

// newWatch speaks CloudWatch's query protocol, which AWS serves beside the
// SDK's default and which is the only one that emulators know.
func newWatch(s *awsapi.Session, cfg aws.Config, scope collectors.Scope) *watch {
	return &watch{account: scope.Account, now: s.Now, client: cloudwatch.NewFromConfig(cfg, func(o *cloudwatch.Options) {
		o.Protocol = awsquery.New(schemas.GraniteServiceVersion20100801)
	})}
}

// readAlarms lists the metric alarms. Composite alarms watch no metric, only
// other alarms, which count by themselves.
func (w *watch) readAlarms(ctx context.Context) error {
	w.once.Do(func() {
		own, trace := awsapi.WithTrace(ctx)
		w.err = awsapi.Pages(func(token *string) (*string, error) {
			out, err := w.client.DescribeAlarms(own, &cloudwatch.DescribeAlarmsInput{AlarmTypes: []types.AlarmType{types.AlarmTypeMetricAlarm}, MaxRecords: aws.Int32(100), NextToken: token})
			if err != nil {
				return nil, err
			}
			for _, a := range out.MetricAlarms {
				if on(a) && slices.ContainsFunc(keyMetrics(), func(metric string) bool { return mentions(a, metric) }) {
					w.alarms = append(w.alarms, a)
				}
			}
			return out.NextToken, nil
		})
		w.calls = trace.Calls()
	})
	awsapi.AddCalls(ctx, w.calls...)
	return w.err
}

// on: the alarm acts when its state changes. One that does not say is kept,
// and can't be decided.
func on(a types.MetricAlarm) bool { return a.ActionsEnabled == nil || *a.ActionsEnabled }

// mentions: a metric of this name, of any stream or service.
func mentions(a types.MetricAlarm, metric string) bool {
	return aws.ToString(a.MetricName) == metric || asks(a, metric) || slices.ContainsFunc(a.Metrics, func(q types.MetricDataQuery) bool {
		return q.MetricStat != nil && q.MetricStat.Metric != nil && aws.ToString(q.MetricStat.Metric.MetricName) == metric
	})
}

// keyAlarms are the metrics of the stream's key that an enabled alarm watches.
func (r *reading) keyAlarms(ctx context.Context) *KeyAlarms {
	const path = "facts.key_alarms"
	if r.Failed(r.watch.readAlarms(ctx), path) {
		return nil
	}
	k := &KeyAlarms{Covered: []string{}, Missing: []string{}}
	for _, metric := range keyMetrics() {
		covered, unsure := r.watch.covers(r.name, metric)
		switch {
		case covered:
			k.Covered = append(k.Covered, metric)
		case unsure != "":
			r.Gap(collectors.Gap{Attributes: []string{path}, Reason: collectors.Unmodelled,
				Detail: fmt.Sprintf("The alarm %q may watch %s in a way that this version of sealaudit can't decide.", unsure, metric),
				Remedy: "Look at the alarm yourself."})
			return nil
		default:
			k.Missing = append(k.Missing, metric)
		}
	}
	return k
}

// covers says whether an alarm watches the stream's metric. unsure is the name
// of an alarm that perhaps does.
func (w *watch) covers(stream, metric string) (covered bool, unsure string) {
	for _, a := range w.alarms {
		switch {
		case w.watches(a, stream, metric) && a.ActionsEnabled != nil:
			return true, ""
		case w.watches(a, stream, metric), asks(a, metric):
			unsure = aws.ToString(a.AlarmName)
		}
	}
	return false, unsure
}

// watches: the alarm's own metric, or one of its metric math.
func (w *watch) watches(a types.MetricAlarm, stream, metric string) bool {
	if names(types.Metric{Namespace: a.Namespace, MetricName: a.MetricName, Dimensions: a.Dimensions}, stream, metric) {
		return true
	}
	return slices.ContainsFunc(a.Metrics, func(q types.MetricDataQuery) bool {
		own := q.AccountId == nil || *q.AccountId == w.account
		return own && q.MetricStat != nil && q.MetricStat.Metric != nil && names(*q.MetricStat.Metric, stream, metric)
	})
}

func names(m types.Metric, stream, metric string) bool {
	return aws.ToString(m.Namespace) == namespace && aws.ToString(m.MetricName) == metric && len(m.Dimensions) == 1 &&
		aws.ToString(m.Dimensions[0].Name) == dimension && aws.ToString(m.Dimensions[0].Value) == stream
}

// asks: the alarm's query (Metrics Insights, PromQL) names the metric, and which
// streams it selects is beyond this program. So is an alarm that watches in a
// way newer than the SDK.
func asks(a types.MetricAlarm, metric string) bool {
	switch c := a.EvaluationCriteria.(type) {
	case *types.EvaluationCriteriaMemberPromQLCriteria:
		return strings.Contains(aws.ToString(c.Value.Query), metric)
	case nil:
		if a.MetricName == nil && len(a.Metrics) == 0 {
			return true
		}
	default:
		return true
	}
	return slices.ContainsFunc(a.Metrics, func(q types.MetricDataQuery) bool {
		return strings.Contains(aws.ToString(q.Expression), metric)
	})
}
