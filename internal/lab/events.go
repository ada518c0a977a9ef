package lab

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/sealaudit/sealaudit/internal/lab/wire"
)

// event is one CloudTrail record (CloudTrail User Guide, "CloudTrail record
// contents").
type event struct {
	ID                      string
	Time                    time.Time
	Region                  string
	Source, Name            string // "kms.amazonaws.com", "GenerateDataKey"
	ErrorCode, ErrorMessage string
	InvokedBy               string // the service that called, "" for the caller
	RequestID               string
	Resources               []string // ARNs
	Request                 map[string]any
	Response                map[string]any // nil but of calls that change something
	Applied                 string         // how S3 encrypted a new object: "Default_SSE_S3"
	Data                    bool           // a data event, which only trails that ask for it get
	ReadOnly                bool
}

// eventsKept is how many events an account remembers.
const eventsKept = 200_000

// remember adds an event. The state is locked.
func (l *Lab) remember(e event) {
	trail := l.cloudTrail()
	if e.ID == "" {
		e.ID = newEventID(trail.forgotten+len(l.events), e.Region)
	}
	if len(l.events) >= eventsKept {
		l.events = slices.Delete(l.events, 0, eventsKept/10)
		trail.forgotten += eventsKept / 10
	}
	l.events = append(l.events, e)
}

// isSecret says whether CloudTrail leaves a member out of a request, and no
// record, log or reply may show it.
func isSecret(member string) bool {
	switch member {
	case "Plaintext", "CiphertextBlob", "Data", "Body", "Item", "Records", "Record", "SSECustomerKey", "CopySourceSSECustomerKey",
		"EncryptedKeyMaterial", "ImportToken", "Message", "Mac", "Signature", "ExpressionAttributeValues", "PublicKey", "RequestItems", "TransactItems":
		return true
	}
	return false
}

// recordCall remembers a call of the caller's, with what CloudTrail shows of
// its input. Calls of services to KMS are remembered where they are made.
func (l *Lab) recordCall(q *wire.Request, a answer) {
	e := event{Time: q.Now, Region: q.Region, Source: eventSource(q.Service), Name: q.Operation, RequestID: q.ID,
		Request: shown(q.Input), Data: isDataEvent(q), ReadOnly: isReading(q.Operation)}
	switch bucket, named := e.Request["bucket"]; {
	case q.Service == "dynamodb":
		hideKeys(e.Request)
	case q.Service == "s3" && named:
		delete(e.Request, "bucket")
		e.Request["bucketName"] = bucket
	}
	e.Applied = sseApplied(q, a)
	if strings.HasPrefix(a.resource, "arn:") {
		e.Resources = []string{a.resource}
	}
	if !e.ReadOnly && !e.Data && a.failure == nil {
		e.Response = responseElements(q, a)
	}
	if a.failure != nil {
		e.ErrorCode, e.ErrorMessage = a.failure.Code, a.failure.Message
	}
	l.remember(e)
}

func eventSource(service string) string {
	switch service {
	case "s3control":
		service = "s3"
	case "cloudwatch":
		service = "monitoring"
	}
	return service + ".amazonaws.com"
}

// isReading is CloudTrail's readOnly.
func isReading(operation string) bool {
	for _, prefix := range []string{"Get", "List", "Describe", "Head", "Lookup", "Decrypt", "Encrypt", "ReEncrypt", "Generate", "Derive", "Sign", "Verify", "Query", "Scan", "BatchGet", "TransactGet"} {
		if strings.HasPrefix(operation, prefix) {
			return true
		}
	}
	return false
}

// isDataEvent says whether CloudTrail counts an operation among data events
// (CloudTrail User Guide, "Logging data events"). KMS's cryptographic
// operations are management events.
func isDataEvent(q *wire.Request) bool {
	switch q.Service {
	case "s3":
		return strings.Contains(q.Operation, "Object") || strings.Contains(q.Operation, "Part") || strings.Contains(q.Operation, "Multipart")
	case "kinesis":
		return slices.Contains([]string{"PutRecord", "PutRecords", "GetRecords", "GetShardIterator"}, q.Operation)
	case "firehose":
		return strings.HasPrefix(q.Operation, "PutRecord")
	case "dynamodb":
		return strings.Contains(q.Operation, "Item") || q.Operation == "Query" || q.Operation == "Scan"
	}
	return false
}

// record is an event as a log file and LookupEvents show it: JSON.
func (l *Lab) record(e event) map[string]any {
	identity := map[string]any{"type": "AssumedRole", "arn": l.account.Caller, "accountId": l.account.ID, "principalId": "AROADEMO:" + last(l.account.Caller), "accessKeyId": demoAccessKey}
	if e.InvokedBy != "" {
		identity = map[string]any{"type": "AWSService", "invokedBy": e.InvokedBy}
	}
	out := map[string]any{
		"eventVersion": "1.11", "userIdentity": identity, "eventTime": e.Time.UTC().Format(time.RFC3339), "eventSource": e.Source, "eventName": e.Name,
		"awsRegion": e.Region, "sourceIPAddress": firstOf(e.InvokedBy, "127.0.0.1"), "userAgent": firstOf(e.InvokedBy, "sealaudit"),
		"requestParameters": e.Request, "responseElements": nil, "requestID": firstOf(e.RequestID, uuidOf("request", e.ID)), "eventID": e.ID, "readOnly": e.ReadOnly,
		"eventType": "AwsApiCall", "managementEvent": !e.Data, "recipientAccountId": l.account.ID, "eventCategory": category(e),
	}
	if len(e.Response) > 0 {
		out["responseElements"] = e.Response
	}
	if e.ErrorCode != "" {
		out["errorCode"], out["errorMessage"] = e.ErrorCode, e.ErrorMessage
	}
	if e.Applied != "" {
		out["additionalEventData"] = map[string]any{"SSEApplied": e.Applied}
	}
	if len(e.Resources) > 0 {
		list := []any{}
		for _, arn := range e.Resources {
			list = append(list, map[string]any{"ARN": arn, "accountId": l.account.ID, "type": resourceType(arn)})
		}
		out["resources"] = list
	}
	return out
}

func category(e event) string {
	if e.Data {
		return "Data"
	}
	return "Management"
}

// recordText is a record as LookupEvents carries it.
func (l *Lab) recordText(e event) string {
	b, err := json.Marshal(l.record(e))
	if err != nil { // a request holds only what JSON or text gave
		return "{}"
	}
	return string(b)
}

// newEventID is unique within the account, and the same in the same history.
func newEventID(n int, region string) string {
	return uuidOf("event", region, n)
}
