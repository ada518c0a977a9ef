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
	l.countAt(region, namespace, name, dimensions, value, l.now())
}

func (l *Lab) countAt(region, namespace, name string, dimensions map[string]string, value float64, at time.Time) {
	p := l.index.regions[region]
	if p == nil {
		return
	}
	key := metricKey(namespace, name, dimensions)
	m := p.metrics[key]
	if m == nil || !m.own { // the account's data stays as it is
		next := &Metric{Namespace: namespace, MetricName: name, Dimensions: maps.Clone(dimensions), own: true}
		if m != nil {
			next.unit = m.unit
		}
		if m != nil {
			next.Sums = append(next.Sums, m.Sums...)
		}
		m = next
		p.metrics[key] = m
	}
	m.Sums = append(m.Sums, Datapoint{at, value})
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

// points are a statistic of a metric's datapoints by period, newest first.
func (l *Lab) points(q *wire.Request, stat map[string]any, start, end time.Time) (times, values []any) {
	metric, _ := stat["Metric"].(map[string]any)
	times, values = []any{}, []any{}
	periods := l.periods(q, metric, stat, start, end)
	for _, t := range slices.SortedFunc(maps.Keys(periods), func(a, b time.Time) int { return b.Compare(a) }) {
		times, values = append(times, t), append(values, periods[t].statistic(text(stat, "Stat")))
	}
	return times, values
}

// periods sums a metric's datapoints up by period.
func (l *Lab) periods(q *wire.Request, metric, of map[string]any, start, end time.Time) map[time.Time]*period {
	out := map[time.Time]*period{}
	m := l.index.regions[q.Region].metrics[metricKey(text(metric, "Namespace"), text(metric, "MetricName"), dimensionsOf(metric["Dimensions"]))]
	seconds, _ := (&wire.Request{Input: of}).Int("Period")
	if m == nil || seconds <= 0 {
		return out
	}
	length := time.Duration(seconds) * time.Second
	for _, p := range m.Sums {
		t := at(p.Timestamp, q.Now)
		if t.Before(start) || !t.Before(end) {
			continue
		}
		from := start.Add(t.Sub(start) / length * length).UTC()
		if out[from] == nil {
			out[from] = &period{least: p.Value, most: p.Value}
		}
		out[from].add(p.Value)
	}
	return out
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
