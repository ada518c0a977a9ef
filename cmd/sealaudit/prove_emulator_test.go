//go:build emulator

package main

import (
	"bytes"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	ddbtypes "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	kintypes "github.com/aws/aws-sdk-go-v2/service/kinesis/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/sealaudit/sealaudit/internal/envelope/ddb"
	"github.com/sealaudit/sealaudit/internal/envelope/s3ec"
)

// TestEmulatorProofs stores objects, records and items in an emulator that
// nobody here wrote (moto), sealed under keys of its KMS, samples them, and
// compares what the evidence says with testdata/emulator_proofs.json: what was
// sealed is verified, what was changed refuted, what is under a key that KMS
// does not have unknown.
func TestEmulatorProofs(t *testing.T) {
	useEmulator(t)
	s := newSealers(t)
	seedProofObjects(t, s)
	seedProofRecords(t, s, "proofs")
	seedProofItems(t, s)
	rows, written := proofScan(t, "--endpoint-url", os.Getenv("SEALAUDIT_EMULATOR"), "--region", proofRegion,
		"--service", "s3/objects,kinesis/records,dynamodb/items")
	goldenRows(t, "emulator_proofs.json", rows, s.keys)
	withoutCanary(t, written)
}

// TestEmulatorRecords does so with a Kinesis that says for each record whether
// it is encrypted (kinesis-local), and moto's KMS.
func TestEmulatorRecords(t *testing.T) {
	useEmulator(t)
	endpoint := os.Getenv("SEALAUDIT_EMULATOR_KINESIS")
	if endpoint == "" {
		t.Fatal("SEALAUDIT_EMULATOR_KINESIS is not set; run .ci/run emulator")
	}
	t.Setenv("AWS_ENDPOINT_URL_KINESIS", endpoint)
	s := newSealers(t)
	seedProofRecords(t, s, "records")
	// --endpoint-url would have every service at one address.
	rows, written := proofScan(t, "--region", proofRegion, "--service", "kinesis/records")
	goldenRows(t, "emulator_records.json", rows, s.keys)
	withoutCanary(t, written)
}

func useEmulator(t *testing.T) {
	t.Helper()
	endpoint := os.Getenv("SEALAUDIT_EMULATOR")
	if endpoint == "" {
		t.Fatal("SEALAUDIT_EMULATOR is not set; run .ci/run emulator")
	}
	for name, value := range map[string]string{"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test",
		"AWS_EC2_METADATA_DISABLED": "true", "AWS_ENDPOINT_URL": endpoint, "AWS_REGION": proofRegion} {
		t.Setenv(name, value)
	}
}

// withoutCanary holds that no plaintext, and no value of a context, was
// written.
func withoutCanary(t *testing.T, written map[string][]byte) {
	t.Helper()
	for name, text := range written {
		if bytes.Contains(text, []byte("CANARY-4711")) {
			t.Errorf("%s holds plaintext", name)
		}
	}
}

func seedProofObjects(t *testing.T, s *sealers) {
	t.Helper()
	c := s3.NewFromConfig(emulatorConfig(t, proofRegion), func(o *s3.Options) { o.UsePathStyle = true })
	bucket := aws.String("proofs")
	must[*s3.CreateBucketOutput](t)(c.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: bucket,
		CreateBucketConfiguration: &s3types.CreateBucketConfiguration{LocationConstraint: proofRegion}}))
	put := func(key string, a sealedText, more func(*s3.PutObjectInput)) {
		in := &s3.PutObjectInput{Bucket: bucket, Key: aws.String(key), Body: bytes.NewReader(a.body), Metadata: a.metadata}
		if more != nil {
			more(in)
		}
		must[*s3.PutObjectOutput](t)(c.PutObject(t.Context(), in))
		if a.instruction != nil {
			in.Key, in.Body, in.Metadata = aws.String(key+s3ec.InstructionSuffix), bytes.NewReader(a.instruction), map[string]string{s3ec.InstructionMarker: ""}
			must[*s3.PutObjectOutput](t)(c.PutObject(t.Context(), in))
		}
	}
	sse := func(algorithm s3types.ServerSideEncryption, key string) func(*s3.PutObjectInput) {
		return func(in *s3.PutObjectInput) {
			if in.ServerSideEncryption = algorithm; key != "" {
				in.SSEKMSKeyId = aws.String(key)
			}
		}
	}
	put("plain/long", sealedText{body: canaryText()}, nil)
	put("plain/short &<> name", sealedText{body: []byte(canary)}, nil)
	put("plain/empty", sealedText{}, nil)
	put("sse-s3/1", sealedText{body: canaryText()}, sse(s3types.ServerSideEncryptionAes256, ""))
	put("sse-kms/1", sealedText{body: canaryText()}, sse(s3types.ServerSideEncryptionAwsKms, s.good.kmsARN))
	v2, v3 := s3ec.SealOptions{Version: "V2"}, s3ec.SealOptions{Version: "V3", Context: map[string]string{"purpose": canary}}
	put("v2/good", s.object(s.good, v2), nil)
	put("v2/tampered", s.object(s.good, v2).tampered(), nil)
	put("v2/other-region", s.object(s.far, v2), nil)
	put("v3/good", s.object(s.good, v3), nil)
	put("v3/tampered", s.object(s.good, v3).tampered(), nil)
	put("v3/other-region", s.object(s.far, v3), nil)
	moved := s.object(s.good, v3)
	moved.metadata["x-amz-t"] = strings.ReplaceAll(moved.metadata["x-amz-t"], canary, "another")
	put("v3/other-context", moved, nil)
	put("v3/under-sse-kms", s.object(s.good, v3), sse(s3types.ServerSideEncryptionAwsKms, s.good.kmsARN))
	v3.Instruction = true
	put("v3/instruction", s.object(s.good, v3), nil)
	put("message/good", s.message(s.good), nil)
	put("message/tampered", s.message(s.good).tampered(), nil)
	put("message/other-region", s.message(s.far), nil)
	put("message/deleted-key", s.message(s.lost), nil)
}

func seedProofRecords(t *testing.T, s *sealers, name string) {
	t.Helper()
	c := kinesis.NewFromConfig(emulatorConfig(t, proofRegion))
	stream := aws.String(name)
	must[*kinesis.CreateStreamOutput](t)(c.CreateStream(t.Context(), &kinesis.CreateStreamInput{StreamName: stream, ShardCount: aws.Int32(1)}))
	waitForStream(t, c, stream)
	put := func(a sealedText) {
		must[*kinesis.PutRecordOutput](t)(c.PutRecord(t.Context(), &kinesis.PutRecordInput{StreamName: stream, Data: a.body, PartitionKey: aws.String(canary)}))
	}
	put(sealedText{body: canaryText()})
	put(s.message(s.good))
	must[*kinesis.StartStreamEncryptionOutput](t)(c.StartStreamEncryption(t.Context(), &kinesis.StartStreamEncryptionInput{
		StreamName: stream, EncryptionType: kintypes.EncryptionTypeKms, KeyId: aws.String(s.good.kmsARN)}))
	waitForStream(t, c, stream)
	put(sealedText{body: canaryText()})
	put(s.message(s.good))
	put(s.message(s.good).tampered())
	put(s.message(s.lost))
}

func waitForStream(t *testing.T, c *kinesis.Client, stream *string) {
	t.Helper()
	for {
		out := must[*kinesis.DescribeStreamSummaryOutput](t)(c.DescribeStreamSummary(t.Context(), &kinesis.DescribeStreamSummaryInput{StreamName: stream}))
		if out.StreamDescriptionSummary.StreamStatus == kintypes.StreamStatusActive {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
}

func seedProofItems(t *testing.T, s *sealers) {
	t.Helper()
	c := dynamodb.NewFromConfig(emulatorConfig(t, proofRegion))
	for _, name := range []string{"proofs", "renamed"} {
		must[*dynamodb.CreateTableOutput](t)(c.CreateTable(t.Context(), &dynamodb.CreateTableInput{TableName: aws.String(name), BillingMode: ddbtypes.BillingModePayPerRequest,
			AttributeDefinitions: []ddbtypes.AttributeDefinition{{AttributeName: aws.String("id"), AttributeType: ddbtypes.ScalarAttributeTypeS}, {AttributeName: aws.String("sort"), AttributeType: ddbtypes.ScalarAttributeTypeN}},
			KeySchema:            []ddbtypes.KeySchemaElement{{AttributeName: aws.String("id"), KeyType: ddbtypes.KeyTypeHash}, {AttributeName: aws.String("sort"), KeyType: ddbtypes.KeyTypeRange}}}))
	}
	put := func(table string, it map[string]ddbtypes.AttributeValue) {
		must[*dynamodb.PutItemOutput](t)(c.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: aws.String(table), Item: it}))
	}
	put("proofs", s.item(nil, "", "plain", ddb.Plain))
	for _, format := range []ddb.Format{ddb.Structured, ddb.Legacy} {
		name := string(format)
		put("proofs", s.item(s.good, "proofs", name+" 1", format))
		put("proofs", s.item(s.good, "proofs", name+" 2", format))
		put("proofs", changedText(t, s.item(s.good, "proofs", name+" tampered", format)))
		put("proofs", s.item(s.far, "proofs", name+" other region", format))
		put("renamed", s.item(s.good, "proofs", name+" of another table", format))
	}
	// Items of the older library name no key, and moto's KMS does not know the
	// blobs of others.
	put("proofs", s.item(s.lost, "proofs", "deleted key", ddb.Structured))
}
