package lab_test

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	cttypes "github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// CloudTrail User Guide, "Amazon S3 bucket policy for CloudTrail": a bucket that
// does not let CloudTrail look and write takes no trail.
func TestTrailsNeedTheirBucketsPolicy(t *testing.T) {
	c := newTrails(t)
	good := trailPolicy(trailBucket)
	sourced := strings.Replace(good, `"s3:x-amz-acl":"bucket-owner-full-control"`, `"s3:x-amz-acl":"bucket-owner-full-control","aws:SourceArn":"arn:aws:cloudtrail:eu-west-1:`+own+`:trail/mine"`, 1)
	for name, policy := range map[string]string{
		"good": good, "sourced": sourced,
		"none":       "",
		"no acl":     strings.Replace(good, "s3:GetBucketAcl", "s3:GetBucketPolicy", 1),
		"no write":   strings.Replace(good, "s3:PutObject", "s3:GetObject", 1),
		"a stranger": strings.ReplaceAll(good, "cloudtrail.amazonaws.com", "config.amazonaws.com"),
		"other path": strings.Replace(good, "AWSLogs/"+own, "AWSLogs/999999999999", 1),
		"other arn":  strings.Replace(sourced, "trail/mine", "trail/yours", 1),
		"denies":     strings.ReplaceAll(good, `"Allow"`, `"Deny"`),
	} {
		var err error
		if policy == "" {
			_, err = c.s3.DeleteBucketPolicy(t.Context(), &s3.DeleteBucketPolicyInput{Bucket: aws.String(trailBucket)})
		} else {
			_, err = c.s3.PutBucketPolicy(t.Context(), &s3.PutBucketPolicyInput{Bucket: aws.String(trailBucket), Policy: &policy})
		}
		if err != nil {
			t.Fatal(name, err)
		}
		_, err = c.CreateTrail(t.Context(), &cloudtrail.CreateTrailInput{Name: aws.String("mine"), S3BucketName: aws.String(trailBucket)})
		want := "InsufficientS3BucketPolicyException"
		if name == "good" || name == "sourced" {
			want = ""
			_, _ = c.DeleteTrail(t.Context(), &cloudtrail.DeleteTrailInput{Name: aws.String("mine")})
		}
		if got, _ := code(err); got != want {
			t.Errorf("%s: %v, want %q", name, err, want)
		}
	}
}

// CloudTrail User Guide, "CloudTrail record contents", and KMS Developer Guide,
// "Logging AWS KMS API calls with AWS CloudTrail": calls that change something
// tell their answer, without secrets; those of KMS its key. S3's name the bucket
// as bucketName.
func TestRecordsTellAnswers(t *testing.T) {
	p := newPlayer(t)
	c := cloudtrail.NewFromConfig(p.cfg)
	p.call("kms:CreateGrant", document{"KeyId": keyA, "GranteePrincipal": "arn:aws:iam::" + own + ":role/r", "Operations": list("Decrypt")})
	p.call("kms:GenerateDataKey", document{"KeyId": keyA, "KeySpec": "AES_256"})
	p.call("kms:DisableKey", document{"KeyId": keyA})
	if _, err := p.s3.PutBucketPolicy(t.Context(), &s3.PutBucketPolicyInput{Bucket: aws.String("one"), Policy: aws.String(trailPolicy("one"))}); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string][]string{
		"CreateGrant":     {`"grantId":"`, `"keyId":"arn:aws:kms:`},
		"DisableKey":      {`"responseElements":{"keyId":"arn:aws:kms:`},
		"GenerateDataKey": {`"responseElements":null`},
		"PutBucketPolicy": {`"responseElements":null`, `"bucketName":"one"`},
	} {
		out, err := c.LookupEvents(t.Context(), &cloudtrail.LookupEventsInput{LookupAttributes: []cttypes.LookupAttribute{{AttributeKey: "EventName", AttributeValue: aws.String(name)}}})
		if err != nil || len(out.Events) == 0 {
			t.Fatalf("%s: %v", name, err)
		}
		text := *out.Events[0].CloudTrailEvent
		for _, part := range want {
			if !strings.Contains(text, part) {
				t.Errorf("%s lacks %s: %s", name, part, text)
			}
		}
		if strings.Contains(text, "grantToken") {
			t.Errorf("%s tells a token: %s", name, text)
		}
	}
}
