package wire

import (
	"net/http"
	"net/url"
	"strings"
)

// readS3 recognises S3's calls, in path style and in virtual-hosted style, and
// S3 Control's by its version in the path.
func (q *Request) readS3(r *http.Request) error {
	params, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return &Failure{Status: http.StatusBadRequest, Code: "InvalidURI", Message: "Couldn't parse the specified URI."}
	}
	q.Secure, q.head = r.TLS != nil, r.Method == http.MethodHead
	path := strings.TrimPrefix(r.URL.Path, "/")
	if control, ok := strings.CutPrefix(path, "v20180820/"); ok {
		return q.readS3Control(r, control)
	}
	bucket, key, _ := strings.Cut(path, "/")
	if host := bucketOfHost(r.Host); host != "" {
		bucket, key = host, path
	}
	if bucket == "" {
		if r.Method != http.MethodGet {
			return notAllowed(r.Method, "SERVICE")
		}
		return q.readListBuckets(params)
	}
	q.Input["Bucket"] = bucket
	if key != "" {
		q.Input["Key"] = key
	}
	if q.Operation = s3Operation(r.Method, key != "", params, r.Header); q.Operation == "" {
		return notImplemented(r.Method + " " + r.URL.Path)
	}
	q.readS3Params(params)
	q.readS3Headers(r.Header, params)
	return q.readS3Body(r)
}

// bucketOfHost is the bucket that a virtual-hosted-style request names (S3 User
// Guide, "Virtual hosting of general purpose buckets"); "" in path style.
func bucketOfHost(host string) string {
	if i := strings.LastIndexByte(host, ':'); i > 0 && !strings.Contains(host[i:], "]") {
		host = host[:i]
	}
	for _, local := range []string{".localhost", ".127.0.0.1"} {
		if bucket, ok := strings.CutSuffix(host, local); ok {
			return bucket
		}
	}
	if !strings.HasSuffix(host, ".amazonaws.com") {
		return ""
	}
	if i := strings.LastIndex(host, ".s3."); i > 0 {
		return host[:i]
	}
	return ""
}

func (q *Request) readListBuckets(params url.Values) error {
	q.Operation = "ListBuckets"
	for param, member := range map[string]string{
		"max-buckets": "MaxBuckets", "continuation-token": "ContinuationToken",
		"bucket-region": "BucketRegion", "prefix": "Prefix",
	} {
		if params.Has(param) {
			q.Input[member] = params.Get(param)
		}
	}
	return nil
}

func (q *Request) readS3Control(r *http.Request, path string) error {
	q.Service = "s3control"
	if r.Method != http.MethodGet || path != "configuration/publicAccessBlock" {
		return notImplemented(r.Method + " " + r.URL.Path)
	}
	q.Operation = "GetPublicAccessBlock"
	q.Input["AccountId"] = r.Header.Get("X-Amz-Account-Id")
	return nil
}

func notImplemented(what string) *Failure {
	return &Failure{Status: http.StatusNotImplemented, Code: "NotImplemented", Message: "A header or query you provided requests functionality that is not implemented: " + what}
}

func notAllowed(method, resource string) *Failure {
	return &Failure{Status: http.StatusMethodNotAllowed, Code: "MethodNotAllowed", Message: "The specified method is not allowed against this resource.",
		Fields: map[string]string{"Method": method, "ResourceType": resource}}
}
