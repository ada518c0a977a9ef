package wire

import (
	"net/http"
	"net/url"
	"strings"
)

// subresources are S3's reading calls on a bucket, by the name in the query.
func subresources() map[string]string {
	return map[string]string{
		"encryption":        "GetBucketEncryption",
		"policy":            "GetBucketPolicy",
		"policyStatus":      "GetBucketPolicyStatus",
		"publicAccessBlock": "GetPublicAccessBlock",
		"versioning":        "GetBucketVersioning",
		"replication":       "GetBucketReplication",
		"logging":           "GetBucketLogging",
		"location":          "GetBucketLocation",
	}
}

// readS3 recognises path-style calls of S3, and S3 Control's by its version
// in the path.
func (q *Request) readS3(r *http.Request) error {
	params, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return &Failure{Status: http.StatusBadRequest, Code: "InvalidURI", Message: "Couldn't parse the specified URI."}
	}
	path := strings.TrimPrefix(r.URL.Path, "/")
	if control, ok := strings.CutPrefix(path, "v20180820/"); ok {
		return q.readS3Control(r, control)
	}
	if r.Method != http.MethodGet {
		return notImplemented(r.Method + " " + r.URL.Path)
	}
	if path == "" {
		return q.readListBuckets(params)
	}
	bucket, key, _ := strings.Cut(path, "/")
	q.Input["Bucket"] = bucket
	if key != "" {
		return notImplemented("objects")
	}
	for sub, operation := range subresources() {
		if params.Has(sub) {
			q.Operation = operation
			return nil
		}
	}
	return notImplemented(r.URL.RequestURI())
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
