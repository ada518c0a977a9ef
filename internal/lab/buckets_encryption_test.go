package lab_test

import (
	"bytes"
	"io"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// S3 User Guide, "Blocking or unblocking SSE-C for a general purpose bucket".
func TestNewBucketsBlockCustomerKeys(t *testing.T) {
	b := newBench(t, nil)
	b.create("bucket")
	ctx, bucket := t.Context(), aws.String("bucket")
	blocked := func() string {
		out, err := b.s3.GetBucketEncryption(ctx, &s3.GetBucketEncryptionInput{Bucket: bucket})
		b.must("GetBucketEncryption", err)
		types := out.ServerSideEncryptionConfiguration.Rules[0].BlockedEncryptionTypes
		if types == nil || len(types.EncryptionType) != 1 {
			return ""
		}
		return string(types.EncryptionType[0])
	}
	set := func(kind types.EncryptionType) {
		rule := byDefault("aws:kms", keyA, true)
		if kind != "" {
			rule.Rules[0].BlockedEncryptionTypes = &types.BlockedEncryptionTypes{EncryptionType: []types.EncryptionType{kind}}
		}
		_, err := b.s3.PutBucketEncryption(ctx, &s3.PutBucketEncryptionInput{Bucket: bucket, ServerSideEncryptionConfiguration: rule})
		b.must("PutBucketEncryption", err)
	}
	refused := func() bool {
		_, err := b.put("bucket", "key", "body", withKey(customerKey(1)))
		got, status := code(err)
		if err != nil && (got != "AccessDenied" || status != 403 || !strings.Contains(err.Error(), "has blocked upload requests that specify Server Side Encryption with Customer provided keys (SSE-C)")) {
			t.Errorf("refused as %v", err)
		}
		return err != nil
	}
	if blocked() != "SSE-C" || !refused() {
		t.Errorf("a new bucket blocks %q", blocked())
	}
	if set(""); blocked() != "SSE-C" || !refused() {
		t.Errorf("a configuration without a word of it changed it to %q", blocked())
	}
	if set("NONE"); blocked() != "NONE" || refused() {
		t.Errorf("it can't be allowed: %q", blocked())
	}
	// Blocking again leaves what is there readable.
	set("SSE-C")
	key := customerKey(1)
	out, err := b.get("bucket", "key", key.get)
	if err != nil || !refused() {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(out.Body); err != nil || !bytes.Equal(got, []byte("body")) {
		t.Errorf("%q, %v", got, err)
	}
}

// Recorded: test_s3_copy_object_in_place_with_encryption, test_copy_object_kms (S3
// API reference, CopyObject): a copy has the encryption that its request or its
// bucket says, not its source's.
func TestRecordedCopies(t *testing.T) {
	const test = "TestS3::test_s3_copy_object_in_place_with_encryption"
	r, b := loadRecordings(t), newBench(t, nil)
	b.create("bucket")
	put, err := b.put("bucket", "key", "test", func(in *s3.PutObjectInput) { sse("aws:kms", keyA)(in); in.BucketKeyEnabled = aws.Bool(true) })
	r.play(t, test, "put-object-with-kms-encryption", put, err)
	copied := func(algorithm types.ServerSideEncryption, key *string) (*s3.CopyObjectOutput, error) {
		return b.s3.CopyObject(t.Context(), &s3.CopyObjectInput{Bucket: aws.String("bucket"), Key: aws.String("key"), CopySource: aws.String("bucket/key"), ServerSideEncryption: algorithm, SSEKMSKeyId: key})
	}
	if _, err := copied("", nil); err == nil || !strings.Contains(err.Error(), "trying to copy an object to itself without changing") {
		t.Errorf("a copy onto itself without a change: %v", err)
	}
	out, err := copied("aws:kms", aws.String(keyB))
	r.play(t, test, "copy-object-in-place-with-sse", out, err)
	head, err := b.head("bucket", "key")
	r.play(t, test, "head-copy-with-sse", head, err)
	out, err = copied("AES256", nil)
	r.play(t, test, "copy-object-in-place-with-aes", out, err)
	head, err = b.head("bucket", "key")
	r.play(t, test, "head-copy-with-aes", head, err)
	b.reads("bucket", "key", "test")
}
