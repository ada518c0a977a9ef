package lab_test

import (
	"bytes"
	"io"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	cttypes "github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// S3 asks KMS once to write an object and once to read it, checksum included;
// its headers need no key (S3 User Guide, "Using server-side encryption with
// AWS KMS keys").
func TestKMSIsAskedOnceForARequest(t *testing.T) {
	cfg, _ := serve(t, emptyAccount())
	c := s3.NewFromConfig(in(cfg, "us-east-1"), func(o *s3.Options) { o.UsePathStyle = true })
	key, err := kms.NewFromConfig(in(cfg, "us-east-1")).CreateKey(t.Context(), &kms.CreateKeyInput{})
	must(t, "key", err)
	bucket, name := aws.String("once"), aws.String("object")
	must(t, "bucket", second(c.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: bucket})))
	must(t, "put", second(c.PutObject(t.Context(), &s3.PutObjectInput{Bucket: bucket, Key: name, Body: bytes.NewReader([]byte("text")),
		ServerSideEncryption: s3types.ServerSideEncryptionAwsKms, SSEKMSKeyId: key.KeyMetadata.Arn})))
	must(t, "head", second(c.HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: bucket, Key: name})))
	out, err := c.GetObject(t.Context(), &s3.GetObjectInput{Bucket: bucket, Key: name, ChecksumMode: s3types.ChecksumModeEnabled})
	must(t, "get", err)
	_, err = io.Copy(io.Discard, out.Body)
	must(t, "get", err)
	for event, want := range map[string]int{"GenerateDataKey": 1, "Decrypt": 1} {
		found, err := cloudtrail.NewFromConfig(in(cfg, "us-east-1")).LookupEvents(t.Context(), &cloudtrail.LookupEventsInput{
			LookupAttributes: []cttypes.LookupAttribute{{AttributeKey: cttypes.LookupAttributeKeyEventName, AttributeValue: &event}}})
		must(t, event, err)
		if len(found.Events) != want {
			t.Errorf("%s: %d events, want %d", event, len(found.Events), want)
		}
	}
}
