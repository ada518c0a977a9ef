package cloudtrail_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	awstrail "github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	dynamotypes "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/firehose"
	firehosetypes "github.com/aws/aws-sdk-go-v2/service/firehose/types"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	awskms "github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go/middleware"
	"github.com/google/go-cmp/cmp"

	"github.com/sealaudit/sealaudit/collectors"
	"github.com/sealaudit/sealaudit/collectors/cloudtrail"
	"github.com/sealaudit/sealaudit/internal/awsapi"
	api "github.com/sealaudit/sealaudit/internal/awsapi/awsapitest"
	"github.com/sealaudit/sealaudit/internal/lab"
)

const (
	useType  = "AWS::CloudTrail::Event"
	onID     = "0d000000-0000-4000-8000-000000000001"
	offID    = "0d000000-0000-4000-8000-000000000002"
	closedID = "0d000000-0000-4000-8000-000000000003"
	inEurope = ":eu-west-1:" + api.Account + ":"
)

// used is an embedded account whose services use keys.
type used struct {
	*testing.T
	lab  *lab.Lab
	url  string
	cfg  aws.Config
	s3   *s3.Client
	kms  *awskms.Client
	logs []awsapi.Call
	mu   sync.Mutex
}

// logsPolicy lets CloudTrail write into the bucket of a trail (CloudTrail User
// Guide, "Amazon S3 bucket policy for CloudTrail").
const logsPolicy = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"cloudtrail.amazonaws.com"},"Action":["s3:GetBucketAcl","s3:PutObject"],"Resource":["arn:aws:s3:::logs","arn:aws:s3:::logs/AWSLogs/*"]}]}`

func newUsed(t *testing.T, options ...lab.Option) *used {
	t.Helper()
	r := &lab.Region{}
	r.KMS.Keys = []lab.Key{{Output: map[string]any{"KeyId": onID}}, {Output: map[string]any{"KeyId": offID}},
		{Output: map[string]any{"KeyId": closedID}, Errors: map[string]string{"GenerateDataKey": "denied"}}}
	r.S3.Buckets = []lab.Bucket{{Name: "records"}, {Name: "logs", Policy: logsPolicy}}
	l := lab.New(&lab.Account{ID: api.Account, Caller: "arn:aws:sts::" + api.Account + ":assumed-role/audit/CANARY-caller", Regions: map[string]*lab.Region{"eu-west-1": r}}, options...)
	url, stop, err := l.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	cfg := aws.Config{Region: "eu-west-1", BaseEndpoint: &url, RetryMaxAttempts: 1, APIOptions: []func(*middleware.Stack) error{awsapi.PlainBodies}, Credentials: credentials.NewStaticCredentialsProvider("AKIDEXAMPLE", "secret", "")}
	return &used{T: t, lab: l, url: url, cfg: cfg, s3: s3.NewFromConfig(cfg, func(o *s3.Options) { o.UsePathStyle = true }), kms: awskms.NewFromConfig(cfg)}
}

func (u *used) must(err error) {
	u.Helper()
	if err != nil {
		u.Fatal(err)
	}
}

// put puts an object under a key, with an encryption context of the caller's.
func (u *used) put(key string, pairs map[string]string, bucketKey bool) error {
	text, err := json.Marshal(pairs)
	u.must(err)
	in := &s3.PutObjectInput{Bucket: aws.String("records"), Key: aws.String("CANARY-object"), Body: strings.NewReader("CANARY-body"), ServerSideEncryption: "aws:kms",
		SSEKMSKeyId: &key, BucketKeyEnabled: &bucketKey}
	if len(pairs) > 0 {
		in.SSEKMSEncryptionContext = aws.String(base64.StdEncoding.EncodeToString(text))
	}
	_, err = u.s3.PutObject(u.Context(), in)
	return err
}

// session is a new one, which takes the account's time.
func (u *used) session() *awsapi.Session {
	u.Helper()
	session, err := awsapi.Open(u.Context(), awsapi.Options{Region: "eu-west-1", EndpointURL: u.url, Rates: map[string]float64{},
		Credentials: credentials.NewStaticCredentialsProvider("AKIDEXAMPLE", "secret", ""), Log: &awsapi.CallLog{Add: func(c awsapi.Call) {
			u.mu.Lock()
			defer u.mu.Unlock()
			u.logs = append(u.logs, c)
		}}})
	u.must(err)
	return session
}

// events reads what happened until now.
func (u *used) events(ctx context.Context, list int) *api.Sink {
	u.Helper()
	u.lab.Advance(2 * time.Second) // AWS tells its time in seconds
	session := u.session()
	sink := api.Collect(ctx, u.T, cloudtrail.NewEvents(session, collectors.Sampling{List: list}), api.Scope())
	checkRows(u.T, sink)
	for _, c := range u.logs {
		if text := string(c.Reply); strings.Contains(text, "CANARY") && c.Operation == "cloudtrail:LookupEvents" && c.Status == 200 {
			u.Errorf("the call log has what a caller said: %.300s", text)
		}
	}
	return sink
}

// checkRows looks for what no row may have, and for what every row has.
func checkRows(t *testing.T, sink *api.Sink) {
	t.Helper()
	for _, r := range sink.Resources {
		text, err := json.Marshal(r)
		if err != nil || strings.Contains(string(text), "null") || strings.Contains(string(text), "CANARY") {
			t.Errorf("%s, %v", text, err)
		}
		if r.Type != useType || len(r.Calls) == 0 || !strings.HasSuffix(r.ARN, "/*#kms-use-eu-west-1") || !strings.HasSuffix(r.Name, " · KMS use") || r.Scope != api.Scope() {
			t.Errorf("%+v", r)
		}
		for _, g := range r.Gaps {
			if g.Detail == "" || g.Remedy == "" || len(g.Attributes) == 0 {
				t.Errorf("a gap says too little: %+v", g)
			}
		}
	}
}

// summary is what a row says, in a line.
func summary(r collectors.Resource) string {
	f := r.Facts.(cloudtrail.EventFacts)
	parts := slices.Concat(f.Services, f.Keys)
	for _, e := range f.Events {
		parts = append(parts, fmt.Sprintf("%s %d-%d", e.Name, e.Count, e.Failed))
	}
	for _, x := range f.Refused {
		parts = append(parts, fmt.Sprintf("%s %d by %s", x.Code, x.Count, x.Key))
	}
	if f.CallersDenied+f.Transient > 0 {
		parts = append(parts, fmt.Sprintf("callers %d transient %d", f.CallersDenied, f.Transient))
	}
	return strings.Join(parts, ", ")
}

func summaries(sink *api.Sink) map[string]string {
	out := map[string]string{}
	for _, r := range sink.Resources {
		out[r.Facts.(cloudtrail.EventFacts).Resource] = summary(r)
	}
	return out
}

// Every service names its resource when it asks KMS, and the lab's as AWS's do
// (the guides that resource names).
func TestServicesUseKeys(t *testing.T) {
	u, ctx := newUsed(t), t.Context()
	u.stream(ctx)
	u.table(ctx)
	u.delivery(ctx)
	u.trail(ctx)
	u.must(u.put(onID, map[string]string{"tenant": "CANARY-context"}, false))
	u.must(u.put(onID, nil, true))
	// A caller's own call of KMS may name anything, and so may what it adds for S3.
	_, err := u.kms.GenerateDataKey(ctx, &awskms.GenerateDataKeyInput{KeyId: aws.String(onID), NumberOfBytes: aws.Int32(32),
		EncryptionContext: map[string]string{"aws:kinesis:arn": "arn:aws:kinesis" + inEurope + "stream/CANARY"}})
	u.must(err)
	u.must(u.put(onID, map[string]string{"aws:kinesis:arn": "arn:aws:kinesis" + inEurope + "stream/CANARY"}, false))
	u.lab.Advance(10 * time.Minute) // the trail delivers
	_, err = u.s3.GetObject(ctx, &s3.GetObjectInput{Bucket: aws.String("records"), Key: aws.String("CANARY-object")})
	u.must(err)
	sink := u.events(ctx, 1000)
	want := map[string]string{
		"arn:aws:s3:::records":                              "s3.amazonaws.com, " + onID + ", Decrypt 1-0, GenerateDataKey 3-0",
		"arn:aws:kinesis" + inEurope + "stream/orders":      "kinesis.amazonaws.com, " + onID + ", GenerateDataKey 1-0",
		"arn:aws:dynamodb" + inEurope + "table/orders":      "dynamodb.amazonaws.com, " + onID + ", GenerateDataKey 1-0",
		"arn:aws:firehose" + inEurope + "deliverystream/in": "firehose.amazonaws.com, " + onID + ", Decrypt 1-0, GenerateDataKey 1-0",
		"arn:aws:cloudtrail" + inEurope + "trail/main":      "cloudtrail.amazonaws.com, " + onID + ", GenerateDataKey 2-0",
	}
	if diff := cmp.Diff(want, summaries(sink)); diff != "" {
		t.Error(diff)
	}
	f := sink.Find(t, "records · KMS use").Facts.(cloudtrail.EventFacts)
	now := u.lab.Now()
	if f.Range == nil || !f.Range.Complete || !near(t, f.Range.To, now) || !near(t, f.Range.From, now.Add(-14*24*time.Hour)) || !near(t, f.Last, now) || !near(t, f.First, now.Add(-10*time.Minute)) {
		t.Errorf("%+v %s %s", f.Range, f.First, f.Last)
	}
	for _, l := range f.Lookups {
		if !l.Complete || l.From != f.Range.From || l.Read == 0 != (l.Name == "GenerateDataKeyWithoutPlaintext") {
			t.Errorf("%+v", l)
		}
	}
	if gap, ok := sink.Gaps[useType+" eu-west-1"]; !ok || gap != nil {
		t.Errorf("the listing: %t %v", ok, gap)
	}
	u.lab.Advance(15 * 24 * time.Hour)
	if old := summaries(u.events(ctx, 1000)); len(old) != 0 {
		t.Errorf("after the range %v", old)
	}
}

func near(t *testing.T, stamp string, at time.Time) bool {
	t.Helper()
	when, err := time.Parse(time.RFC3339, stamp)
	if err != nil {
		t.Fatal(err)
	}
	return when.Sub(at).Abs() < 30*time.Second
}

func (u *used) stream(ctx context.Context) {
	c, name := kinesis.NewFromConfig(u.cfg), aws.String("orders")
	_, err := c.CreateStream(ctx, &kinesis.CreateStreamInput{StreamName: name, ShardCount: aws.Int32(1)})
	u.must(err)
	u.lab.Advance(time.Second)
	_, err = c.StartStreamEncryption(ctx, &kinesis.StartStreamEncryptionInput{StreamName: name, EncryptionType: "KMS", KeyId: aws.String(onID)})
	u.must(err)
	u.lab.Advance(10 * time.Second)
	_, err = c.PutRecord(ctx, &kinesis.PutRecordInput{StreamName: name, PartitionKey: aws.String("CANARY-partition"), Data: []byte("CANARY-record")})
	u.must(err)
}

func (u *used) table(ctx context.Context) {
	_, err := dynamodb.NewFromConfig(u.cfg).CreateTable(ctx, &dynamodb.CreateTableInput{TableName: aws.String("orders"), BillingMode: "PAY_PER_REQUEST",
		SSESpecification:     &dynamotypes.SSESpecification{Enabled: aws.Bool(true), SSEType: "KMS", KMSMasterKeyId: aws.String(onID)},
		KeySchema:            []dynamotypes.KeySchemaElement{{AttributeName: aws.String("id"), KeyType: "HASH"}},
		AttributeDefinitions: []dynamotypes.AttributeDefinition{{AttributeName: aws.String("id"), AttributeType: "S"}}})
	u.must(err)
}

func (u *used) delivery(ctx context.Context) {
	c := firehose.NewFromConfig(u.cfg)
	arn := "arn:aws:kms" + inEurope + "key/" + onID
	_, err := c.CreateDeliveryStream(ctx, &firehose.CreateDeliveryStreamInput{DeliveryStreamName: aws.String("in"), DeliveryStreamType: "DirectPut",
		DeliveryStreamEncryptionConfigurationInput: &firehosetypes.DeliveryStreamEncryptionConfigurationInput{KeyType: "CUSTOMER_MANAGED_CMK", KeyARN: &arn},
		ExtendedS3DestinationConfiguration: &firehosetypes.ExtendedS3DestinationConfiguration{BucketARN: aws.String("arn:aws:s3:::logs"),
			RoleARN: aws.String("arn:aws:iam::" + api.Account + ":role/firehose")}})
	u.must(err)
	u.lab.Advance(10 * time.Second)
	_, err = c.PutRecord(ctx, &firehose.PutRecordInput{DeliveryStreamName: aws.String("in"), Record: &firehosetypes.Record{Data: []byte("CANARY-record")}})
	u.must(err)
}

func (u *used) trail(ctx context.Context) {
	c := awstrail.NewFromConfig(u.cfg)
	_, err := c.CreateTrail(ctx, &awstrail.CreateTrailInput{Name: aws.String("main"), S3BucketName: aws.String("logs"), KmsKeyId: aws.String(onID)})
	u.must(err)
	_, err = c.StartLogging(ctx, &awstrail.StartLoggingInput{Name: aws.String("main")})
	u.must(err)
}

// What KMS refuses a service is a fact, with its code, its key and its time.
func TestRefusedUses(t *testing.T) {
	u, ctx := newUsed(t), t.Context()
	u.must(u.put(offID, nil, false))
	_, err := u.kms.DisableKey(ctx, &awskms.DisableKeyInput{KeyId: aws.String(offID)})
	u.must(err)
	for range 2 {
		if u.put(offID, nil, false) == nil {
			t.Error("S3 used a disabled key")
		}
		u.lab.Advance(time.Hour)
	}
	if u.put(closedID, nil, false) == nil {
		t.Error("S3 used a key that it may not use")
	}
	f := u.events(ctx, 1000).Find(t, "records · KMS use").Facts.(cloudtrail.EventFacts)
	if len(f.Refused) != 2 {
		t.Fatalf("%+v", f)
	}
	denial, disabled := f.Refused[0], f.Refused[1]
	if now := u.lab.Now(); disabled.Code != "DisabledException" || disabled.Count != 2 || disabled.Key != offID || !near(t, disabled.First, now.Add(-2*time.Hour)) || !near(t, disabled.Last, now.Add(-time.Hour)) {
		t.Errorf("%+v", disabled)
	}
	if !strings.Contains(denial.Code, "AccessDenied") || denial.Count != 1 || denial.Key != closedID {
		t.Errorf("%+v", denial)
	}
	if diff := cmp.Diff([]string{offID, closedID}, f.Keys); diff != "" {
		t.Error(diff)
	}
}
