package wire

import (
	"maps"
	"net/http"
	"slices"
	"strconv"
	"time"
)

// Response is an answer on the way to the client.
type Response struct {
	Status int
	Header http.Header
	Body   []byte
}

// Write sends the response.
func (p Response) Write(w http.ResponseWriter) {
	header := w.Header()
	for name, values := range p.Header {
		header[name] = values
	}
	if header.Get("Content-Length") == "" && p.Status != http.StatusNoContent && p.Status != http.StatusNotModified {
		header["Content-Length"] = []string{strconv.Itoa(len(p.Body))}
	}
	w.WriteHeader(p.Status)
	_, _ = w.Write(p.Body) // the client may have gone
}

// Reply is the answer of a call that succeeded. The output has the members
// that the API reference names; absent ones and nil are not sent.
func (q *Request) Reply(output map[string]any) Response {
	p := Response{Status: http.StatusOK, Header: q.header()}
	switch q.protocol {
	case restXML:
		p.Status, p.Body = q.s3Reply(output, p.Header)
	case query:
		p.Body = q.queryReply(output)
	case rpcCBOR:
		p.Body = encodeCBOR(output, q.Now)
	default:
		p.Body = appendJSON(nil, output, q.Now)
	}
	return p
}

// Fail is AWS's answer to a call that it refuses.
func (q *Request) Fail(f *Failure) Response {
	p := Response{Status: f.Status, Header: q.header()}
	if f.Status < 300 || f.Status > 599 {
		p.Status = http.StatusInternalServerError
	}
	switch q.protocol {
	case restXML:
		for name, value := range f.Header {
			p.Header[http.CanonicalHeaderKey(name)] = []string{value}
		}
		if !q.head && p.Status != http.StatusNotModified {
			p.Body = q.s3Error(f)
		}
	case query:
		p.Body = q.queryError(f)
	case rpcCBOR:
		p.Header["X-Amzn-Query-Error"] = []string{f.Code + ";" + fault(p.Status)}
		p.Body = encodeCBOR(map[string]any{"__type": "com.amazonaws.cloudwatch#" + f.Code, "message": f.Message}, q.Now)
	case restJSON:
		p.Header["X-Amzn-Errortype"] = []string{f.Code}
		p.Body = appendJSON(nil, map[string]any{"message": f.Message}, q.Now)
	default:
		body := map[string]any{"__type": q.errorType(f.Code), "message": f.Message}
		maps.Copy(body, f.Members)
		p.Body = appendJSON(nil, body, q.Now)
	}
	return p
}

// errorType is the error's code as the service spells it: DynamoDB puts its
// namespace before its own.
func (q *Request) errorType(code string) string {
	switch {
	case q.Service != "dynamodb":
		return code
	case slices.Contains(dynamoErrors(), code):
		return "com.amazonaws.dynamodb.v20120810#" + code
	case code == "ValidationException":
		return "com.amazon.coral.validate#" + code
	}
	return "com.amazon.coral.service#" + code
}

// dynamoErrors are DynamoDB's own (API reference, "Common Errors" has the
// others).
func dynamoErrors() []string {
	return []string{"ResourceNotFoundException", "ProvisionedThroughputExceededException", "ResourceInUseException", "LimitExceededException",
		"ConditionalCheckFailedException", "InternalServerError", "ItemCollectionSizeLimitExceededException", "TransactionCanceledException", "TableNotFoundException", "RequestLimitExceeded"}
}

func fault(status int) string {
	if status >= 500 {
		return "Receiver"
	}
	return "Sender"
}

func (q *Request) header() http.Header {
	h := http.Header{"Server": {"sealaudit-lab"}, "Date": {q.Now.UTC().Format(http.TimeFormat)}, "Content-Type": {q.contentType()}}
	if q.protocol == restXML {
		h["X-Amz-Request-Id"] = []string{q.ID}
		h["X-Amz-Id-2"] = []string{q.ID + "/lab"}
		return h
	}
	h["X-Amzn-Requestid"] = []string{q.ID}
	if q.protocol == rpcCBOR {
		h["Smithy-Protocol"] = []string{"rpc-v2-cbor"}
	}
	return h
}

func (q *Request) contentType() string {
	switch q.protocol {
	case awsJSON10:
		return "application/x-amz-json-1.0"
	case restJSON:
		return "application/json"
	case query:
		return "text/xml"
	case restXML:
		return "application/xml"
	case rpcCBOR:
		return "application/cbor"
	}
	return "application/x-amz-json-1.1"
}

// moment is a value's time, if it is one.
func moment(v any, now time.Time) (time.Time, bool) {
	switch v := v.(type) {
	case time.Time:
		return v, true
	case Ago:
		return now.Add(-time.Duration(v)), true
	}
	return time.Time{}, false
}
