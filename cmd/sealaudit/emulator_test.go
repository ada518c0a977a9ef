//go:build emulator

package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	cttypes "github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"
	"github.com/aws/aws-sdk-go-v2/service/dax"
	daxtypes "github.com/aws/aws-sdk-go-v2/service/dax/types"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	ddbtypes "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/firehose"
	fhtypes "github.com/aws/aws-sdk-go-v2/service/firehose/types"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	kintypes "github.com/aws/aws-sdk-go-v2/service/kinesis/types"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	kmstypes "github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// The account that the emulator gives to any credentials.
const emulated = "123456789012"

// TestEmulator seeds an AWS emulator that nobody here wrote (moto) through
// the SDK, scans it, and compares every verdict with testdata/emulator.json.
// Where moto is known to differ from AWS, the verdict there follows what moto
// answers; the differences are named in testdata/emulator.md.
func TestEmulator(t *testing.T) {
	endpoint := os.Getenv("SEALAUDIT_EMULATOR")
	if endpoint == "" {
		t.Fatal("SEALAUDIT_EMULATOR is not set; run .ci/run emulator")
	}
	t.Setenv("AWS_ACCESS_KEY_ID", "test")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "test")
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	seedEmulator(t, endpoint)
	out := filepath.Join(t.TempDir(), "results.json")
	var stdout, stderr bytes.Buffer
	code := run(t.Context(), []string{"scan", "--endpoint-url", endpoint, "--region", "us-east-1,eu-west-1", "--policy-profile", "all", "-o", "json=" + out, "-q"}, streams{out: &stdout, err: &stderr})
	if code != exitFail {
		t.Fatalf("exit %d\n%s%s", code, stdout.String(), stderr.String())
	}
	compareGolden(t, filepath.Join("testdata", "emulator.json"), verdicts(t, out))
}

// verdicts reduces a JSON report to lines of "policy resource status", with
// generated ids made stable.
func verdicts(t *testing.T, path string) []byte {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var doc struct {
		Findings []struct {
			Policy, Status string
			Resource       struct{ Type, Name, Region string }
		}
	}
	if err := json.Unmarshal(text, &doc); err != nil {
		t.Fatal(err)
	}
	table := map[string]map[string]string{}
	for _, f := range doc.Findings {
		name := strings.Join([]string{f.Resource.Type, f.Resource.Region, f.Resource.Name}, " ")
		if table[name] == nil {
			table[name] = map[string]string{}
		}
		if old := table[name][f.Policy]; old != "" && old != f.Status {
			t.Errorf("%s %s is both %s and %s", name, f.Policy, old, f.Status)
		}
		table[name][f.Policy] = f.Status
	}
	out, err := json.MarshalIndent(table, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return append(out, '\n')
}

func seedEmulator(t *testing.T, endpoint string) {
	t.Helper()
	for _, region := range []string{"us-east-1", "eu-west-1"} {
		cfg, err := config.LoadDefaultConfig(t.Context(), config.WithRegion(region), config.WithBaseEndpoint(endpoint),
			config.WithCredentialsProvider(credentials.NewStaticCredentialsProvider("test", "test", "")))
		if err != nil {
			t.Fatal(err)
		}
		key := seedKeys(t, cfg, region)
		seedBuckets(t, cfg, region, key)
		seedStreams(t, cfg, region, key)
		seedTables(t, cfg, region, key)
	}
}

// must takes a call's result and ends the test if it failed.
func must[T any](t *testing.T) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// seedKeys makes one good key, returned, and one of each fault. Their names
// are aliases, which the report's name of a key is made from.
func seedKeys(t *testing.T, cfg aws.Config, region string) string {
	c := kms.NewFromConfig(cfg)
	make := func(alias, policy string) string {
		in := &kms.CreateKeyInput{Description: aws.String(alias), KeyUsage: kmstypes.KeyUsageTypeEncryptDecrypt, MultiRegion: aws.Bool(false)}
		if policy != "" {
			in.Policy = aws.String(policy)
		}
		out := must[*kms.CreateKeyOutput](t)(c.CreateKey(t.Context(), in))
		must[*kms.CreateAliasOutput](t)(c.CreateAlias(t.Context(), &kms.CreateAliasInput{AliasName: aws.String("alias/" + alias), TargetKeyId: out.KeyMetadata.KeyId}))
		return aws.ToString(out.KeyMetadata.Arn)
	}
	good := make(region+"-good", "")
	must[*kms.EnableKeyRotationOutput](t)(c.EnableKeyRotation(t.Context(), &kms.EnableKeyRotationInput{KeyId: aws.String(good)}))
	make(region+"-public", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"kms:*","Resource":"*"}]}`)
	deleted := make(region+"-deleted", "")
	must[*kms.ScheduleKeyDeletionOutput](t)(c.ScheduleKeyDeletion(t.Context(), &kms.ScheduleKeyDeletionInput{KeyId: aws.String(keyID(deleted)), PendingWindowInDays: aws.Int32(7)}))
	disabled := make(region+"-disabled", "")
	must[*kms.DisableKeyOutput](t)(c.DisableKey(t.Context(), &kms.DisableKeyInput{KeyId: aws.String(keyID(disabled))}))
	return good
}

// keyID is the id in a key's ARN; moto takes no ARN where it changes a state.
func keyID(arn string) string { return arn[strings.LastIndex(arn, "/")+1:] }

func seedBuckets(t *testing.T, cfg aws.Config, region, key string) {
	c := s3.NewFromConfig(cfg, func(o *s3.Options) { o.UsePathStyle = true })
	create := func(name string) *string {
		in := &s3.CreateBucketInput{Bucket: aws.String(region + "-" + name)}
		if region != "us-east-1" {
			in.CreateBucketConfiguration = &s3types.CreateBucketConfiguration{LocationConstraint: s3types.BucketLocationConstraint(region)}
		}
		must[*s3.CreateBucketOutput](t)(c.CreateBucket(t.Context(), in))
		return in.Bucket
	}
	create("plain")
	good := create("good")
	must[*s3.PutBucketEncryptionOutput](t)(c.PutBucketEncryption(t.Context(), &s3.PutBucketEncryptionInput{Bucket: good,
		ServerSideEncryptionConfiguration: &s3types.ServerSideEncryptionConfiguration{Rules: []s3types.ServerSideEncryptionRule{{
			ApplyServerSideEncryptionByDefault: &s3types.ServerSideEncryptionByDefault{SSEAlgorithm: s3types.ServerSideEncryptionAwsKms, KMSMasterKeyID: aws.String(key)},
			BucketKeyEnabled:                   aws.Bool(true)}}}}))
	must[*s3.PutBucketVersioningOutput](t)(c.PutBucketVersioning(t.Context(), &s3.PutBucketVersioningInput{Bucket: good,
		VersioningConfiguration: &s3types.VersioningConfiguration{Status: s3types.BucketVersioningStatusEnabled}}))
	must[*s3.PutPublicAccessBlockOutput](t)(c.PutPublicAccessBlock(t.Context(), &s3.PutPublicAccessBlockInput{Bucket: good,
		PublicAccessBlockConfiguration: &s3types.PublicAccessBlockConfiguration{BlockPublicAcls: aws.Bool(true), BlockPublicPolicy: aws.Bool(true), IgnorePublicAcls: aws.Bool(true), RestrictPublicBuckets: aws.Bool(true)}}))
	tls := `{"Version":"2012-10-17","Statement":[{"Sid":"TLS","Effect":"Deny","Principal":"*","Action":"s3:*","Resource":["arn:aws:s3:::BUCKET","arn:aws:s3:::BUCKET/*"],"Condition":{"Bool":{"aws:SecureTransport":"false"}}}]}`
	must[*s3.PutBucketPolicyOutput](t)(c.PutBucketPolicy(t.Context(), &s3.PutBucketPolicyInput{Bucket: good, Policy: aws.String(strings.ReplaceAll(tls, "BUCKET", *good))}))
	half := create("objects-only")
	must[*s3.PutBucketEncryptionOutput](t)(c.PutBucketEncryption(t.Context(), &s3.PutBucketEncryptionInput{Bucket: half,
		ServerSideEncryptionConfiguration: &s3types.ServerSideEncryptionConfiguration{Rules: []s3types.ServerSideEncryptionRule{{
			ApplyServerSideEncryptionByDefault: &s3types.ServerSideEncryptionByDefault{SSEAlgorithm: s3types.ServerSideEncryptionAes256}}}}}))
	must[*s3.PutBucketPolicyOutput](t)(c.PutBucketPolicy(t.Context(), &s3.PutBucketPolicyInput{Bucket: half,
		Policy: aws.String(strings.ReplaceAll(strings.Replace(tls, `"arn:aws:s3:::BUCKET",`, "", 1), "BUCKET", *half))}))
	trails := cloudtrail.NewFromConfig(cfg)
	must[*cloudtrail.CreateTrailOutput](t)(trails.CreateTrail(t.Context(), &cloudtrail.CreateTrailInput{Name: aws.String(region + "-trail"), S3BucketName: good,
		KmsKeyId: aws.String(key), EnableLogFileValidation: aws.Bool(true), IsMultiRegionTrail: aws.Bool(region == "us-east-1")}))
	must[*cloudtrail.StartLoggingOutput](t)(trails.StartLogging(t.Context(), &cloudtrail.StartLoggingInput{Name: aws.String(region + "-trail")}))
	must[*cloudtrail.PutEventSelectorsOutput](t)(trails.PutEventSelectors(t.Context(), &cloudtrail.PutEventSelectorsInput{TrailName: aws.String(region + "-trail"),
		EventSelectors: []cttypes.EventSelector{{ReadWriteType: cttypes.ReadWriteTypeAll, IncludeManagementEvents: aws.Bool(true)}}}))
}

func seedStreams(t *testing.T, cfg aws.Config, region, key string) {
	c := kinesis.NewFromConfig(cfg)
	for _, name := range []string{"plain", "encrypted"} {
		must[*kinesis.CreateStreamOutput](t)(c.CreateStream(t.Context(), &kinesis.CreateStreamInput{StreamName: aws.String(region + "-" + name), ShardCount: aws.Int32(1)}))
	}
	must[*kinesis.StartStreamEncryptionOutput](t)(c.StartStreamEncryption(t.Context(), &kinesis.StartStreamEncryptionInput{
		StreamName: aws.String(region + "-encrypted"), EncryptionType: kintypes.EncryptionTypeKms, KeyId: aws.String(key)}))
	f := firehose.NewFromConfig(cfg)
	target := &fhtypes.ExtendedS3DestinationConfiguration{RoleARN: aws.String("arn:aws:iam::" + emulated + ":role/firehose"), BucketARN: aws.String("arn:aws:s3:::" + region + "-good"),
		EncryptionConfiguration: &fhtypes.EncryptionConfiguration{KMSEncryptionConfig: &fhtypes.KMSEncryptionConfig{AWSKMSKeyARN: aws.String(key)}}}
	must[*firehose.CreateDeliveryStreamOutput](t)(f.CreateDeliveryStream(t.Context(), &firehose.CreateDeliveryStreamInput{DeliveryStreamName: aws.String(region + "-sealed"),
		DeliveryStreamType: fhtypes.DeliveryStreamTypeDirectPut, ExtendedS3DestinationConfiguration: target,
		DeliveryStreamEncryptionConfigurationInput: &fhtypes.DeliveryStreamEncryptionConfigurationInput{KeyType: fhtypes.KeyTypeCustomerManagedCmk, KeyARN: aws.String(key)}}))
	must[*firehose.StartDeliveryStreamEncryptionOutput](t)(f.StartDeliveryStreamEncryption(t.Context(), &firehose.StartDeliveryStreamEncryptionInput{DeliveryStreamName: aws.String(region + "-sealed"),
		DeliveryStreamEncryptionConfigurationInput: &fhtypes.DeliveryStreamEncryptionConfigurationInput{KeyType: fhtypes.KeyTypeCustomerManagedCmk, KeyARN: aws.String(key)}}))
	must[*firehose.CreateDeliveryStreamOutput](t)(f.CreateDeliveryStream(t.Context(), &firehose.CreateDeliveryStreamInput{DeliveryStreamName: aws.String(region + "-open"),
		DeliveryStreamType:                 fhtypes.DeliveryStreamTypeDirectPut,
		ExtendedS3DestinationConfiguration: &fhtypes.ExtendedS3DestinationConfiguration{RoleARN: target.RoleARN, BucketARN: aws.String("arn:aws:s3:::" + region + "-plain")}}))
}

func seedTables(t *testing.T, cfg aws.Config, region, key string) {
	c := dynamodb.NewFromConfig(cfg)
	table := func(name string, sse *ddbtypes.SSESpecification) {
		must[*dynamodb.CreateTableOutput](t)(c.CreateTable(t.Context(), &dynamodb.CreateTableInput{TableName: aws.String(region + "-" + name), BillingMode: ddbtypes.BillingModePayPerRequest,
			AttributeDefinitions: []ddbtypes.AttributeDefinition{{AttributeName: aws.String("id"), AttributeType: ddbtypes.ScalarAttributeTypeS}},
			KeySchema:            []ddbtypes.KeySchemaElement{{AttributeName: aws.String("id"), KeyType: ddbtypes.KeyTypeHash}}, SSESpecification: sse}))
	}
	table("owned", nil)
	table("managed", &ddbtypes.SSESpecification{Enabled: aws.Bool(true), SSEType: ddbtypes.SSETypeKms, KMSMasterKeyId: aws.String(key)})
	d := dax.NewFromConfig(cfg)
	for name, on := range map[string]bool{"sealed": true, "open": false} {
		kind := daxtypes.ClusterEndpointEncryptionTypeNone
		if on {
			kind = daxtypes.ClusterEndpointEncryptionTypeTls
		}
		must[*dax.CreateClusterOutput](t)(d.CreateCluster(t.Context(), &dax.CreateClusterInput{ClusterName: aws.String(strings.ReplaceAll(region, "-", "") + name), NodeType: aws.String("dax.t3.small"), ReplicationFactor: 1,
			IamRoleArn: aws.String("arn:aws:iam::" + emulated + ":role/dax"), ClusterEndpointEncryptionType: kind, SSESpecification: &daxtypes.SSESpecification{Enabled: aws.Bool(on)}}))
	}
}
