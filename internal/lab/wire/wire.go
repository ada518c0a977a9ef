// Package wire speaks the protocols of the AWS services that sealaudit reads,
// from the server's side: it recognises which operation a request asks for,
// and puts an answer into that operation's protocol.
//
// Values have the shape of the API's output as the AWS command line prints it:
// objects are map[string]any, lists []any, times time.Time or [Ago]. It knows
// the shapes of the operations that sealaudit calls, and of those that make
// something to call for. It never
// checks a signature, holds no data, and never calls anybody.
package wire

import (
	"encoding/json"
	"math"
	"net/http"
	"strconv"
	"time"
)

// Request is one call of an AWS operation.
type Request struct {
	Service   string         // as in sealaudit's call log: "kinesis", "s3control", "tagging", "cloudwatch"
	Operation string         // "DescribeStreamSummary"
	Region    string         // of the signature
	Input     map[string]any // members as in the API reference; S3's path, query and headers included
	ID        string         // request id of the answer
	Now       time.Time      // moment of the answer, which Ago is counted from

	// Of S3's calls alone:
	Secure   bool              // the request came over TLS
	Body     []byte            // of an object or a part, without its chunks' frames
	Metadata map[string]string // of an object, x-amz-meta-…: names in lower case
	Expires  time.Time         // when a presigned request expires; zero for another

	protocol protocol
	head     bool // a HEAD, whose answer has no body
}

// Name is the operation with its service: "kinesis:ListStreams".
func (q *Request) Name() string { return q.Service + ":" + q.Operation }

// Ago is a time in an output that moves with the clock: so long before the
// moment of the answer, or after it when negative.
type Ago time.Duration

// Failure is AWS's answer to a call that it refuses.
type Failure struct {
	Status  int    // HTTP
	Code    string // "ResourceNotFoundException"
	Message string
	Fields  map[string]string // further elements of an S3 error: BucketName
	Header  map[string]string // further headers of an S3 error: x-amz-delete-marker
	Members map[string]any    // further members of an error in JSON: CancellationReasons
}

func (f *Failure) Error() string { return f.Code + ": " + f.Message }

// String is a text member of the input, or "".
func (q *Request) String(name string) string {
	s, _ := q.Input[name].(string)
	return s
}

// Strings are the texts of a list member of the input.
func (q *Request) Strings(name string) []string {
	list, _ := q.Input[name].([]any)
	out := make([]string, 0, len(list))
	for _, v := range list {
		if s, ok := v.(string); ok {
			out = append(out, s)
		}
	}
	return out
}

// Int is a number member of the input. A number may come as text, as it does
// in a query.
func (q *Request) Int(name string) (n int, given bool) {
	switch v := q.Input[name].(type) {
	case json.Number:
		n, err := strconv.Atoi(v.String())
		return n, err == nil
	case string:
		n, err := strconv.Atoi(v)
		return n, err == nil
	case uint64:
		return int(min(v, math.MaxInt)), true
	case int64:
		return int(v), true
	}
	return 0, false
}

// Bool is a truth value of the input; absent is the default.
func (q *Request) Bool(name string, absent bool) bool {
	switch v := q.Input[name].(type) {
	case bool:
		return v
	case string:
		return v == "true"
	}
	return absent
}

// Time is a time of the input, which comes tagged, as seconds or as text.
func (q *Request) Time(name string) (t time.Time, given bool) {
	switch v := q.Input[name].(type) {
	case time.Time:
		return v, true
	case json.Number:
		seconds, err := v.Float64()
		return time.UnixMilli(int64(seconds * 1000)), err == nil
	case string:
		t, err := time.Parse(time.RFC3339, v)
		return t, err == nil
	}
	return time.Time{}, false
}

type protocol int

const (
	awsJSON10 protocol = iota
	awsJSON11
	restJSON
	query
	restXML
	rpcCBOR
)

// service is how one service is called.
type service struct {
	name     string // ours
	target   string // before the dot of X-Amz-Target, or the service of an RPC path
	protocol protocol
	xmlns    string // of query answers
}

// signed finds a service by the name that its requests are signed with.
func signed(name string) (service, bool) {
	switch name {
	case "kinesis":
		return service{name, "Kinesis_20131202", awsJSON11, ""}, true
	case "firehose":
		return service{name, "Firehose_20150804", awsJSON11, ""}, true
	case "dynamodb":
		return service{name, "DynamoDB_20120810", awsJSON10, ""}, true
	case "dax":
		return service{name, "AmazonDAXV3", awsJSON11, ""}, true
	case "cloudtrail":
		return service{name, "CloudTrail_20131101", awsJSON11, ""}, true
	case "kms":
		return service{name, "TrentService", awsJSON11, ""}, true
	case "tagging":
		return service{name, "ResourceGroupsTaggingAPI_20170126", awsJSON11, ""}, true
	case "monitoring":
		return service{"cloudwatch", "GraniteServiceVersion20100801", rpcCBOR, "http://monitoring.amazonaws.com/doc/2010-08-01/"}, true
	case "account":
		return service{name, "", restJSON, ""}, true
	case "sts":
		return service{name, "", query, "https://sts.amazonaws.com/doc/2011-06-15/"}, true
	case "s3":
		return service{name, "", restXML, ""}, true
	}
	return service{}, false
}

func xmlnsOf(name string) string {
	if name == "cloudwatch" {
		name = "monitoring"
	}
	s, _ := signed(name)
	return s.xmlns
}

// bodyLimit is more than any request of these operations needs: PutRecords of
// Kinesis has 10 MiB, as base64.
const bodyLimit = 16 << 20

func unknownOperation(what string) *Failure {
	return &Failure{Status: http.StatusBadRequest, Code: "UnknownOperationException", Message: what}
}
