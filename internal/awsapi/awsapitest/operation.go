package awsapitest

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
)

var (
	credentialScope = regexp.MustCompile(`Credential=[^/]+/\d+/([^/]*)/([^/]+)/aws4_request`)
	rpcPath         = regexp.MustCompile(`^/service/([A-Za-z0-9]+)/operation/([A-Za-z0-9]+)$`)
)

func regionOf(r *http.Request) string {
	if m := credentialScope.FindStringSubmatch(r.Header.Get("Authorization")); m != nil {
		return m[1]
	}
	return ""
}

// operation names a request as IAM does: "kinesis:ListStreams". Of what it
// does not know it gives the path, so that the test's message says it.
func operation(r *http.Request, body []byte) string {
	service := ""
	if m := credentialScope.FindStringSubmatch(r.Header.Get("Authorization")); m != nil {
		service = m[2]
	}
	if target := r.Header.Get("X-Amz-Target"); target != "" {
		return service + ":" + target[strings.LastIndex(target, ".")+1:]
	}
	if m := rpcPath.FindStringSubmatch(r.URL.Path); m != nil {
		if service == "monitoring" {
			service = "cloudwatch"
		}
		return service + ":" + m[2]
	}
	if form, err := url.ParseQuery(string(body)); err == nil && form.Get("Action") != "" {
		if service == "monitoring" {
			service = "cloudwatch"
		}
		return service + ":" + form.Get("Action")
	}
	if service == "s3" {
		return s3Operation(r)
	}
	if service == "account" && r.URL.Path == "/listRegions" {
		return "account:ListRegions"
	}
	return service + ":" + r.Method + " " + r.URL.Path
}

func s3Operation(r *http.Request) string {
	if strings.HasPrefix(r.URL.Path, "/v20180820/") {
		return "s3control:GetPublicAccessBlock"
	}
	if r.URL.Path == "/" {
		return "s3:ListBuckets"
	}
	query := r.URL.Query()
	for name, operation := range map[string]string{
		"encryption": "GetBucketEncryption", "policy": "GetBucketPolicy", "policyStatus": "GetBucketPolicyStatus",
		"publicAccessBlock": "GetPublicAccessBlock", "versioning": "GetBucketVersioning", "replication": "GetBucketReplication",
		"logging": "GetBucketLogging", "location": "GetBucketLocation",
	} {
		if query.Has(name) {
			return "s3:" + operation
		}
	}
	return "s3:" + r.Method + " " + r.URL.String()
}
