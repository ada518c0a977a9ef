package wire_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sealaudit/sealaudit/internal/lab/wire"
)

// request is one to S3, signed somehow.
func request(t testing.TB, method, uri, body string, headers ...string) *http.Request {
	t.Helper()
	r, err := http.NewRequest(http.MethodPost, "http://localhost", strings.NewReader(body)) //nolint:noctx // it is not sent
	if err != nil {
		t.Fatal(err)
	}
	r.Method = method // any text, as a client may send it
	r.URL.Path, r.URL.RawQuery, _ = strings.Cut(uri, "?")
	r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=AKIA/20250101/eu-west-1/s3/aws4_request")
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	return r
}

// S3 API reference: how operations are told apart, and where their members are.
func TestS3Calls(t *testing.T) {
	for _, tc := range []struct {
		method, uri, body string
		headers           []string
		operation         string
		input             map[string]any
	}{
		{"PUT", "/bucket", "<CreateBucketConfiguration><LocationConstraint>eu-west-1</LocationConstraint></CreateBucketConfiguration>", nil,
			"CreateBucket", map[string]any{"Bucket": "bucket", "LocationConstraint": "eu-west-1"}},
		{"GET", "/bucket/?list-type=2&prefix=a%2F", "", nil, "ListObjectsV2", map[string]any{"Bucket": "bucket", "Prefix": "a/"}},
		{"GET", "/bucket/?prefix=a", "", nil, "ListObjects", map[string]any{"Bucket": "bucket", "Prefix": "a"}},
		{"PUT", "/bucket/a/b", "x", []string{"x-amz-server-side-encryption", "aws:kms"}, "PutObject", map[string]any{"Bucket": "bucket", "Key": "a/b", "ServerSideEncryption": "aws:kms"}},
		{"PUT", "/bucket/a?partNumber=2&uploadId=u", "x", nil, "UploadPart", map[string]any{"Bucket": "bucket", "Key": "a", "PartNumber": "2", "UploadId": "u"}},
		{"PUT", "/bucket/a?partNumber=2&uploadId=u", "", []string{"x-amz-copy-source", "b/c"}, "UploadPartCopy", map[string]any{"Bucket": "bucket", "Key": "a", "PartNumber": "2", "UploadId": "u", "CopySource": "b/c"}},
		{"POST", "/bucket/a?uploads", "", nil, "CreateMultipartUpload", map[string]any{"Bucket": "bucket", "Key": "a"}},
		{"POST", "/bucket?delete", "<Delete><Object><Key>true</Key></Object><Object><Key>b</Key><VersionId>v</VersionId></Object><Quiet>true</Quiet></Delete>", nil,
			"DeleteObjects", map[string]any{"Bucket": "bucket", "Quiet": true, "Objects": []any{map[string]any{"Key": "true"}, map[string]any{"Key": "b", "VersionId": "v"}}}},
		{"PUT", "/bucket?tagging", "<Tagging><TagSet><Tag><Key>a</Key><Value></Value></Tag></TagSet></Tagging>", nil,
			"PutBucketTagging", map[string]any{"Bucket": "bucket", "TagSet": []any{map[string]any{"Key": "a", "Value": ""}}}},
		{"HEAD", "/bucket/a?x-amz-checksum-mode=ENABLED&versionId=v", "", nil, "HeadObject", map[string]any{"Bucket": "bucket", "Key": "a", "ChecksumMode": "ENABLED", "VersionId": "v"}},
	} {
		q, err := wire.Read(request(t, tc.method, tc.uri, tc.body, tc.headers...))
		if diff := cmp.Diff(tc.input, q.Input); err != nil || q.Operation != tc.operation || diff != "" {
			t.Errorf("%s %s: %s, %v (-want +got)\n%s", tc.method, tc.uri, q.Operation, err, diff)
		}
	}
	for _, tc := range []struct{ method, uri, code string }{
		{"PUT", "/bucket?acl", "NotImplemented"}, {"GET", "/bucket/a?torrent", "NotImplemented"}, {"POST", "/", "MethodNotAllowed"}, {"PATCH", "/bucket/a", "NotImplemented"},
		{"POST", "/bucket?delete", "MalformedXML"},
	} {
		_, err := wire.Read(request(t, tc.method, tc.uri, "<a><b></a>"))
		var refused *wire.Failure
		if !errors.As(err, &refused) || refused.Code != tc.code {
			t.Errorf("%s %s: %v, want %s", tc.method, tc.uri, err, tc.code)
		}
	}
}

func FuzzS3(f *testing.F) {
	f.Add("PUT", "/bucket/key", "STREAMING-UNSIGNED-PAYLOAD-TRAILER", "5\r\nhello\r\n0\r\nx-amz-checksum-crc32:AAAA\r\n\r\n")
	f.Add("PUT", "/bucket/key", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD", "ffffffff\r\n")
	f.Add("POST", "/bucket?delete", "", "<Delete><Object><Key>a</Key></Object></Delete>")
	f.Add("PUT", "/bucket?encryption", "", "<a><TagSet><b/></TagSet><Rule/><Rule>x</Rule></a>")
	f.Add("POST", "/bucket/key?uploadId=x", "", strings.Repeat("<a>", 100))
	f.Fuzz(func(t *testing.T, method, uri, digest, body string) {
		q, err := wire.Read(request(t, method, uri, body, "x-amz-content-sha256", digest))
		var refused *wire.Failure
		if err != nil && !errors.As(err, &refused) {
			t.Fatalf("not a failure of AWS: %v", err)
		}
		if err == nil && len(q.Body) > len(body) {
			t.Fatalf("%d bytes became %d", len(body), len(q.Body))
		}
		for _, p := range []wire.Response{q.Reply(map[string]any{"Body": q.Body, "Echo": q.Input}), q.Fail(&wire.Failure{Status: 404, Code: "C", Message: body})} {
			p.Write(httptest.NewRecorder())
		}
	})
}
