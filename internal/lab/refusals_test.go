package lab_test

import (
	"bytes"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/dax"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/firehose"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3control"

	"github.com/sealaudit/sealaudit/internal/lab"
)

// TestRefusalsAreAWSs holds the code and status of each way to be refused.
func TestRefusalsAreAWSs(t *testing.T) {
	cfg, l := serve(t, demo(t))
	ctx := t.Context()
	key := func(id string) error {
		_, err := kms.NewFromConfig(cfg).DescribeKey(ctx, &kms.DescribeKeyInput{KeyId: &id})
		return err
	}
	rotation := func(id string) error {
		_, err := kms.NewFromConfig(cfg).GetKeyRotationStatus(ctx, &kms.GetKeyRotationStatusInput{KeyId: &id})
		return err
	}
	bucket := func(region, name string) error {
		_, err := s3.NewFromConfig(in(cfg, region)).GetBucketEncryption(ctx, &s3.GetBucketEncryptionInput{Bucket: &name})
		return err
	}
	stream := func(name string) error {
		_, err := kinesis.NewFromConfig(cfg).DescribeStreamSummary(ctx, &kinesis.DescribeStreamSummaryInput{StreamName: &name})
		return err
	}
	status := func(region, name string) error {
		_, err := cloudtrail.NewFromConfig(in(cfg, region)).GetTrailStatus(ctx, &cloudtrail.GetTrailStatusInput{Name: &name})
		return err
	}
	for _, tc := range []struct {
		name   string
		err    error
		code   string
		status int
		says   string
	}{
		{"key by id", key("dead0000-0000-4000-8000-000000000001"), "NotFoundException", 400, "key/dead0000"},
		{"key of another region", key("arn:aws:kms:us-east-1:111122223333:key/e2000000-0000-4000-8000-000000000001"), "NotFoundException", 400, "us-east-1"},
		{"no ARN", key("arn:aws"), "InvalidArnException", 400, ""},
		{"alias", key("alias/nowhere"), "NotFoundException", 400, "alias/nowhere is not found"},
		{"foreign key", key("arn:aws:kms:eu-west-1:999988887777:key/f9000000-0000-4000-8000-000000000001"), "AccessDeniedException", 400, "not authorized to perform: kms:DescribeKey"},
		{"denied key", key("alias/describe-denied"), "AccessDeniedException", 400, "arn:aws:sts::111122223333:assumed-role/audit/demo is not authorized to perform: kms:DescribeKey on resource: arn:aws:kms:eu-west-1:"},
		{"rotation of an asymmetric key", rotation("e1000000-0000-4000-8000-000000000014"), "UnsupportedOperationException", 400, ""},
		{"rotation of an HMAC key", rotation("e1000000-0000-4000-8000-000000000015"), "UnsupportedOperationException", 400, ""},
		{"rotation in an HSM", rotation("e1000000-0000-4000-8000-000000000016"), "UnsupportedOperationException", 400, ""},
		{"rotation in an external store", rotation("e1000000-0000-4000-8000-000000000017"), "UnsupportedOperationException", 400, ""},
		{"rotation by alias", rotation("alias/data"), "NotFoundException", 400, ""},
		{"rotation of a foreign key", rotation("arn:aws:kms:eu-west-1:444455556666:key/f1000000-0000-4000-8000-000000000001"), "AccessDeniedException", 400, ""},
		{"bucket", bucket("eu-west-1", "nowhere"), "NoSuchBucket", 404, ""},
		{"bucket of another region", bucket("us-east-1", "demo-records"), "PermanentRedirect", 301, ""},
		{"denied bucket", bucket("eu-west-1", "demo-denied-encryption"), "AccessDenied", 403, "s3:GetEncryptionConfiguration"},
		{"failing bucket", bucket("eu-west-1", "demo-failing"), "InternalError", 500, ""},
		{"stream", stream("nowhere"), "ResourceNotFoundException", 400, "Stream nowhere under account 111122223333 not found."},
		{"throttled stream", stream("demo-throttled"), "LimitExceededException", 400, "Rate exceeded"},
		{"trail elsewhere by name", status("us-east-1", "demo-main"), "TrailNotFoundException", 400, ""},
		{"trail of one region elsewhere", status("us-east-1", "arn:aws:cloudtrail:eu-west-1:111122223333:trail/demo-stopped"), "TrailNotFoundException", 400, ""},
		{"shadow trail by ARN", status("us-east-1", "arn:aws:cloudtrail:eu-west-1:111122223333:trail/demo-main"), "", 0, ""},
		{"region that is off", stream2(t, in(cfg, "af-south-1")), "UnrecognizedClientException", 403, "af-south-1"},
	} {
		got, status := code(tc.err)
		if got != tc.code || status != tc.status || tc.err != nil && !strings.Contains(tc.err.Error(), tc.says) {
			t.Errorf("%s: %s %d: %v", tc.name, got, status, tc.err)
		}
	}
	if m := l.Mutations(); len(m) != 0 {
		t.Errorf("mutations: %+v", m)
	}
}

func stream2(t *testing.T, cfg aws.Config) error {
	_, err := kinesis.NewFromConfig(cfg).ListStreams(t.Context(), nil)
	return err
}

func TestMoreThatIsNotThere(t *testing.T) {
	cfg, _ := serve(t, demo(t))
	ctx := t.Context()
	_, err := firehose.NewFromConfig(cfg).DescribeDeliveryStream(ctx, &firehose.DescribeDeliveryStreamInput{DeliveryStreamName: aws.String("nowhere")})
	if got, _ := code(err); got != "ResourceNotFoundException" {
		t.Error(err)
	}
	_, err = dynamodb.NewFromConfig(cfg).DescribeTable(ctx, &dynamodb.DescribeTableInput{TableName: aws.String("nowhere")})
	if got, _ := code(err); got != "ResourceNotFoundException" {
		t.Error(err)
	}
	_, err = dax.NewFromConfig(cfg).DescribeClusters(ctx, &dax.DescribeClustersInput{ClusterNames: []string{"nowhere"}})
	if got, _ := code(err); got != "ClusterNotFoundFault" {
		t.Error(err)
	}
	_, err = s3control.NewFromConfig(withoutAccountHost(cfg)).GetPublicAccessBlock(ctx, &s3control.GetPublicAccessBlockInput{AccountId: aws.String("999988887777")})
	if err == nil {
		t.Error("the block of another account was told")
	}
	_, err = cloudwatch.NewFromConfig(in(cfg, "us-east-1")).DescribeAlarms(ctx, nil)
	if got, status := code(err); got != "AccessDenied" || status != 403 {
		t.Error(err)
	}
	empty, _ := serve(t, &lab.Account{ID: own, Caller: "c", Regions: map[string]*lab.Region{"eu-west-1": {}}})
	_, err = s3control.NewFromConfig(withoutAccountHost(empty)).GetPublicAccessBlock(ctx, &s3control.GetPublicAccessBlockInput{AccountId: aws.String(own)})
	if got, status := code(err); got != "NoSuchPublicAccessBlockConfiguration" || status != 404 {
		t.Error(err)
	}
}

// Asking KMS for a predefined alias makes a key in AWS; the log tells.
func TestAliasesOfAWSAreMutations(t *testing.T) {
	cfg, l := serve(t, demo(t))
	for _, id := range []string{"alias/aws/ebs", "arn:aws:kms:eu-west-1:111122223333:alias/aws/kinesis", "alias/data"} {
		_, _ = kms.NewFromConfig(cfg).DescribeKey(t.Context(), &kms.DescribeKeyInput{KeyId: aws.String(id)}) // the log matters
	}
	if m := l.Mutations(); len(m) != 2 || m[0].Operation != "kms:DescribeKey" || m[0].Resource != "alias/aws/ebs" {
		t.Errorf("%+v", m)
	}
}

func TestWhatIsNoCallIsRefusedInWords(t *testing.T) {
	cfg, l := serve(t, demo(t))
	for _, tc := range []struct {
		method, path, authorization, target string
		status                              int
		says                                string
	}{
		{"GET", "/", "", "", 403, "MissingAuthenticationToken"},
		{"POST", "/", scope("kinesis"), "Kinesis_20131202.SubscribeToShard", 400, "UnknownOperationException"},
		{"POST", "/", scope("kinesis"), "TrentService.ListKeys", 400, "UnknownOperationException"},
		{"POST", "/", scope("ec2"), "", 400, "UnknownOperationException"},
		{"PUT", "/bucket?cors", scope("s3"), "", 501, "NotImplemented"},
		{"GET", "/bucket/key?torrent", scope("s3"), "", 501, "NotImplemented"},
		{"POST", "/service/GraniteServiceVersion20100801/operation/PutMetricData", scope("monitoring"), "", 400, "MissingAction"},
	} {
		r, err := http.NewRequestWithContext(t.Context(), tc.method, *cfg.BaseEndpoint+tc.path, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", tc.authorization)
		r.Header.Set("X-Amz-Target", tc.target)
		reply, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		var body bytes.Buffer
		_, err = body.ReadFrom(reply.Body)
		_ = reply.Body.Close()
		if err != nil || reply.StatusCode != tc.status || !strings.Contains(body.String(), tc.says) {
			t.Errorf("%s %s %s: %d %s %v", tc.method, tc.path, tc.target, reply.StatusCode, &body, err)
		}
	}
	if n := len(l.Calls()); n != 7 {
		t.Errorf("%d calls are logged", n)
	}
}

func scope(service string) string {
	return "AWS4-HMAC-SHA256 Credential=AKIADEMO/20250101/eu-west-1/" + service + "/aws4_request, SignedHeaders=host, Signature=0"
}
