package lab

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sealaudit/sealaudit/internal/lab/wire"
)

// How much LookupEvents gives (API reference): events of the last 90 days, 50
// a page.
const (
	lookupAge  = 90 * 24 * time.Hour
	lookupPage = 50
)

// lookup is what a request looks for.
type lookup struct {
	region     string
	start, end time.Time
	key, value string // the attribute; "" is none
	caller     string // name of the caller's session
}

// lookupEvents lists management events of the region, the newest first.
func lookupEvents(l *Lab, q *wire.Request) answer {
	w, failure := readLookup(l, q)
	if failure != nil {
		return answer{failure: failure}
	}
	size, given := q.Int("MaxResults")
	switch {
	case !given:
		size = lookupPage
	case size < 1 || size > lookupPage:
		return answer{failure: refuse(400, "InvalidMaxResultsException", "The number of results must be 1 to "+strconv.Itoa(lookupPage)+".")}
	}
	if l.account.PageSize > 0 {
		size = min(size, l.account.PageSize)
	}
	number := l.eventNumber()
	if token := q.String("NextToken"); token != "" {
		n, ok := openToken(q, token)
		if !ok || n > number {
			return answer{failure: refuse(400, "InvalidNextTokenException", "The token is not valid.")}
		}
		number = n
	}
	list := []any{}
	output := map[string]any{}
	first := l.eventNumber() - len(l.events)
	for i := number - 1; i >= first; i-- {
		e := l.events[i-first]
		if !w.finds(e) {
			continue
		}
		if len(list) == size {
			output["NextToken"] = sealToken(q, i+1)
			break
		}
		list = append(list, l.lookedUp(e))
	}
	output["Events"] = list
	return answer{output: output}
}

func readLookup(l *Lab, q *wire.Request) (lookup, *wire.Failure) {
	w := lookup{region: q.Region, start: q.Now.Add(-lookupAge), end: q.Now, caller: last(l.account.Caller)}
	if start, given := q.Time("StartTime"); given && start.After(w.start) {
		w.start = start
	}
	if end, given := q.Time("EndTime"); given {
		w.end = end
	}
	if start, given := q.Time("StartTime"); given && w.end.Before(start) {
		return w, refuse(400, "InvalidTimeRangeException", "The end time must be after the start time.")
	}
	attributes, _ := q.Input["LookupAttributes"].([]any)
	if len(attributes) > 1 {
		return w, refuse(400, "InvalidLookupAttributesException", "You can specify one lookup attribute only.")
	}
	for _, v := range attributes {
		a, _ := v.(map[string]any)
		w.key, w.value = text(a, "AttributeKey"), text(a, "AttributeValue")
		if !slices.Contains([]string{"AccessKeyId", "EventId", "EventName", "EventSource", "ReadOnly", "ResourceName", "ResourceType", "Username"}, w.key) || w.value == "" {
			return w, refuse(400, "InvalidLookupAttributesException", "The lookup attribute "+w.key+" is not valid.")
		}
	}
	if c := q.String("EventCategory"); c != "" && c != "insight" {
		return w, refuse(400, "InvalidEventCategoryException", "The event category "+c+" is not valid.")
	} else if c == "insight" {
		w.end = w.start.Add(-time.Second) // there are none
	}
	return w, nil
}

func (w lookup) finds(e event) bool {
	if e.Data || e.Region != w.region || e.Time.Before(w.start) || e.Time.After(w.end) {
		return false
	}
	switch w.key {
	case "":
		return true
	case "EventId":
		return e.ID == w.value
	case "EventName":
		return e.Name == w.value
	case "EventSource":
		return e.Source == w.value
	case "ReadOnly":
		return strconv.FormatBool(e.ReadOnly) == w.value
	case "ResourceName":
		return slices.ContainsFunc(e.Resources, func(arn string) bool { return arn == w.value || resourceName(arn) == w.value })
	case "ResourceType":
		return slices.ContainsFunc(e.Resources, func(arn string) bool { return resourceType(arn) == w.value })
	case "Username":
		return e.InvokedBy == "" && w.value == w.caller
	}
	return e.InvokedBy == "" && w.value == demoAccessKey
}

// demoAccessKey stands for the caller's: the embedded account checks none.
const demoAccessKey = "AKIADEMODEMODEMODEMO"

// lookedUp is an event as LookupEvents lists it.
func (l *Lab) lookedUp(e event) map[string]any {
	resources := []any{}
	for _, arn := range e.Resources {
		resources = append(resources, map[string]any{"ResourceType": resourceType(arn), "ResourceName": arn})
		if name := resourceName(arn); !strings.Contains(arn, ":kms:") && name != arn {
			resources = append(resources, map[string]any{"ResourceType": resourceType(arn), "ResourceName": name})
		}
	}
	out := map[string]any{"EventId": e.ID, "EventName": e.Name, "EventSource": e.Source, "EventTime": e.Time, "ReadOnly": strconv.FormatBool(e.ReadOnly),
		"Resources": resources, "CloudTrailEvent": l.recordText(e)}
	if e.InvokedBy == "" {
		out["Username"], out["AccessKeyId"] = last(l.account.Caller), demoAccessKey
	}
	return out
}

// resourceName is the name in an ARN.
func resourceName(arn string) string {
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) < 6 {
		return arn
	}
	if _, name, found := strings.Cut(parts[5], "/"); found && parts[2] != "s3" {
		return name
	}
	return parts[5]
}

// resourceType is CloudTrail's type of the resource of an ARN.
func resourceType(arn string) string {
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) < 6 {
		return ""
	}
	switch parts[2] {
	case "s3":
		if strings.Contains(parts[5], "/") {
			return "AWS::S3::Object"
		}
		return "AWS::S3::Bucket"
	case "kms":
		if strings.HasPrefix(parts[5], "alias/") {
			return "AWS::KMS::Alias"
		}
		return "AWS::KMS::Key"
	}
	return map[string]string{"kinesis": "AWS::Kinesis::Stream", "firehose": "AWS::KinesisFirehose::DeliveryStream", "dynamodb": "AWS::DynamoDB::Table",
		"cloudtrail": "AWS::CloudTrail::Trail", "dax": "AWS::DAX::Cluster", "cloudwatch": "AWS::CloudWatch::Alarm"}[parts[2]]
}
