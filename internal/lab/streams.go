package lab

import (
	"slices"
	"time"

	"github.com/sealaudit/sealaudit/internal/lab/wire"
)

// created is when a resource without a date was made.
func created() time.Time { return time.Date(2024, 3, 1, 9, 0, 0, 0, time.UTC) }

// after is the rest of a listing that goes on after a name.
func after(names []string, name string) []string {
	i, found := slices.BinarySearch(names, name)
	if found {
		i++
	}
	return names[i:]
}

func (l *Lab) streamARN(q *wire.Request, name string) string {
	return arnOf("kinesis", q.Region, l.account.ID, "stream/"+name)
}

func (l *Lab) stream(q *wire.Request, r *Resource) map[string]any {
	name := text(r.Output, "StreamName")
	return filled(r.Output, map[string]any{
		"StreamARN": l.streamARN(q, name), "StreamStatus": "ACTIVE", "EncryptionType": "NONE",
		"StreamModeDetails":       map[string]any{"StreamMode": "PROVISIONED"},
		"StreamCreationTimestamp": created(), "RetentionPeriodHours": 24, "OpenShardCount": 1, "ConsumerCount": 0,
		"EnhancedMonitoring": []any{map[string]any{"ShardLevelMetrics": []any{}}},
	})
}

func listStreams(l *Lab, q *wire.Request) answer {
	streams := l.index.regions[q.Region].streams
	names := after(streams.names, q.String("ExclusiveStartStreamName"))
	first, end, next, failure := l.page(q, listing{token: "NextToken", size: "Limit", usual: 100, most: 10000, badCode: "InvalidArgumentException"}, len(names))
	if failure != nil {
		return answer{failure: failure}
	}
	summaries := make([]any, 0, end-first)
	for _, name := range names[first:end] {
		s := l.stream(q, streams.by[name])
		summary := map[string]any{}
		for _, m := range []string{"StreamName", "StreamARN", "StreamStatus", "StreamModeDetails", "StreamCreationTimestamp"} {
			summary[m] = s[m]
		}
		summaries = append(summaries, summary)
	}
	output := map[string]any{"StreamNames": names[first:end], "StreamSummaries": summaries, "HasMoreStreams": next != ""}
	if next != "" {
		output["NextToken"] = next
	}
	return answer{output: output}
}

func describeStreamSummary(l *Lab, q *wire.Request) answer {
	name := firstOf(q.String("StreamName"), nameIn(q.String("StreamARN"), "stream"))
	a := answer{resource: l.streamARN(q, name)}
	r := l.index.regions[q.Region].streams.by[name]
	if r == nil {
		a.failure = l.missing(q, a.resource)
		return a
	}
	a.errors, a.output = r.Errors, map[string]any{"StreamDescriptionSummary": l.stream(q, r)}
	return a
}

func (l *Lab) deliveryARN(q *wire.Request, name string) string {
	return arnOf("firehose", q.Region, l.account.ID, "deliverystream/"+name)
}

func listDeliveryStreams(l *Lab, q *wire.Request) answer {
	streams := l.index.regions[q.Region].delivery
	names := after(streams.names, q.String("ExclusiveStartDeliveryStreamName"))
	if kind := q.String("DeliveryStreamType"); kind != "" {
		var of []string
		for _, name := range names {
			if firstOf(text(streams.by[name].Output, "DeliveryStreamType"), "DirectPut") == kind {
				of = append(of, name)
			}
		}
		names = of
	}
	first, end, next, failure := l.page(q, listing{size: "Limit", usual: 10, most: 10000}, len(names))
	if failure != nil {
		return answer{failure: failure}
	}
	return answer{output: map[string]any{"DeliveryStreamNames": append([]string{}, names[first:end]...), "HasMoreDeliveryStreams": next != ""}}
}

func describeDeliveryStream(l *Lab, q *wire.Request) answer {
	name := q.String("DeliveryStreamName")
	a := answer{resource: l.deliveryARN(q, name)}
	r := l.index.regions[q.Region].delivery.by[name]
	if r == nil {
		a.failure = l.missing(q, a.resource)
		return a
	}
	a.errors = r.Errors
	a.output = map[string]any{"DeliveryStreamDescription": filled(r.Output, map[string]any{
		"DeliveryStreamARN": a.resource, "DeliveryStreamStatus": "ACTIVE", "DeliveryStreamType": "DirectPut", "VersionId": "1",
		"CreateTimestamp": created(), "LastUpdateTimestamp": created(), "HasMoreDestinations": false,
	})}
	return a
}
