package lab

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/sealaudit/sealaudit/internal/lab/wire"
)

// metricOperations are CloudWatch's on metrics (API reference), beside
// GetMetricData.
func metricOperations() map[string]operation {
	return map[string]operation{
		"cloudwatch:ListMetrics":         listMetrics,
		"cloudwatch:PutMetricData":       putMetricData,
		"cloudwatch:GetMetricStatistics": getMetricStatistics,
	}
}

// period is what a metric counted in one period.
type period struct {
	n                int
	sum, least, most float64
}

func (p *period) add(v float64) {
	p.n++
	p.sum += v
	p.least, p.most = min(p.least, v), max(p.most, v)
}

// statistic is one of the statistics; what has no name is the sum.
func (p *period) statistic(name string) float64 {
	switch name {
	case "SampleCount":
		return float64(p.n)
	case "Average":
		return p.sum / float64(p.n)
	case "Minimum":
		return p.least
	case "Maximum":
		return p.most
	}
	return p.sum
}

// dimensionsOf reads a list of Name and Value.
func dimensionsOf(v any) map[string]string {
	out := map[string]string{}
	list, _ := v.([]any)
	for _, v := range list {
		d, _ := v.(map[string]any)
		out[text(d, "Name")] = text(d, "Value")
	}
	return out
}

func listMetrics(l *Lab, q *wire.Request) answer {
	metrics := l.index.regions[q.Region].metrics
	var found []*Metric
	for _, key := range slices.Sorted(maps.Keys(metrics)) {
		if m := metrics[key]; isListed(q, m) {
			found = append(found, m)
		}
	}
	how := listing{token: "NextToken", size: "-", usual: 500, most: 500, badCode: "InvalidParameterValue"}
	first, end, next, failure := l.page(q, how, len(found))
	if failure != nil {
		return answer{failure: failure}
	}
	list := []any{}
	for _, m := range found[first:end] {
		dimensions := []any{}
		for _, name := range slices.Sorted(maps.Keys(m.Dimensions)) {
			dimensions = append(dimensions, map[string]any{"Name": name, "Value": m.Dimensions[name]})
		}
		list = append(list, map[string]any{"Namespace": m.Namespace, "MetricName": m.MetricName, "Dimensions": dimensions})
	}
	output := map[string]any{"Metrics": list}
	if next != "" {
		output["NextToken"] = next
	}
	return answer{output: output}
}

// isListed says whether a metric is among those that a request asks for, which
// had a datapoint in the last two weeks.
func isListed(q *wire.Request, m *Metric) bool {
	age := 14 * 24 * time.Hour
	if q.String("RecentlyActive") == "PT3H" {
		age = 3 * time.Hour
	}
	if !slices.ContainsFunc(m.Sums, func(p Datapoint) bool { return q.Now.Sub(at(p.Timestamp, q.Now)) <= age }) {
		return false
	}
	if ns := q.String("Namespace"); ns != "" && ns != m.Namespace {
		return false
	}
	if name := q.String("MetricName"); name != "" && name != m.MetricName {
		return false
	}
	for name, value := range dimensionsOf(q.Input["Dimensions"]) {
		if have, there := m.Dimensions[name]; !there || value != "" && value != have {
			return false
		}
	}
	return true
}

// unitOf is a metric's unit. AWS's own of this account count things or bytes.
func (m *Metric) unitOf() string {
	switch {
	case m == nil:
		return "None"
	case m.unit != "":
		return m.unit
	case !strings.HasPrefix(m.Namespace, "AWS/"):
		return "None"
	case strings.Contains(m.MetricName, "Bytes"):
		return "Bytes"
	}
	return "Count"
}

// mostDatapoints is what one call returns at most (CloudWatch API,
// GetMetricStatistics).
const mostDatapoints = 1440

func getMetricStatistics(l *Lab, q *wire.Request) answer {
	start, hasStart := q.Time("StartTime")
	end, hasEnd := q.Time("EndTime")
	length, _ := q.Int("Period")
	statistics := q.Strings("Statistics")
	switch {
	case !hasStart || !hasEnd:
		return answer{failure: refuse(400, "MissingParameter", "The parameters StartTime and EndTime are required.")}
	case !start.Before(end):
		return answer{failure: refuse(400, "InvalidParameterValue", "The parameter StartTime must be less than the parameter EndTime.")}
	case length < 1 || length >= 60 && length%60 != 0:
		return answer{failure: refuse(400, "InvalidParameterValue", "The parameter Period must be a multiple of 60.")}
	case len(statistics) == 0:
		return answer{failure: refuse(400, "MissingParameter", "At least one of the parameters Statistics and ExtendedStatistics must be specified.")}
	}
	if end.Sub(start)/time.Duration(length)/time.Second > mostDatapoints {
		return answer{failure: refuse(400, "InvalidParameterCombination", "You have requested up to "+itoa(int(end.Sub(start)/time.Duration(length)/time.Second))+
			" datapoints, which exceeds the limit of 1,440. You may reduce the datapoints requested by increasing Period, or decreasing the time range.")}
	}
	periods := l.periods(q, q.Input, q.Input, start, end)
	list := []any{}
	unit := l.index.regions[q.Region].metrics[metricKey(q.String("Namespace"), q.String("MetricName"), dimensionsOf(q.Input["Dimensions"]))].unitOf()
	if asked := q.String("Unit"); asked != "" && asked != unit {
		clear(periods)
	}
	for _, t := range slices.SortedFunc(maps.Keys(periods), time.Time.Compare) {
		point := map[string]any{"Timestamp": t, "Unit": unit}
		for _, name := range statistics {
			point[name] = periods[t].statistic(name)
		}
		list = append(list, point)
	}
	return answer{output: map[string]any{"Label": q.String("MetricName"), "Datapoints": list}}
}
