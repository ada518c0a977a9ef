//go:build emulator

package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	ddbtypes "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/sealaudit/sealaudit/internal/envelope/ddb"
	"github.com/sealaudit/sealaudit/internal/envelope/ddb/item"
)

// The envelope commands against an emulator that nobody here wrote: its KMS
// wraps and unwraps, and its S3 and DynamoDB keep what was sealed.
func TestEmulatorEnvelope(t *testing.T) {
	endpoint := os.Getenv("SEALAUDIT_EMULATOR")
	if endpoint == "" {
		t.Fatal("SEALAUDIT_EMULATOR is not set; run .ci/run emulator")
	}
	e := newEnvelopes(t)
	for name, value := range map[string]string{"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_EC2_METADATA_DISABLED": "true",
		"AWS_ENDPOINT_URL": endpoint, "AWS_REGION": "us-west-2"} { // a region that the scan's test leaves alone
		t.Setenv(name, value)
	}
	cfg, err := config.LoadDefaultConfig(t.Context(), config.WithCredentialsProvider(credentials.NewStaticCredentialsProvider("test", "test", "")))
	if err != nil {
		t.Fatal(err)
	}
	key := must[*kms.CreateKeyOutput](t)(kms.NewFromConfig(cfg).CreateKey(t.Context(), &kms.CreateKeyInput{}))
	spec := "aws-kms:" + aws.ToString(key.KeyMetadata.Arn)
	for _, format := range []string{"esdk", "s3", "s3-v2", "ddb", "ddb-legacy"} {
		if out := e.wants(exitPass, "roundtrip", "--format", format, "--keyring", spec, "--flips", "30"); !strings.Contains(out, "it came back as it was") {
			t.Error(out)
		}
	}
	f := awsFlags{timeout: demoTimeout, attempt: demoTimeout}
	c, err := f.open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	k, err := (&keyFlags{keyrings: []string{spec}, cloud: c}).load()
	if err != nil {
		t.Fatal(err)
	}
	if err := k.settle(); err != nil {
		t.Fatal(err)
	}
	plain := []byte(strings.Repeat("a plaintext ", 20000))
	objects := s3.NewFromConfig(cfg, func(o *s3.Options) { o.UsePathStyle = true })
	bucket := aws.String("envelopes")
	must[*s3.CreateBucketOutput](t)(objects.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: bucket,
		CreateBucketConfiguration: &s3types.CreateBucketConfiguration{LocationConstraint: s3types.BucketLocationConstraintUsWest2}}))
	trial, err := objectTrial(t.Context(), k, plain, "V3", nil)
	if err != nil {
		t.Fatal(err)
	}
	metadata := map[string]string{}
	for _, p := range trial.parts[1:] {
		metadata[p.name] = string(p.bytes)
	}
	must[*s3.PutObjectOutput](t)(objects.PutObject(t.Context(), &s3.PutObjectInput{Bucket: bucket, Key: aws.String("a folder/object+1"), Body: bytes.NewReader(trial.parts[0].bytes), Metadata: metadata}))
	opened := filepath.Join(e.dir, "opened")
	e.wants(exitPass, "open", "--from", "s3://envelopes/a folder/object+1", "--keyring", spec, "-o", opened)
	if got, err := os.ReadFile(opened); err != nil || !bytes.Equal(got, plain) {
		t.Errorf("it opens to something else: %v", err)
	}
	e.wants(exitNothing, "verify", "--from", "s3://envelopes/none", "--keyring", spec)
	e.wants(exitNothing, "verify", "--from", "s3://no-such-bucket-here/none", "--keyring", spec)

	tables := dynamodb.NewFromConfig(cfg)
	must[*dynamodb.CreateTableOutput](t)(tables.CreateTable(t.Context(), &dynamodb.CreateTableInput{TableName: aws.String("envelopes"), BillingMode: ddbtypes.BillingModePayPerRequest,
		AttributeDefinitions: []ddbtypes.AttributeDefinition{{AttributeName: aws.String("id"), AttributeType: ddbtypes.ScalarAttributeTypeS}, {AttributeName: aws.String("sort"), AttributeType: ddbtypes.ScalarAttributeTypeN}},
		KeySchema:            []ddbtypes.KeySchemaElement{{AttributeName: aws.String("id"), KeyType: ddbtypes.KeyTypeHash}, {AttributeName: aws.String("sort"), KeyType: ddbtypes.KeyTypeRange}}}))
	sample := ddb.Item{"id": item.Text("an id & more"), "sort": item.Number("7"), "text": item.Text("plain")}
	for _, format := range []ddb.Format{ddb.Structured, ddb.Legacy} {
		sealed, err := ddb.Seal(t.Context(), sample, format, k.forItem(sample), ddb.Config{Table: "envelopes", Partition: "id", Sort: "sort", Default: item.EncryptAndSign,
			Actions: map[string]ddb.Action{"id": item.SignOnly, "sort": item.SignOnly}})
		if err != nil {
			t.Fatal(err)
		}
		must[*dynamodb.PutItemOutput](t)(tables.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: aws.String("envelopes"), Item: storedItem(t, sealed)}))
		e.wants(exitPass, "verify", "--from", "dynamodb://envelopes?pk=an id %26 more&sk=7", "--keyring", spec)
	}
	e.wants(exitNothing, "verify", "--from", "dynamodb://envelopes?pk=none&sk=7", "--keyring", spec)
	e.wants(exitNothing, "verify", "--from", "dynamodb://none?pk=none", "--keyring", spec)
}
