package lab_test

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	cttypes "github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	ddbtypes "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	kintypes "github.com/aws/aws-sdk-go-v2/service/kinesis/types"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/sealaudit/sealaudit/internal/lab"
)

// A caller who is not authorized changes and causes nothing (IAM User Guide,
// "Policy evaluation logic"): no service asks KMS on the caller's behalf, so no
// Decrypt is recorded, and the refusal names the resource (IAM User Guide,
// "Troubleshoot access denied error messages").
func TestDeniedReadsAskNobody(t *testing.T) {
	b := newBench(t, []lab.Bucket{{Name: "sealed"}}, lab.Deny("s3:GetObject", "kinesis:GetRecords", "dynamodb:GetItem", "dynamodb:Scan", "kms:GenerateDataKeyWithoutPlaintext"))
	ctx := t.Context()
	_, err := b.s3.PutObject(ctx, &s3.PutObjectInput{Bucket: aws.String("sealed"), Key: aws.String("a"), Body: strings.NewReader("x"), ServerSideEncryption: s3types.ServerSideEncryptionAwsKms, SSEKMSKeyId: aws.String(keyA)})
	b.must("PutObject", err)
	streams, tables := kinesis.NewFromConfig(b.cfg), dynamodb.NewFromConfig(b.cfg)
	_, err = streams.CreateStream(ctx, &kinesis.CreateStreamInput{StreamName: aws.String("sealed"), ShardCount: aws.Int32(1)})
	b.must("CreateStream", err)
	b.lab.Advance(time.Minute)
	_, err = streams.StartStreamEncryption(ctx, &kinesis.StartStreamEncryptionInput{StreamName: aws.String("sealed"), EncryptionType: kintypes.EncryptionTypeKms, KeyId: aws.String(keyA)})
	b.must("StartStreamEncryption", err)
	b.lab.Advance(time.Minute)
	_, err = streams.PutRecord(ctx, &kinesis.PutRecordInput{StreamName: aws.String("sealed"), Data: []byte("x"), PartitionKey: aws.String("p")})
	b.must("PutRecord", err)
	_, err = tables.CreateTable(ctx, &dynamodb.CreateTableInput{TableName: aws.String("sealed"), BillingMode: ddbtypes.BillingModePayPerRequest,
		KeySchema:            []ddbtypes.KeySchemaElement{{AttributeName: aws.String("id"), KeyType: ddbtypes.KeyTypeHash}},
		AttributeDefinitions: []ddbtypes.AttributeDefinition{{AttributeName: aws.String("id"), AttributeType: ddbtypes.ScalarAttributeTypeS}},
		SSESpecification:     &ddbtypes.SSESpecification{Enabled: aws.Bool(true), SSEType: ddbtypes.SSETypeKms, KMSMasterKeyId: aws.String(keyA)}})
	b.must("CreateTable", err)
	b.lab.Advance(time.Hour) // no key is cached any more

	it, err := streams.GetShardIterator(ctx, &kinesis.GetShardIteratorInput{StreamName: aws.String("sealed"), ShardId: aws.String("shardId-000000000000"), ShardIteratorType: kintypes.ShardIteratorTypeTrimHorizon})
	b.must("GetShardIterator", err)
	id := map[string]ddbtypes.AttributeValue{"id": &ddbtypes.AttributeValueMemberS{Value: "1"}}
	before := b.kmsEvents()
	for name, ask := range map[string]func() error{
		"s3:GetObject on resource: arn:aws:s3:::sealed/a ": func() error {
			_, err := b.s3.GetObject(ctx, &s3.GetObjectInput{Bucket: aws.String("sealed"), Key: aws.String("a")})
			return err
		},
		"kinesis:GetRecords on resource: arn:aws:kinesis:eu-west-1:" + own + ":stream/sealed ": func() error {
			_, err := streams.GetRecords(ctx, &kinesis.GetRecordsInput{ShardIterator: it.ShardIterator})
			return err
		},
		"dynamodb:GetItem on resource: arn:aws:dynamodb:eu-west-1:" + own + ":table/sealed ": func() error {
			_, err := tables.GetItem(ctx, &dynamodb.GetItemInput{TableName: aws.String("sealed"), Key: id})
			return err
		},
		"dynamodb:Scan on resource: arn:aws:dynamodb:eu-west-1:" + own + ":table/sealed ": func() error {
			_, err := tables.Scan(ctx, &dynamodb.ScanInput{TableName: aws.String("sealed")})
			return err
		},
		"kms:GenerateDataKeyWithoutPlaintext on resource: " + keyARN + keyA + " ": func() error {
			_, err := kms.NewFromConfig(b.cfg).GenerateDataKeyWithoutPlaintext(ctx, &kms.GenerateDataKeyWithoutPlaintextInput{KeyId: aws.String("alias/a"), KeySpec: "AES_256"})
			return err
		},
	} {
		err := ask()
		if got, _ := code(err); !strings.HasPrefix(got, "AccessDenied") || !strings.Contains(messageOf(err), "is not authorized to perform: "+name) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if after := b.kmsEvents(); after != before {
		t.Errorf("services called KMS %d times for a caller who was denied", after-before)
	}
}

// kmsEvents counts the uses of keys by services.
func (b *bench) kmsEvents() int {
	b.Helper()
	b.lab.Advance(20 * time.Minute)
	n := 0
	for _, name := range []string{"Decrypt", "GenerateDataKey"} {
		for p := cloudtrail.NewLookupEventsPaginator(cloudtrail.NewFromConfig(b.cfg), &cloudtrail.LookupEventsInput{LookupAttributes: []cttypes.LookupAttribute{
			{AttributeKey: cttypes.LookupAttributeKeyEventName, AttributeValue: &name}}}); p.HasMorePages(); {
			out, err := p.NextPage(b.Context())
			b.must("LookupEvents", err)
			for _, e := range out.Events {
				if strings.Contains(aws.ToString(e.CloudTrailEvent), `"invokedBy"`) {
					n++
				}
			}
		}
	}
	return n
}

// KMS Developer Guide, "Forward access sessions": a service uses a key with the
// permissions of its caller. S3 User Guide, "Using server-side encryption with
// AWS KMS keys": reading needs kms:Decrypt, writing kms:GenerateDataKey.
func TestServicesUseKeysWithTheirCallersPermissions(t *testing.T) {
	for _, tc := range []struct {
		denied, put, get string
	}{{"kms:Decrypt", "", "AccessDenied"}, {"kms:GenerateDataKey", "AccessDenied", "NoSuchKey"}, {"kms:Encrypt", "", ""}} {
		b := newBench(t, []lab.Bucket{{Name: "sealed"}}, lab.Deny(tc.denied))
		_, err := b.s3.PutObject(t.Context(), &s3.PutObjectInput{Bucket: aws.String("sealed"), Key: aws.String("a"), Body: strings.NewReader("x"), ServerSideEncryption: s3types.ServerSideEncryptionAwsKms, SSEKMSKeyId: aws.String(keyA)})
		if got, _ := code(err); got != tc.put {
			t.Errorf("%s denied, PutObject: %v", tc.denied, err)
		}
		_, err = b.s3.GetObject(t.Context(), &s3.GetObjectInput{Bucket: aws.String("sealed"), Key: aws.String("a")})
		if got, _ := code(err); got != tc.get {
			t.Errorf("%s denied, GetObject: %v", tc.denied, err)
		}
	}
}
