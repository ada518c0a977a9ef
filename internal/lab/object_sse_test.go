package lab_test

import (
	"io"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/sealaudit/sealaudit/internal/lab"
)

func (b *bench) put(bucket, key, body string, with func(*s3.PutObjectInput)) (*s3.PutObjectOutput, error) {
	in := &s3.PutObjectInput{Bucket: &bucket, Key: &key, Body: strings.NewReader(body)}
	if with != nil {
		with(in)
	}
	return b.s3.PutObject(b.Context(), in)
}

func (b *bench) get(bucket, key string, with func(*s3.GetObjectInput)) (*s3.GetObjectOutput, error) {
	in := &s3.GetObjectInput{Bucket: &bucket, Key: &key}
	if with != nil {
		with(in)
	}
	return b.s3.GetObject(b.Context(), in)
}

func (b *bench) head(bucket, key string) (*s3.HeadObjectOutput, error) {
	return b.s3.HeadObject(b.Context(), &s3.HeadObjectInput{Bucket: &bucket, Key: &key})
}

// reads checks that an object has a body.
func (b *bench) reads(bucket, key, body string) {
	b.Helper()
	out, err := b.get(bucket, key, nil)
	if err != nil {
		b.Errorf("%s: %v", key, err)
		return
	}
	got, err := io.ReadAll(out.Body)
	if err != nil || string(got) != body {
		b.Errorf("%s: %q, %v; want %q", key, got, err, body)
	}
}

// S3 User Guide, "Protecting data with server-side encryption": what the
// headers of each kind say, when an object is written and when it is read.
func TestHeadersOfEveryEncryption(t *testing.T) {
	b := newBench(t, []lab.Bucket{{Name: "bucket"}, {Name: "by-key", Encryption: sseRule("aws:kms", "alias/a", true)}})
	for _, tc := range []struct {
		name, bucket string
		with         func(*s3.PutObjectInput)
		algorithm    types.ServerSideEncryption
		key          string // "" for none, "managed" for aws/s3
		bucketKey    bool
		md5          bool // the ETag is the body's MD5
	}{
		{"default", "bucket", nil, "AES256", "", false, true},
		{"s3", "bucket", func(in *s3.PutObjectInput) { in.ServerSideEncryption = "AES256" }, "AES256", "", false, true},
		{"kms, managed", "bucket", func(in *s3.PutObjectInput) { in.ServerSideEncryption = "aws:kms" }, "aws:kms", "managed", false, false},
		{"kms, id", "bucket", sse("aws:kms", keyA), "aws:kms", keyARN + keyA, false, false},
		{"kms, alias", "bucket", sse("aws:kms", "alias/a"), "aws:kms", keyARN + keyA, false, false},
		{"kms, arn", "bucket", sse("aws:kms", keyARN+keyB), "aws:kms", keyARN + keyB, false, false},
		{"kms, alias arn", "bucket", sse("aws:kms", strings.TrimSuffix(keyARN, "key/")+"alias/a"), "aws:kms", keyARN + keyA, false, false},
		{"kms, bucket key", "bucket", func(in *s3.PutObjectInput) { sse("aws:kms", keyA)(in); in.BucketKeyEnabled = aws.Bool(true) }, "aws:kms", keyARN + keyA, true, false},
		{"dsse", "bucket", sse("aws:kms:dsse", keyA), "aws:kms:dsse", keyARN + keyA, false, false},
		{"bucket's default", "by-key", nil, "aws:kms", keyARN + keyA, true, false},
		{"against the default", "by-key", func(in *s3.PutObjectInput) { in.ServerSideEncryption = "AES256" }, "AES256", "", false, true},
		// The bucket's setting holds where a request names KMS and no bucket key.
		{"bucket's setting", "by-key", sse("aws:kms", keyB), "aws:kms", keyARN + keyB, true, false},
		// Bucket keys are not for DSSE-KMS.
		{"dsse by default", "by-key", sse("aws:kms:dsse", keyB), "aws:kms:dsse", keyARN + keyB, false, false},
	} {
		out, err := b.put(tc.bucket, tc.name, "body of "+tc.name, tc.with)
		if err != nil {
			t.Errorf("%s: %v", tc.name, err)
			continue
		}
		head, err := b.head(tc.bucket, tc.name)
		b.must(tc.name, err)
		key := tc.key
		if key == "managed" {
			key = b.managed()
		}
		if out.ServerSideEncryption != tc.algorithm || aws.ToString(out.SSEKMSKeyId) != key || aws.ToBool(out.BucketKeyEnabled) != tc.bucketKey {
			t.Errorf("%s: written as %+v", tc.name, out)
		}
		if head.ServerSideEncryption != tc.algorithm || aws.ToString(head.SSEKMSKeyId) != key || aws.ToBool(head.BucketKeyEnabled) != tc.bucketKey ||
			*head.ETag != *out.ETag || *head.ContentLength != int64(len("body of "+tc.name)) {
			t.Errorf("%s: HEAD says %+v", tc.name, head)
		}
		if (*out.ETag == md5Tag("body of "+tc.name)) != tc.md5 {
			t.Errorf("%s: ETag %s", tc.name, *out.ETag)
		}
		b.reads(tc.bucket, tc.name, "body of "+tc.name)
	}
}

func sse(algorithm types.ServerSideEncryption, key string) func(*s3.PutObjectInput) {
	return func(in *s3.PutObjectInput) { in.ServerSideEncryption, in.SSEKMSKeyId = algorithm, &key }
}

func sseRule(algorithm, key string, bucketKey bool) map[string]any {
	apply := map[string]any{"SSEAlgorithm": algorithm}
	if key != "" {
		apply["KMSMasterKeyID"] = key
	}
	return map[string]any{"Rules": []any{map[string]any{"ApplyServerSideEncryptionByDefault": apply, "BucketKeyEnabled": bucketKey}}}
}

func (b *bench) managed() string {
	out, err := kms.NewFromConfig(b.cfg).DescribeKey(b.Context(), &kms.DescribeKeyInput{KeyId: aws.String("alias/aws/s3")})
	b.must("alias/aws/s3", err)
	if out.KeyMetadata.KeyManager != "AWS" || *out.KeyMetadata.Description != "Default key that protects my S3 objects when no other key is defined" {
		b.Errorf("alias/aws/s3 is %+v", out.KeyMetadata)
	}
	return *out.KeyMetadata.Arn
}

// An object keeps what it was written with (S3 User Guide, "Setting default
// server-side encryption behavior": a change does not reach existing objects).
func TestRecordedDefaults(t *testing.T) {
	r := loadRecordings(t)
	b := newBench(t, nil, lab.Clock(oldDay))
	ctx, bucket := t.Context(), aws.String("bucket")
	b.create("bucket")
	const test = "TestS3BucketEncryption::test_s3_default_bucket_encryption"
	encryption := func() (*s3.GetBucketEncryptionOutput, error) {
		return b.s3.GetBucketEncryption(ctx, &s3.GetBucketEncryptionInput{Bucket: bucket})
	}
	out, err := encryption()
	r.play(t, test, "default-bucket-encryption", out, err)
	const during = "TestS3::test_s3_sse_bucket_key_default"
	put, err := b.put("bucket", "before", "test-sse", nil)
	r.play(t, during, "put-obj-default-before-setting", put, err)
	_, err = b.s3.PutBucketEncryption(ctx, &s3.PutBucketEncryptionInput{Bucket: bucket, ServerSideEncryptionConfiguration: byDefault("aws:kms", keyA, true)})
	b.must("PutBucketEncryption", err)
	out, err = encryption()
	r.play(t, during, "get-bucket-encryption", out, err)
	get, err := b.get("bucket", "before", nil)
	r.play(t, during, "get-obj-default-after-setting", get, err)
	put, err = b.put("bucket", "after", "test-sse", nil)
	r.play(t, during, "put-obj-after-setting", put, err)
	get, err = b.get("bucket", "after", nil)
	r.play(t, during, "get-obj-after-setting", get, err)
	for range 2 {
		_, err = b.s3.DeleteBucketEncryption(ctx, &s3.DeleteBucketEncryptionInput{Bucket: bucket})
		b.must("DeleteBucketEncryption", err)
	}
	out, err = encryption()
	r.play(t, test, "default-bucket-encryption", out, err) // the recorded answer is from a time of 404 or none
	get, err = b.get("bucket", "after", nil)
	r.play(t, during, "get-obj-after-setting", get, err)
}

func byDefault(algorithm types.ServerSideEncryption, key string, bucketKey bool) *types.ServerSideEncryptionConfiguration {
	apply := &types.ServerSideEncryptionByDefault{SSEAlgorithm: algorithm}
	if key != "" {
		apply.KMSMasterKeyID = &key
	}
	return &types.ServerSideEncryptionConfiguration{Rules: []types.ServerSideEncryptionRule{{ApplyServerSideEncryptionByDefault: apply, BucketKeyEnabled: &bucketKey}}}
}

func (b *bench) create(bucket string) {
	b.Helper()
	_, err := b.s3.CreateBucket(b.Context(), &s3.CreateBucketInput{Bucket: &bucket, CreateBucketConfiguration: &types.CreateBucketConfiguration{LocationConstraint: "eu-west-1"}})
	b.must("CreateBucket", err)
}

// Recorded: test_s3_sse_validate_kms_key and …_state.
func TestRecordedKeysThatKMSRefuses(t *testing.T) {
	const test, state = "TestS3::test_s3_sse_validate_kms_key", "TestS3::test_s3_sse_validate_kms_key_state"
	r, b := loadRecordings(t), newBench(t, []lab.Bucket{{Name: "bucket"}})
	const unknown = "134f2428-cec1-4b25-a1ae-9048164dba47"
	for step, key := range map[string]string{
		"put-obj-wrong-kms-key": "fake-key-id", "put-obj-wrong-kms-key-real-uuid": unknown, "put-obj-wrong-kms-key-real-uuid-arn": keyARN + unknown,
		"put-obj-different-region-kms-key": "arn:aws:kms:us-west-2:" + own + ":key/" + keyA,
	} {
		out, err := b.put("bucket", "refused", "body", sse("aws:kms", key))
		r.play(t, test, step, out, err)
	}
	ctx, keys := t.Context(), kms.NewFromConfig(b.cfg)
	out, err := b.put("bucket", "key", "test-sse", sse("aws:kms", keyA))
	r.play(t, state, "success-put-object-sse", out, err)
	get, err := b.get("bucket", "key", nil)
	r.play(t, state, "success-get-object-sse", get, err)
	_, err = keys.DisableKey(ctx, &kms.DisableKeyInput{KeyId: aws.String(keyA)})
	b.must("DisableKey", err)
	get, err = b.get("bucket", "key", nil)
	r.play(t, state, "get-obj-disabled-key", get, err)
	out, err = b.put("bucket", "key-2", "body", sse("aws:kms", keyA))
	r.play(t, state, "put-obj-disabled-key", out, err)
	// The headers are not under the key; the checksum is (S3 API reference, HeadObject).
	if head, err := b.head("bucket", "key"); err != nil || *head.SSEKMSKeyId != keyARN+keyA {
		t.Errorf("HEAD under a disabled key: %+v, %v", head, err)
	}
	if _, err := b.s3.HeadObject(ctx, &s3.HeadObjectInput{Bucket: aws.String("bucket"), Key: aws.String("key"), ChecksumMode: types.ChecksumModeEnabled}); err == nil {
		t.Error("HEAD tells the checksum under a disabled key")
	}
	_, err = keys.ScheduleKeyDeletion(ctx, &kms.ScheduleKeyDeletionInput{KeyId: aws.String(keyA)})
	b.must("ScheduleKeyDeletion", err)
	get, err = b.get("bucket", "key", nil)
	r.play(t, state, "get-obj-pending-deletion-key", get, err)
}

// S3 API reference, PutObject: what the headers must be.
func TestRequestsForEncryptionThatS3Refuses(t *testing.T) {
	b := newBench(t, []lab.Bucket{{Name: "bucket"}})
	for name, tc := range map[string]struct {
		headers map[string]string
		message string
	}{
		"another algorithm":      {map[string]string{"x-amz-server-side-encryption": "rot13"}, "The encryption method specified is not supported"},
		"a key of no algorithm":  {map[string]string{"x-amz-server-side-encryption-aws-kms-key-id": keyA}, "requires HTTP header x-amz-server-side-encryption : aws:kms"},
		"a key of S3's":          {map[string]string{"x-amz-server-side-encryption": "AES256", "x-amz-server-side-encryption-aws-kms-key-id": keyA}, "requires HTTP header x-amz-server-side-encryption : aws:kms"},
		"a context of S3's":      {map[string]string{"x-amz-server-side-encryption": "AES256", "x-amz-server-side-encryption-context": "e30="}, "requires HTTP header x-amz-server-side-encryption : aws:kms"},
		"a context of no base64": {map[string]string{"x-amz-server-side-encryption": "aws:kms", "x-amz-server-side-encryption-context": "{}"}, "string-string map"},
		"a context of numbers":   {map[string]string{"x-amz-server-side-encryption": "aws:kms", "x-amz-server-side-encryption-context": "eyJhIjoxfQ=="}, "string-string map"},
	} {
		p := b.raw("PUT", "/bucket/key", tc.headers, []byte("body"))
		if f := p.fields(); p.status != 400 || f["Code"] != "InvalidArgument" || !strings.Contains(f["Message"], tc.message) {
			t.Errorf("%s: %d %v", name, p.status, f)
		}
	}
}

// S3 User Guide, "Using server-side encryption with AWS KMS keys", "Encryption
// context", and "Reducing the cost of SSE-KMS with Amazon S3 Bucket Keys".
func TestContextsAndCallsOfKMS(t *testing.T) {
	b := newBench(t, []lab.Bucket{{Name: "bucket"}})
	added := "eyJwcm9qZWN0IjoiYSJ9" // {"project":"a"}
	out, err := b.put("bucket", "added", "body", func(in *s3.PutObjectInput) { sse("aws:kms", keyA)(in); in.SSEKMSEncryptionContext = &added })
	if err != nil || aws.ToString(out.SSEKMSEncryptionContext) != added {
		t.Fatalf("%+v, %v", out, err)
	}
	b.reads("bucket", "added", "body")
	for _, key := range []string{"1", "2", "3"} {
		_, err = b.put("bucket", "with bucket key/"+key, "body", func(in *s3.PutObjectInput) { sse("aws:kms", keyB)(in); in.BucketKeyEnabled = aws.Bool(true) })
		b.must(key, err)
		b.reads("bucket", "with bucket key/"+key, "body")
	}
	_, err = b.put("bucket", "two layers", "body", sse("aws:kms:dsse", keyB))
	b.must("dsse", err)
	got := map[string]int{}
	for _, e := range b.lab.KeyUses() {
		got[e]++
	}
	for use, n := range map[string]int{
		"GenerateDataKey aws:s3:arn=arn:aws:s3:::bucket/added project=a": 1,
		"Decrypt aws:s3:arn=arn:aws:s3:::bucket/added project=a":         1,
		"GenerateDataKey aws:s3:arn=arn:aws:s3:::bucket":                 1, // for three objects, written and read
		"Decrypt aws:s3:arn=arn:aws:s3:::bucket":                         0,
		"GenerateDataKey aws:s3:arn=arn:aws:s3:::bucket/two layers":      2,
	} {
		if got[use] != n {
			t.Errorf("%s: %d times, want %d; all: %v", use, got[use], n, got)
		}
	}
	// The bucket key is for a time, and for as long as the KMS key can be used.
	b.lab.Advance(lab.BucketKeyTime())
	b.reads("bucket", "with bucket key/1", "body")
	if n := count(b.lab.KeyUses(), "Decrypt aws:s3:arn=arn:aws:s3:::bucket"); n != 1 {
		t.Errorf("%d calls of KMS for an old bucket key", n)
	}
	_, err = kms.NewFromConfig(b.cfg).DisableKey(t.Context(), &kms.DisableKeyInput{KeyId: aws.String(keyB)})
	b.must("DisableKey", err)
	_, err = b.get("bucket", "with bucket key/2", nil)
	if got, status := code(err); got != "KMS.DisabledException" || status != 400 {
		t.Errorf("reading under a disabled key: %v", err)
	}
}

func count(list []string, s string) (n int) {
	for _, v := range list {
		if v == s {
			n++
		}
	}
	return n
}
