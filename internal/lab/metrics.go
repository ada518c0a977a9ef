package lab

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/sealaudit/sealaudit/internal/lab/wire"
)

const maxQueries = 500 // of one GetMetricData

// metricKey is a metric's identity: namespace, name and dimensions.
func metricKey(namespace, name string, dimensions map[string]string) string {
	parts := []string{namespace, name}
	for _, d := range slices.Sorted(maps.Keys(dimensions)) {
		parts = append(parts, d+"="+dimensions[d])
	}
	return strings.Join(parts, "\x00")
}

func metricsOf(r *Region) map[string]*Metric {
	all := make(map[string]*Metric, len(r.CloudWatch.Metrics))
	for i := range r.CloudWatch.Metrics {
		m := &r.CloudWatch.Metrics[i]
		all[metricKey(m.Namespace, m.MetricName, m.Dimensions)] = m
	}
	return all
}

// count adds a datapoint to a metric of a region, as services do. The state is
// locked.
func (l *Lab) count(region, namespace, name string, dimensions map[string]string, value float64) {
	p := l.index.regions[region]
	if p == nil {
		return
	}
	key, m := metricKey(namespace, name, dimensions), Metric{Namespace: namespace, MetricName: name, Dimensions: dimensions}
	if known := p.metrics[key]; known != nil { // the account's data stays as it is
		m.Sums = append(m.Sums, known.Sums...)
	}
	m.Sums = append(m.Sums, Datapoint{l.now(), value})
	p.metrics[key] = &m
}

func getMetricData(l *Lab, q *wire.Request) answer {
	start, hasStart := q.Time("StartTime")
	end, hasEnd := q.Time("EndTime")
	queries, _ := q.Input["MetricDataQueries"].([]any)
	if !hasStart || !hasEnd || !start.Before(end) || len(queries) == 0 || len(queries) > maxQueries {
		return answer{failure: refuse(400, "ValidationError", "StartTime, EndTime and 1 to 500 MetricDataQueries are required.")}
	}
	how := listing{token: "NextToken", size: "-", usual: maxQueries, most: maxQueries, badCode: "InvalidNextToken"}
	first, last, next, failure := l.page(q, how, len(queries))
	if failure != nil {
		return answer{failure: failure}
	}
	results := []any{}
	for _, v := range queries[first:last] {
		query, _ := v.(map[string]any)
		stat, ok := query["MetricStat"].(map[string]any)
		if !ok {
			return answer{failure: refuse(400, "ValidationError", "The embedded account answers MetricStat queries only.")}
		}
		times, values := l.points(q, stat, start, end)
		results = append(results, map[string]any{"Id": text(query, "Id"), "Label": firstOf(text(query, "Label"), metricName(stat)),
			"Timestamps": times, "Values": values, "StatusCode": "Complete"})
	}
	output := map[string]any{"MetricDataResults": results, "Messages": []any{}}
	if next != "" {
		output["NextToken"] = next
	}
	return answer{output: output}
}

func metricName(stat map[string]any) string {
	metric, _ := stat["Metric"].(map[string]any)
	return text(metric, "MetricName")
}

// points sums a metric's datapoints by period, newest first.
func (l *Lab) points(q *wire.Request, stat map[string]any, start, end time.Time) (times, values []any) {
	metric, _ := stat["Metric"].(map[string]any)
	dimensions := map[string]string{}
	list, _ := metric["Dimensions"].([]any)
	for _, v := range list {
		d, _ := v.(map[string]any)
		dimensions[text(d, "Name")] = text(d, "Value")
	}
	times, values = []any{}, []any{}
	m := l.index.regions[q.Region].metrics[metricKey(text(metric, "Namespace"), text(metric, "MetricName"), dimensions)]
	seconds, _ := (&wire.Request{Input: stat}).Int("Period")
	if m == nil || seconds <= 0 {
		return times, values
	}
	period := time.Duration(seconds) * time.Second
	sums := map[time.Time]float64{}
	for _, p := range m.Sums {
		if t := at(p.Timestamp, q.Now); !t.Before(start) && t.Before(end) {
			sums[start.Add(t.Sub(start)/period*period).UTC()] += p.Value
		}
	}
	order := slices.SortedFunc(maps.Keys(sums), func(a, b time.Time) int { return b.Compare(a) })
	for _, t := range order {
		times, values = append(times, t), append(values, sums[t])
	}
	return times, values
}

func describeAlarms(l *Lab, q *wire.Request) answer {
	alarms := l.index.regions[q.Region].alarms
	wanted, types, prefix := q.Strings("AlarmNames"), q.Strings("AlarmTypes"), q.String("AlarmNamePrefix")
	if len(types) == 0 {
		types = []string{"MetricAlarm"}
	}
	var names []string
	for _, name := range alarms.names {
		if (len(wanted) == 0 || slices.Contains(wanted, name)) && strings.HasPrefix(name, prefix) && slices.Contains(types, alarmType(alarms.by[name])) {
			names = append(names, name)
		}
	}
	how := listing{token: "NextToken", size: "MaxRecords", usual: 50, most: 100, badCode: "InvalidNextToken"}
	first, end, next, failure := l.page(q, how, len(names))
	if failure != nil {
		return answer{failure: failure}
	}
	metric, composite := []any{}, []any{}
	for _, name := range names[first:end] {
		out := filled(alarms.by[name].Output, map[string]any{
			"AlarmArn": arnOf("cloudwatch", q.Region, l.account.ID, "alarm:"+name), "ActionsEnabled": true, "StateValue": "OK", "AlarmConfigurationUpdatedTimestamp": created(),
		})
		if alarmType(alarms.by[name]) == "CompositeAlarm" {
			composite = append(composite, out)
		} else {
			metric = append(metric, out)
		}
	}
	output := map[string]any{"MetricAlarms": metric, "CompositeAlarms": composite}
	if next != "" {
		output["NextToken"] = next
	}
	return answer{output: output}
}

func alarmType(r *Resource) string {
	if text(r.Output, "AlarmRule") != "" {
		return "CompositeAlarm"
	}
	return "MetricAlarm"
}
