package lab_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	cttypes "github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// S3 User Guide, "Monitoring default encryption with AWS CloudTrail and Amazon
// EventBridge": additionalEventData tells how a new object was encrypted, and
// whether that was asked for.
func TestRecordsTellHowObjectsWereEncrypted(t *testing.T) {
	c := newTrails(t)
	c.create(cloudtrail.CreateTrailInput{})
	_, err := c.PutEventSelectors(t.Context(), &cloudtrail.PutEventSelectorsInput{TrailName: aws.String("mine"), EventSelectors: []cttypes.EventSelector{{
		ReadWriteType: "All", IncludeManagementEvents: aws.Bool(false), DataResources: []cttypes.DataResource{{Type: aws.String("AWS::S3::Object"), Values: []string{"arn:aws:s3:::objects/"}}}}}})
	if err != nil {
		t.Fatal(err)
	}
	bucket := aws.String("objects")
	if _, err := c.s3.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: bucket, CreateBucketConfiguration: &s3types.CreateBucketConfiguration{LocationConstraint: "eu-west-1"}}); err != nil {
		t.Fatal(err)
	}
	put := func(sse s3types.ServerSideEncryption) {
		t.Helper()
		if _, err := c.s3.PutObject(t.Context(), &s3.PutObjectInput{Bucket: bucket, Key: aws.String("a"), Body: strings.NewReader("x"), ServerSideEncryption: sse}); err != nil {
			t.Fatal(err)
		}
		c.lab.Advance(time.Minute)
	}
	put("")
	put("AES256")
	put("aws:kms")
	put("aws:kms:dsse")
	_, err = c.s3.PutBucketEncryption(t.Context(), &s3.PutBucketEncryptionInput{Bucket: bucket, ServerSideEncryptionConfiguration: &s3types.ServerSideEncryptionConfiguration{
		Rules: []s3types.ServerSideEncryptionRule{{ApplyServerSideEncryptionByDefault: &s3types.ServerSideEncryptionByDefault{SSEAlgorithm: "aws:kms"}}}}})
	if err != nil {
		t.Fatal(err)
	}
	put("")
	c.lab.Advance(30 * time.Minute)
	var got []string
	for _, key := range c.keys("/CloudTrail/") {
		body, _, err := c.file(key)
		if err != nil {
			t.Fatal(err)
		}
		var log struct {
			Records []struct {
				EventTime           string
				AdditionalEventData struct{ SSEApplied string }
			}
		}
		if err := json.Unmarshal(body, &log); err != nil {
			t.Fatal(err)
		}
		for _, r := range log.Records {
			got = append(got, r.EventTime+" "+r.AdditionalEventData.SSEApplied)
		}
	}
	slices.Sort(got)
	for i, want := range []string{"Default_SSE_S3", "SSE_S3", "SSE_KMS", "DSSE_KMS", "Default_SSE_KMS"} {
		if i >= len(got) || !strings.HasSuffix(got[i], " "+want) {
			t.Errorf("%v, want %s next", got, want)
		}
	}
}
