package lab

import (
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/sealaudit/sealaudit/internal/lab/wire"
)

func putMetricData(l *Lab, q *wire.Request) answer {
	a := answer{mutates: true}
	namespace := q.String("Namespace")
	list, _ := q.Input["MetricData"].([]any)
	switch {
	case namespace == "":
		a.failure = refuse(400, "MissingParameter", "The parameter Namespace is required.")
	case strings.HasPrefix(namespace, "AWS/"):
		a.failure = refuse(400, "InvalidParameterValue", "The value AWS/ for parameter Namespace is invalid.")
	case len(list) == 0 || len(list) > 1000:
		a.failure = refuse(400, "MissingParameter", "The parameter MetricData must have 1 to 1000 members.")
	}
	if a.failure != nil {
		return a
	}
	for _, v := range list {
		d, _ := v.(map[string]any)
		if text(d, "MetricName") == "" {
			a.failure = refuse(400, "MissingParameter", "The parameter MetricData.member.1.MetricName is required.")
			return a
		}
		values := valuesOf(d)
		if slices.ContainsFunc(values, func(v float64) bool { return math.IsNaN(v) || math.IsInf(v, 0) }) || len(values) == 0 {
			a.failure = refuse(400, "InvalidParameterValue", "The parameter MetricData.member.1.Value must be a number.")
			return a
		}
		when, given := (&wire.Request{Input: d}).Time("Timestamp")
		if !given {
			when = l.now()
		}
		for _, value := range values {
			l.countAt(q.Region, namespace, text(d, "MetricName"), dimensionsOf(d["Dimensions"]), value, when)
		}
		if unit := text(d, "Unit"); unit != "" {
			l.index.regions[q.Region].metrics[metricKey(namespace, text(d, "MetricName"), dimensionsOf(d["Dimensions"]))].unit = unit
		}
	}
	a.output = map[string]any{}
	return a
}

// valuesOf are a datum's values: one, several with counts, or the sum of a
// statistic set.
func valuesOf(d map[string]any) (out []float64) {
	if set, given := d["StatisticValues"].(map[string]any); given {
		return []float64{float(set["Sum"])}
	}
	list, _ := d["Values"].([]any)
	counts, _ := d["Counts"].([]any)
	for i, v := range list {
		n := 1
		if i < len(counts) {
			n = int(min(float(counts[i]), 10_000))
		}
		for range n {
			out = append(out, float(v))
		}
	}
	if v, given := d["Value"]; given {
		out = append(out, float(v))
	}
	return out
}

// float is a number of an input, whatever its protocol made of it.
func float(v any) float64 {
	switch v := v.(type) {
	case float64:
		return v
	case float32:
		return float64(v)
	case int64:
		return float64(v)
	case uint64:
		return float64(v)
	case interface{ Float64() (float64, error) }:
		f, err := v.Float64()
		if err == nil {
			return f
		}
	case string:
		if f, err := strconv.ParseFloat(v, 64); err == nil {
			return f
		}
	}
	return math.NaN()
}
