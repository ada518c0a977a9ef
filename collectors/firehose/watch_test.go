package firehose_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/google/go-cmp/cmp"

	"github.com/sealaudit/sealaudit/collectors/firehose"
	api "github.com/sealaudit/sealaudit/internal/awsapi/awsapitest"
)

// result is one metric's result: its values by day.
type result struct {
	status string
	values string // "" is no datapoint
}

// counted is a working stream without errors, changed by place: the four
// errors by name, then IncomingRecords.
func counted(change map[int]result) []result {
	out := []result{{"Complete", ""}, {"Complete", ""}, {"Complete", ""}, {"Complete", ""}, {"Complete", "1000 200.0"}}
	for i, r := range change {
		out[i] = r
	}
	return out
}

func metricData(next string, results ...result) api.Reply {
	var b strings.Builder
	for i, r := range results {
		if r.status == "absent" {
			continue
		}
		fmt.Fprintf(&b, "<member><Id>m%d</Id><Label>x</Label><StatusCode>%s</StatusCode><Timestamps/><Values>", i, r.status)
		for _, v := range strings.Fields(r.values) {
			b.WriteString("<member>" + v + "</member>")
		}
		b.WriteString("</Values></member>")
	}
	return api.XML("<GetMetricDataResponse><GetMetricDataResult><MetricDataResults>" + b.String() + "</MetricDataResults><Messages/>" + token(next) + "</GetMetricDataResult></GetMetricDataResponse>")
}

func token(next string) string {
	if next == "" {
		return ""
	}
	return "<NextToken>" + next + "</NextToken>"
}

func alarms(next string, members ...string) api.Reply {
	text := ""
	for _, m := range members {
		text += "<member><AlarmName>watcher</AlarmName>" + m + "</member>"
	}
	return api.XML("<DescribeAlarmsResponse><DescribeAlarmsResult><CompositeAlarms/><MetricAlarms>" + text + "</MetricAlarms>" + token(next) + "</DescribeAlarmsResult></DescribeAlarmsResponse>")
}

const enabled = "<ActionsEnabled>true</ActionsEnabled>"

func metric(namespace, name, dimension, stream string) string {
	return "<Namespace>" + namespace + "</Namespace><MetricName>" + name + "</MetricName><Dimensions><member><Name>" + dimension + "</Name><Value>" + stream + "</Value></member></Dimensions>"
}

func ofStream(name string) string {
	return metric("AWS/Firehose", name, "DeliveryStreamName", "clicks")
}

func math(stat string) string {
	return "<Metrics><member><Id>e1</Id><Expression>m1*2</Expression><ReturnData>true</ReturnData></member><member><Id>m1</Id>" + stat + "<ReturnData>false</ReturnData></member></Metrics>"
}

func TestKeyErrors(t *testing.T) {
	no, records := "facts.key_errors ", aws.Float64(1200)
	for name, tc := range map[string]struct {
		pages [][]result
		want  *firehose.KeyErrors
		gaps  []string
	}{
		"none":                       {[][]result{counted(nil)}, &firehose.KeyErrors{WindowDays: 14, IncomingRecords: records}, nil},
		"some":                       {[][]result{counted(map[int]result{0: {"Complete", "3 4"}, 1: {"Complete", "1"}, 2: {"Complete", "0"}, 3: {"Complete", "1e3"}})}, &firehose.KeyErrors{WindowDays: 14, AccessDenied: 7, Disabled: 1, NotFound: 1000, IncomingRecords: records}, nil},
		"errors and no record":       {[][]result{counted(map[int]result{1: {"Complete", "5"}, 4: {"Complete", ""}})}, &firehose.KeyErrors{WindowDays: 14, Disabled: 5}, nil},
		"no datapoint at all":        {[][]result{counted(map[int]result{4: {"Complete", ""}})}, nil, []string{no + "no_data"}},
		"no record counted":          {[][]result{counted(map[int]result{4: {"Complete", "0 0"}})}, nil, []string{no + "no_data"}},
		"over two pages":             {[][]result{counted(map[int]result{0: {"PartialData", "3"}, 4: {"PartialData", "1000"}}), {{"Complete", "4"}, {"absent", ""}, {"absent", ""}, {"absent", ""}, {"Complete", "200"}}}, &firehose.KeyErrors{WindowDays: 14, AccessDenied: 7, IncomingRecords: records}, nil},
		"a part only":                {[][]result{counted(map[int]result{3: {"PartialData", "0"}})}, nil, []string{no + "failed"}},
		"CloudWatch failed":          {[][]result{counted(map[int]result{0: {"InternalError", ""}})}, nil, []string{no + "failed"}},
		"forbidden":                  {[][]result{counted(map[int]result{0: {"Forbidden", ""}})}, nil, []string{no + "failed"}},
		"a newer status":             {[][]result{counted(map[int]result{2: {"Estimated", "1"}})}, nil, []string{no + "unknown_value"}},
		"a metric without an answer": {[][]result{counted(map[int]result{2: {"absent", ""}})}, nil, []string{no + "no_data"}},
		"numbers that are no counts": {[][]result{counted(map[int]result{4: {"Complete", "NaN"}})}, nil, []string{no + "failed"}},
		"endless numbers":            {[][]result{counted(map[int]result{4: {"Complete", "Infinity"}})}, nil, []string{no + "failed"}},
		"less than nothing":          {[][]result{counted(map[int]result{0: {"Complete", "-3"}})}, nil, []string{no + "failed"}},
	} {
		t.Run(name, func(t *testing.T) {
			a, n := answers(stream("clicks", nil)), 0
			watching(a, "GetMetricData", func(api.Request) api.Reply {
				page := tc.pages[n]
				if n++; n < len(tc.pages) {
					return metricData(fmt.Sprint("page", n), page...)
				}
				return metricData("", page...)
			})
			sink, _ := collect(t.Context(), t, a)
			r := sink.Find(t, "clicks")
			if diff := cmp.Diff(facts(func(f *firehose.Facts) { f.KeyErrors = tc.want }), r.Facts); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(tc.gaps, describedGaps(r.Gaps)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// What is asked decides what silence means: the sums of this stream's metrics
// over at least the window.
func TestAsksForItsOwnMetrics(t *testing.T) {
	var asked url.Values
	a := answers(stream("clicks", nil))
	watching(a, "GetMetricData", func(q api.Request) api.Reply {
		asked, _ = url.ParseQuery(string(q.Body))
		return metricData("", counted(nil)...)
	})
	collect(t.Context(), t, a)
	for i, name := range append(keyMetrics(), "IncomingRecords") {
		prefix := fmt.Sprintf("MetricDataQueries.member.%d.", i+1)
		for field, want := range map[string]string{"Id": fmt.Sprintf("m%d", i), "MetricStat.Stat": "Sum", "MetricStat.Metric.Namespace": "AWS/Firehose", "MetricStat.Metric.MetricName": name,
			"MetricStat.Metric.Dimensions.member.1.Name": "DeliveryStreamName", "MetricStat.Metric.Dimensions.member.1.Value": "clicks"} {
			if got := asked.Get(prefix + field); got != want {
				t.Errorf("%s%s is %q, want %q", prefix, field, got, want)
			}
		}
	}
	from, err1 := time.Parse(time.RFC3339, asked.Get("StartTime"))
	until, err2 := time.Parse(time.RFC3339, asked.Get("EndTime"))
	if d := until.Sub(from); err1 != nil || err2 != nil || d < 14*24*time.Hour || d >= 15*24*time.Hour || time.Since(until) > time.Hour {
		t.Errorf("asked from %s to %s", from, until)
	}
}

func TestKeyAlarms(t *testing.T) {
	first, unsure := "KMSKeyAccessDenied", []string{"facts.key_alarms unmodelled"}
	stat := func(m string) string {
		return "<MetricStat><Metric>" + m + "</Metric><Period>60</Period><Stat>Sum</Stat></MetricStat>"
	}
	selecting := "<Metrics><member><Id>q1</Id><Expression>SELECT SUM(KMSKeyAccessDenied) FROM SCHEMA(\"AWS/Firehose\", DeliveryStreamName)</Expression></member></Metrics>"
	promQL := "<EvaluationCriteria><PromQLCriteria><Query>{__name__=\"KMSKeyAccessDenied\"}</Query></PromQLCriteria></EvaluationCriteria>"
	for name, tc := range map[string]struct {
		alarms  []string
		covered []string
		gaps    []string
	}{
		"none":                        {nil, nil, nil},
		"one":                         {[]string{enabled + ofStream(first)}, []string{first}, nil},
		"each":                        {[]string{enabled + ofStream("KMSKeyNotFound"), enabled + ofStream("KMSKeyDisabled"), enabled + ofStream("KMSKeyInvalidState"), enabled + ofStream(first)}, keyMetrics(), nil},
		"in metric math":              {[]string{enabled + math(stat(ofStream(first)))}, []string{first}, nil},
		"in math of this account":     {[]string{enabled + math("<AccountId>111122223333</AccountId>"+stat(ofStream(first)))}, []string{first}, nil},
		"in math of another account":  {[]string{enabled + math("<AccountId>999999999999</AccountId>"+stat(ofStream(first)))}, nil, nil},
		"off":                         {[]string{"<ActionsEnabled>false</ActionsEnabled>" + ofStream(first)}, nil, nil},
		"perhaps off":                 {[]string{ofStream(first)}, nil, unsure},
		"perhaps off, another on":     {[]string{ofStream(first), enabled + ofStream(first)}, []string{first}, nil},
		"of another stream":           {[]string{enabled + metric("AWS/Firehose", first, "DeliveryStreamName", "orders")}, nil, nil},
		"of another namespace":        {[]string{enabled + metric("Custom", first, "DeliveryStreamName", "clicks")}, nil, nil},
		"of another dimension":        {[]string{enabled + metric("AWS/Firehose", first, "Stream", "clicks")}, nil, nil},
		"of another metric":           {[]string{enabled + ofStream("IncomingRecords")}, nil, nil},
		"of no dimension":             {[]string{enabled + "<Namespace>AWS/Firehose</Namespace><MetricName>" + first + "</MetricName><Dimensions/>"}, nil, nil},
		"of two dimensions":           {[]string{enabled + strings.Replace(ofStream(first), "</Dimensions>", "<member><Name>a</Name><Value>b</Value></member></Dimensions>", 1)}, nil, nil},
		"a query over streams":        {[]string{enabled + selecting}, nil, unsure},
		"a query, off":                {[]string{"<ActionsEnabled>false</ActionsEnabled>" + selecting}, nil, nil},
		"a query and an alarm":        {[]string{enabled + selecting, enabled + ofStream(first)}, []string{first}, nil},
		"PromQL":                      {[]string{enabled + promQL}, nil, unsure},
		"PromQL of something else":    {[]string{enabled + strings.Replace(promQL, first, "up", 1)}, nil, nil},
		"criteria of a newer kind":    {[]string{enabled + "<EvaluationCriteria><TeaLeaves><Query>q</Query></TeaLeaves></EvaluationCriteria>"}, nil, unsure},
		"recorded, of something else": {[]string{enabled + "<Namespace>AWS/EC2</Namespace><MetricName>CPUUtilization</MetricName><Dimensions/><AlarmActions/>"}, nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			a := answers(stream("clicks", nil))
			watching(a, "DescribeAlarms", func(q api.Request) api.Reply { // one alarm a page
				form, _ := url.ParseQuery(string(q.Body))
				n := 0
				_, _ = fmt.Sscanf(form.Get("NextToken"), "t%d", &n)
				if n+1 < len(tc.alarms) {
					return alarms(fmt.Sprintf("t%d", n+1), tc.alarms[n])
				}
				return alarms("", tc.alarms[n:]...)
			})
			sink, _ := collect(t.Context(), t, a)
			r := sink.Find(t, "clicks")
			want := &firehose.KeyAlarms{Covered: []string{}, Missing: []string{}}
			for _, m := range keyMetrics() {
				if strings.Contains(strings.Join(tc.covered, " "), m) {
					want.Covered = append(want.Covered, m)
				} else {
					want.Missing = append(want.Missing, m)
				}
			}
			if tc.gaps != nil {
				want = nil
			}
			if diff := cmp.Diff(facts(func(f *firehose.Facts) { f.KeyAlarms = want }), r.Facts); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(tc.gaps, describedGaps(r.Gaps)); diff != "" {
				t.Error(diff)
			}
		})
	}
}
