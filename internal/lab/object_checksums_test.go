package lab_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/sealaudit/sealaudit/internal/lab"
)

// Recorded: test_put_object_checksum, test_put_object_default_checksum_with_sse_c
// (S3 User Guide, "Checking object integrity in Amazon S3").
func TestRecordedChecksums(t *testing.T) {
	b := newBench(t, []lab.Bucket{{Name: "bucket"}})
	for algorithm, want := range map[types.ChecksumAlgorithm]string{"CRC32": "cZWHwQ==", "SHA256": "2l26x0trnT0r2AvakoFk2MB7eKVKzYESLMxSAKAzoik=", "CRC32C": "", "SHA1": ""} {
		_, err := b.put("bucket", string(algorithm), "test data..", func(in *s3.PutObjectInput) { in.ChecksumAlgorithm = algorithm })
		b.must(string(algorithm), err)
		head, err := b.s3.HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: aws.String("bucket"), Key: aws.String(string(algorithm)), ChecksumMode: "ENABLED"})
		b.must("HEAD", err)
		got := aws.ToString(head.ChecksumCRC32) + aws.ToString(head.ChecksumSHA256) + aws.ToString(head.ChecksumCRC32C) + aws.ToString(head.ChecksumSHA1)
		if head.ChecksumType != "FULL_OBJECT" || got == "" || want != "" && got != want {
			t.Errorf("%s: %s, %s, want %s", algorithm, got, head.ChecksumType, want)
		}
	}
	r := loadRecordings(t)
	for step, headers := range map[string]map[string]string{
		"put-wrong-checksum-no-b64": {"x-amz-checksum-crc32": "x"}, "put-wrong-checksum-value": {"x-amz-checksum-crc32": "AAAAAA=="},
	} {
		want := r.step(t, "TestS3PutObjectChecksum::test_put_object_checksum[CRC32]", step)["Error"].(map[string]any)
		if f := b.raw("PUT", "/bucket/key", headers, []byte("body")).fields(); f["Code"] != want["Code"] || f["Message"] != want["Message"] {
			t.Errorf("%s: %v, AWS's is %v", step, f, want)
		}
	}
	// Without any, S3 computes CRC64NVME.
	p := b.raw("PUT", "/bucket/key", customerKey(1).headers(), []byte("test data.."))
	if p.status != 200 || p.header.Get("X-Amz-Checksum-Crc64nvme") != "qUVrWYOrIAM=" {
		t.Errorf("%d %v", p.status, p.header)
	}
	if p := b.raw("PUT", "/bucket/key", map[string]string{"x-amz-checksum-crc32": "AAAAAA==", "x-amz-checksum-sha1": "AAAA"}, nil); !strings.Contains(string(p.body), "Expecting a single x-amz-checksum- header") {
		t.Errorf("two checksums: %s", p.body)
	}
}

// Recorded: test_s3_invalid_content_md5.
func TestRecordedContentMD5(t *testing.T) {
	const test = "TestS3::test_s3_invalid_content_md5"
	r, b := loadRecordings(t), newBench(t, []lab.Bucket{{Name: "bucket"}})
	for step, digest := range map[string]string{"md5-error-0": "__invalid__", "md5-error-1": "000", "md5-error-3": "MTIz", "md5-error-bad-digest": "CYketZBSTjX8czcs3cXVlg=="} {
		want := r.step(t, test, step)["Error"].(map[string]any)
		p := b.raw("PUT", "/bucket/key", map[string]string{"Content-MD5": digest}, []byte("something"))
		if f := p.fields(); p.status != 400 || f["Code"] != want["Code"] || f["Message"] != want["Message"] {
			t.Errorf("%s: %d %v, AWS's is %v", step, p.status, f, want)
		}
	}
}

// S3 API reference, "Transferring payload in multiple chunks", signed and
// unsigned, with and without a trailer.
func TestChunkedBodies(t *testing.T) {
	b := newBench(t, []lab.Bucket{{Name: "bucket"}})
	chunk := func(s, extension string) string { return fmt.Sprintf("%x%s\r\n%s\r\n", len(s), extension, s) }
	const signature = ";chunk-signature=ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648"
	for name, tc := range map[string]struct {
		kind, body, length string
		status             int
		code               string
	}{
		"signed":           {"STREAMING-AWS4-HMAC-SHA256-PAYLOAD", chunk("hello ", signature) + chunk("world", signature) + "0" + signature + "\r\n\r\n", "11", 200, ""},
		"trailer":          {"STREAMING-UNSIGNED-PAYLOAD-TRAILER", chunk("hello world", "") + "0\r\nx-amz-checksum-crc32:DUoRhQ==\r\n\r\n", "11", 200, ""},
		"signed trailer":   {"STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER", chunk("hello world", signature) + "0" + signature + "\r\nx-amz-checksum-crc32:DUoRhQ==\n\r\nx-amz-trailer-signature:00\r\n\r\n", "11", 200, ""},
		"a wrong trailer":  {"STREAMING-UNSIGNED-PAYLOAD-TRAILER", chunk("hello World", "") + "0\r\nx-amz-checksum-crc32:DUoRhQ==\r\n\r\n", "11", 400, "BadDigest"},
		"no end":           {"STREAMING-UNSIGNED-PAYLOAD-TRAILER", chunk("hello world", ""), "11", 400, "IncompleteBody"},
		"a cut chunk":      {"STREAMING-UNSIGNED-PAYLOAD-TRAILER", "b\r\nhello", "11", 400, "IncompleteBody"},
		"another length":   {"STREAMING-UNSIGNED-PAYLOAD-TRAILER", chunk("hello world", "") + "0\r\n\r\n", "12", 400, "IncompleteBody"},
		"no chunk at all":  {"STREAMING-UNSIGNED-PAYLOAD-TRAILER", "zz\r\n", "0", 400, "IncompleteBody"},
		"a negative chunk": {"STREAMING-UNSIGNED-PAYLOAD-TRAILER", "-1\r\n\r\n0\r\n\r\n", "0", 400, "IncompleteBody"},
	} {
		p := b.raw("PUT", "/bucket/key", map[string]string{"x-amz-content-sha256": tc.kind, "Content-Encoding": "aws-chunked,gzip", "x-amz-decoded-content-length": tc.length}, []byte(tc.body))
		if p.status != tc.status || p.fields()["Code"] != tc.code {
			t.Errorf("%s: %d %s", name, p.status, p.body)
		}
		if tc.status != 200 {
			continue
		}
		if got := b.raw("GET", "/bucket/key", map[string]string{"Accept-Encoding": "identity"}, nil); string(got.body) != "hello world" || got.header.Get("Content-Encoding") != "gzip" {
			t.Errorf("%s: %q, %v", name, got.body, got.header)
		}
		b.raw("DELETE", "/bucket/key", nil, nil)
	}
	wrong := strings.Repeat("00", 32)
	if p := b.raw("PUT", "/bucket/key", map[string]string{"x-amz-content-sha256": wrong}, []byte("x")); p.status != 400 || p.fields()["Code"] != "XAmzContentSHA256Mismatch" {
		t.Errorf("a wrong digest: %d %s", p.status, p.body)
	}
}

// S3 User Guide, "Working with object metadata": names in lower case, 2 KB.
func TestMetadataAndHeaders(t *testing.T) {
	b := newBench(t, []lab.Bucket{{Name: "bucket"}})
	p := b.raw("PUT", "/bucket/a%20b%2Fc%25", map[string]string{"X-Amz-Meta-Some-Name": "value", "Cache-Control": "no-store", "x-amz-tagging": "a=1&b=", "x-amz-storage-class": "STANDARD_IA"}, []byte("body"))
	if p.status != 200 || len(p.body) > 0 || p.header.Get("Content-Type") != "" {
		t.Errorf("%d %s %v", p.status, p.body, p.header)
	}
	p = b.raw("GET", "/bucket/a%20b/c%25", nil, nil)
	for name, want := range map[string]string{"x-amz-meta-some-name": "value", "Cache-Control": "no-store", "x-amz-tagging-count": "2", "x-amz-storage-class": "STANDARD_IA",
		"Content-Type": "binary/octet-stream", "Accept-Ranges": "bytes", "x-amz-server-side-encryption": "AES256"} {
		if got := p.header.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if p := b.raw("PUT", "/bucket/key", map[string]string{"x-amz-meta-long": strings.Repeat("x", 2048)}, nil); p.fields()["Code"] != "MetadataTooLarge" {
		t.Errorf("%d %s", p.status, p.body)
	}
	// Virtual-hosted style (S3 User Guide, "Virtual hosting of general purpose buckets").
	for _, host := range []string{"bucket.s3.eu-west-1.amazonaws.com", "bucket.localhost:1234"} {
		if p := b.hosted(host, "/a%20b/c%25"); p.status != 200 || string(p.body) != "body" {
			t.Errorf("%s: %d %s", host, p.status, p.body)
		}
	}
}

// hosted asks for an object of the bucket that the host names.
func (b *bench) hosted(host, path string) reply {
	b.Helper()
	r, err := http.NewRequestWithContext(b.Context(), http.MethodGet, b.url+path, nil)
	b.must("request", err)
	r.Host = host
	r.Header.Set("Authorization", scope("s3"))
	p, err := b.http.Do(r)
	b.must("request", err)
	defer p.Body.Close()
	body, err := io.ReadAll(p.Body)
	b.must("body", err)
	return reply{p.StatusCode, p.Header, body}
}
