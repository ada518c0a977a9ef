package lab

import (
	"maps"
	"slices"
	"strings"

	"github.com/sealaudit/sealaudit/internal/lab/wire"
)

// isHarmless says whether an operation may run although it is refused, for the
// resource that it finds: it describes or lists. One that reads contents or
// uses a key must not: nobody asks KMS, fills a cache or writes an event for a
// caller who is not allowed in.
func isHarmless(q *wire.Request) bool {
	if q.Service == "kms" && !strings.HasPrefix(q.Operation, "List") && !strings.HasPrefix(q.Operation, "Get") {
		return q.Operation == "DescribeKey" && !strings.Contains(q.String("KeyId"), "alias/aws/") // which may make the key
	}
	return isReading(q.Operation) && !isDataEvent(q)
}

// target is the ARN of what a request is about, as far as the request alone
// tells; "" otherwise. Messages of refusals name it.
func (l *Lab) target(q *wire.Request) string {
	switch q.Service {
	case "s3":
		switch {
		case q.String("Key") != "":
			return objectARN(q)
		case q.String("Bucket") != "":
			return "arn:aws:s3:::" + q.String("Bucket")
		}
	case "kinesis":
		name := firstOf(q.String("StreamName"), nameIn(q.String("StreamARN"), "stream"))
		if parts, ok := l.openParts("iterator", q.String("ShardIterator"), 6); ok && name == "" {
			name = parts[1]
		}
		return l.arnIn(q, "stream", name)
	case "firehose":
		return l.arnIn(q, "deliverystream", q.String("DeliveryStreamName"))
	case "dynamodb":
		name := q.String("TableName")
		if tables, ok := q.Input["RequestItems"].(map[string]any); ok && len(tables) > 0 {
			name = slices.Min(slices.Collect(maps.Keys(tables)))
		}
		return l.arnIn(q, "table", nameIn(name, "table"))
	case "kms":
		if k, failure := l.findKey(q, firstOf(q.String("KeyId"), q.String("TargetKeyId"))); failure == nil {
			return l.keyARN(q, text(k.Output, "KeyId"))
		}
		return q.String("KeyId")
	}
	return ""
}

func (l *Lab) arnIn(q *wire.Request, kind, name string) string {
	if name == "" {
		return ""
	}
	return arnOf(q.Service, q.Region, l.account.ID, kind+"/"+name)
}
