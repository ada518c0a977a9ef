package lab_test

import (
	"bytes"
	"crypto/md5"
	"encoding/base64"
	"encoding/hex"
	"maps"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/sealaudit/sealaudit/internal/lab"
)

// customer is a customer's key of 32 equal bytes.
type customer []byte

func customerKey(b byte) customer { return bytes.Repeat([]byte{b}, 32) }

func (c customer) text() *string { return aws.String(base64.StdEncoding.EncodeToString(c)) }

func (c customer) digest() *string {
	sum := md5.Sum(c)
	return aws.String(base64.StdEncoding.EncodeToString(sum[:]))
}

func (c customer) get(in *s3.GetObjectInput) {
	in.SSECustomerAlgorithm, in.SSECustomerKey, in.SSECustomerKeyMD5 = aws.String("AES256"), c.text(), c.digest()
}

func (c customer) headers() map[string]string {
	return map[string]string{"x-amz-server-side-encryption-customer-algorithm": "AES256", "x-amz-server-side-encryption-customer-key": *c.text(),
		"x-amz-server-side-encryption-customer-key-MD5": *c.digest()}
}

func withKey(c customer) func(*s3.PutObjectInput) {
	return func(in *s3.PutObjectInput) {
		in.SSECustomerAlgorithm, in.SSECustomerKey, in.SSECustomerKeyMD5 = aws.String("AES256"), c.text(), c.digest()
	}
}

func md5Tag(body string) string {
	sum := md5.Sum([]byte(body))
	return `"` + hex.EncodeToString(sum[:]) + `"`
}

// without are headers without one, or with another value for it.
func without(headers map[string]string, name, value string) map[string]string {
	out := maps.Clone(headers)
	delete(out, "x-amz-server-side-encryption-customer-"+name)
	if value != "" {
		out["x-amz-server-side-encryption-customer-"+name] = value
	}
	return out
}

// Recorded: test_put_object_validation_sse_c, test_object_retrieval_sse_c (S3
// User Guide, "Using server-side encryption with customer-provided keys").
func TestRecordedCustomerKeys(t *testing.T) {
	const writing, reading = "TestS3SSECEncryption::test_put_object_validation_sse_c", "TestS3SSECEncryption::test_object_retrieval_sse_c"
	r, b := loadRecordings(t), newBench(t, []lab.Bucket{{Name: "bucket"}})
	good, short := customerKey(7).headers(), customer(bytes.Repeat([]byte{7}, 16)).headers()
	both := maps.Clone(good)
	both["x-amz-server-side-encryption"] = "AES256"
	same := func(test, step string, p reply) {
		t.Helper()
		want := r.step(t, test, step)
		status := want["ResponseMetadata"].(map[string]any)["HTTPStatusCode"].(float64)
		got := p.fields()
		if p.status != int(status) {
			t.Errorf("%s: status %d, AWS's is %v", step, p.status, status)
		}
		for name, v := range want["Error"].(map[string]any) {
			if got[name] != v {
				t.Errorf("%s: %s is %q, AWS's is %q", step, name, got[name], v)
			}
		}
	}
	for step, headers := range map[string]map[string]string{
		"put-obj-sse-c-both-encryption": both, "put-obj-sse-c-wrong-algo": without(good, "algorithm", "KMS"), "put-obj-sse-c-no-algo": without(good, "algorithm", ""),
		"put-obj-sse-c-no-key": without(good, "key", ""), "put-obj-sse-c-wrong-key-size": short,
		"put-obj-sse-c-bad-md5": without(good, "key-MD5", *customerKey(8).digest()),
	} {
		same(writing, step, b.raw("PUT", "/bucket/key", headers, []byte("body")))
	}
	out, err := b.put("bucket", "key", "test_data", withKey(customerKey(7)))
	r.play(t, reading, "put-obj-sse-c", out, err)
	if err == nil && (out.ServerSideEncryption != "" || *out.SSECustomerKeyMD5 != *customerKey(7).digest() || *out.ETag == md5Tag("test_data")) {
		t.Errorf("%+v", out)
	}
	for step, headers := range map[string]map[string]string{
		"get-obj-no-sse-c": nil, "get-obj-sse-c-wrong-key": customerKey(8).headers(), "get-obj-sse-c-wrong-algo": without(good, "algorithm", "KMS"),
		"get-obj-sse-c-wrong-key-size": short, "get-obj-sse-c-bad-md5": without(good, "key-MD5", *customerKey(8).digest()),
	} {
		same(reading, step, b.raw("GET", "/bucket/key", headers, nil))
		p := b.raw("HEAD", "/bucket/key", headers, nil)
		if want := r.step(t, reading, step)["ResponseMetadata"].(map[string]any)["HTTPStatusCode"].(float64); p.status != int(want) || len(p.body) > 0 {
			t.Errorf("HEAD, %s: %d %s", step, p.status, p.body)
		}
	}
	if p := b.raw("GET", "/bucket/key", good, nil); string(p.body) != "test_data" || p.header.Get("X-Amz-Server-Side-Encryption") != "" || p.header.Get("X-Amz-Server-Side-Encryption-Customer-Algorithm") != "AES256" {
		t.Errorf("%d %s %v", p.status, p.body, p.header)
	}
	_, err = b.put("bucket", "other", "body", nil)
	b.must("other", err)
	if p := b.raw("GET", "/bucket/other", good, nil); p.status != 400 || p.fields()["Message"] != "The encryption parameters are not applicable to this object." {
		t.Errorf("a key for an object of another kind: %d %s", p.status, p.body)
	}
	// DELETE needs no key.
	if p := b.raw("DELETE", "/bucket/key", nil, nil); p.status != 204 {
		t.Errorf("DELETE: %d", p.status)
	}
}

// S3 User Guide, "Using server-side encryption with customer-provided keys":
// Amazon S3 rejects any requests made over HTTP when using SSE-C.
func TestCustomerKeysOverTLSOnly(t *testing.T) {
	cfg, l := serve(t, &lab.Account{ID: own, Caller: "arn:aws:iam::" + own + ":user/tester", Regions: map[string]*lab.Region{"eu-west-1": {S3: lab.S3{Buckets: []lab.Bucket{{Name: "bucket"}}}}}})
	for _, method := range []string{"PUT", "GET"} {
		p := rawTo(t, plainHTTP(), method, *cfg.BaseEndpoint+"/bucket/key", customerKey(1).headers(), []byte("body"))
		if f := p.fields(); p.status != 400 || f["Code"] != "InvalidRequest" || f["Message"] != "Requests specifying Server Side Encryption with Customer provided keys must be made over a secure connection." {
			t.Errorf("%s: %d %v", method, p.status, f)
		}
	}
	if places := l.Stored(); len(places) > 0 {
		t.Errorf("stored %q", places)
	}
}

func plainHTTP() *http.Client { return http.DefaultClient }

// Recorded: test_copy_object_with_sse_c, test_multipart_upload_sse_c_validation.
func TestRecordedCopiesAndPartsUnderCustomerKeys(t *testing.T) {
	const copies, parts = "TestS3SSECEncryption::test_copy_object_with_sse_c", "TestS3SSECEncryption::test_multipart_upload_sse_c_validation"
	r, b := loadRecordings(t), newBench(t, []lab.Bucket{{Name: "bucket"}})
	ctx, bucket, key := t.Context(), aws.String("bucket"), customerKey(7)
	_, err := b.put("bucket", "source", "test_data", withKey(key))
	b.must("source", err)
	in := func(target string) *s3.CopyObjectInput {
		return &s3.CopyObjectInput{Bucket: bucket, Key: &target, CopySource: aws.String("bucket/source"),
			CopySourceSSECustomerAlgorithm: aws.String("AES256"), CopySourceSSECustomerKey: key.text(), CopySourceSSECustomerKeyMD5: key.digest()}
	}
	out, err := b.s3.CopyObject(ctx, in("plain"))
	r.play(t, copies, "copy-obj-sse-c-target-no-sse-c", out, err)
	b.reads("bucket", "plain", "test_data")
	keyed := in("keyed")
	keyed.SSECustomerAlgorithm, keyed.SSECustomerKey, keyed.SSECustomerKeyMD5 = aws.String("AES256"), customerKey(9).text(), customerKey(9).digest()
	out, err = b.s3.CopyObject(ctx, keyed)
	r.play(t, copies, "copy-obj-sse-c", out, err)
	_, err = b.get("bucket", "keyed", nil)
	r.play(t, copies, "get-obj-no-sse-c-param", nil, err)
	_, err = b.s3.CopyObject(ctx, &s3.CopyObjectInput{Bucket: bucket, Key: aws.String("x"), CopySource: aws.String("bucket/source")})
	r.play(t, copies, "copy-obj-no-src-sse-c", nil, err)

	plain, err := b.s3.CreateMultipartUpload(ctx, &s3.CreateMultipartUploadInput{Bucket: bucket, Key: key.text()})
	r.play(t, parts, "create-mpu-no-sse-c", plain, err)
	part := func(upload *string, c customer) error {
		p := &s3.UploadPartInput{Bucket: bucket, Key: key.text(), UploadId: upload, PartNumber: aws.Int32(1), Body: strings.NewReader("part")}
		if c != nil {
			p.SSECustomerAlgorithm, p.SSECustomerKey, p.SSECustomerKeyMD5 = aws.String("AES256"), c.text(), c.digest()
		}
		_, err := b.s3.UploadPart(ctx, p)
		return err
	}
	r.play(t, parts, "mpu-no-sse-c-upload-part-with-sse-c", nil, part(plain.UploadId, key))
	own, err := b.s3.CreateMultipartUpload(ctx, &s3.CreateMultipartUploadInput{Bucket: bucket, Key: key.text(),
		SSECustomerAlgorithm: aws.String("AES256"), SSECustomerKey: key.text(), SSECustomerKeyMD5: key.digest()})
	r.play(t, parts, "create-mpu-sse-c", own, err)
	r.play(t, parts, "mpu-sse-c-upload-part-no-sse-c", nil, part(own.UploadId, nil))
	r.play(t, parts, "mpu-sse-c-upload-part-wrong-sse-c", nil, part(own.UploadId, customerKey(8)))
}
