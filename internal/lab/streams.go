package lab

import (
	"encoding/json"
	"maps"
	"slices"
	"time"

	"github.com/sealaudit/sealaudit/internal/lab/wire"
)

// streamOperations are Kinesis's (Kinesis Data Streams API reference).
func streamOperations() map[string]operation {
	return map[string]operation{
		"kinesis:ListStreams":                   listStreams,
		"kinesis:DescribeStream":                onStream(describeStream),
		"kinesis:DescribeStreamSummary":         onStream(describeStreamSummary),
		"kinesis:ListShards":                    listShards,
		"kinesis:CreateStream":                  createStream,
		"kinesis:DeleteStream":                  changingStream(deleteStream),
		"kinesis:IncreaseStreamRetentionPeriod": changingStream(increaseRetention),
		"kinesis:DecreaseStreamRetentionPeriod": changingStream(decreaseRetention),
		"kinesis:StartStreamEncryption":         changingStream(startStreamEncryption),
		"kinesis:StopStreamEncryption":          changingStream(stopStreamEncryption),
		"kinesis:PutRecord":                     changingStream(putRecord),
		"kinesis:PutRecords":                    putRecords,
		"kinesis:GetShardIterator":              onStream(getShardIterator),
		"kinesis:GetRecords":                    getRecords,
		"kinesis:AddTagsToStream":               changingStream(addTagsToStream),
		"kinesis:RemoveTagsFromStream":          changingStream(removeTagsFromStream),
		"kinesis:ListTagsForStream":             onStream(listTagsForStream),
		"kinesis:TagResource":                   ofResource(changingStream(addTagsToStream)),
		"kinesis:UntagResource":                 ofResource(changingStream(removeTagsFromStream)),
		"kinesis:ListTagsForResource":           ofResource(onStream(listTagsForResource)),
		"kinesis:GetResourcePolicy":             ofResource(onStream(getStreamPolicy)),
		"kinesis:PutResourcePolicy":             ofResource(changingStream(putStreamPolicy)),
		"kinesis:DeleteResourcePolicy":          ofResource(changingStream(deleteStreamPolicy)),
	}
}

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

// streamSummary is a stream as StreamDescriptionSummary.
func (l *Lab) streamSummary(region string, r *Resource) map[string]any {
	name := text(r.Output, "StreamName")
	return filled(r.Output, map[string]any{
		"StreamARN": arnOf("kinesis", region, l.account.ID, "stream/"+name), "StreamStatus": "ACTIVE", "EncryptionType": "NONE",
		"StreamModeDetails":       map[string]any{"StreamMode": "PROVISIONED"},
		"StreamCreationTimestamp": created(), "RetentionPeriodHours": 24, "OpenShardCount": 1, "ConsumerCount": 0,
		"EnhancedMonitoring": []any{map[string]any{"ShardLevelMetrics": []any{}}},
	})
}

func listStreams(l *Lab, q *wire.Request) answer {
	l.settleStreams()
	streams := l.index.regions[q.Region].streams
	names := after(streams.names, q.String("ExclusiveStartStreamName"))
	first, end, next, failure := l.page(q, listing{token: "NextToken", size: "Limit", usual: 100, most: 10000, badCode: "InvalidArgumentException"}, len(names))
	if failure != nil {
		return answer{failure: failure}
	}
	summaries := make([]any, 0, end-first)
	for _, name := range names[first:end] {
		s := l.streamSummary(q.Region, streams.by[name])
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

func describeStreamSummary(l *Lab, _ *wire.Request, s *stream) (map[string]any, *wire.Failure) {
	return map[string]any{"StreamDescriptionSummary": l.streamSummary(s.region, l.streamData(s))}, nil
}

// describeStream is the older description, with the shards.
func describeStream(l *Lab, q *wire.Request, s *stream) (map[string]any, *wire.Failure) {
	most, given := q.Int("Limit")
	switch {
	case !given:
		most = 100
	case most < 1:
		return nil, constraint(q.Input["Limit"].(json.Number).String(), "limit", "Member must have value greater than or equal to 1")
	case most > 10000:
		return nil, constraint(q.Input["Limit"].(json.Number).String(), "limit", "Member must have value less than or equal to 10000")
	}
	shards := s.after(q.String("ExclusiveStartShardId"))
	end := min(len(shards), most, 100)
	d := maps.Clone(l.streamSummary(s.region, l.streamData(s)))
	for _, only := range []string{"OpenShardCount", "ConsumerCount", "StreamId", "MaxRecordSizeInKiB"} {
		delete(d, only)
	}
	if text(d, "StreamStatus") == "CREATING" {
		shards, end = nil, 0
	}
	d["Shards"], d["HasMoreShards"] = shardList(shards[:end]), end < len(shards)
	return map[string]any{"StreamDescription": d}, nil
}
