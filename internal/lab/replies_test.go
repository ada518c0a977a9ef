package lab_test

import (
	"context"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	cwtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/aws-sdk-go-v2/service/dax"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/firehose"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3control"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/sealaudit/sealaudit/internal/lab"
)

// reader checks replies against the data behind them.
type reader struct {
	*testing.T
	ctx    context.Context
	region string
}

// reads compares one reply with its data; a reply that the data has an error
// for must be an error.
func (r reader) reads(what string, faults map[string]string, operation string, data any, err error, output any) {
	r.Helper()
	path := r.region + " " + what + " " + operation
	switch fails := faults[operation] != ""; {
	case fails && err == nil:
		r.Errorf("%s: answered, its data says %s", path, faults[operation])
	case !fails && err != nil:
		r.Errorf("%s: %v", path, err)
	case !fails:
		within(r.T, path, asJSON(r, data), asJSON(r, output))
	}
}

// TestDemoIsReadBack asks for every resource of the demo account, and finds
// all that its files say in what the SDK reads: no member is misspelled.
func TestDemoIsReadBack(t *testing.T) {
	account := demo(t)
	cfg, _ := serve(t, account)
	for region, data := range account.Regions {
		r, cfg := reader{t, t.Context(), region}, in(cfg, region)
		r.streams(cfg, data)
		r.tables(cfg, data)
		r.trails(cfg, data)
		r.keys(cfg, data)
		r.buckets(cfg, data)
	}
	r := reader{t, t.Context(), "eu-west-1"}
	block, err := s3control.NewFromConfig(withoutAccountHost(cfg)).GetPublicAccessBlock(r.ctx, &s3control.GetPublicAccessBlockInput{AccountId: aws.String(own)})
	if err != nil {
		t.Fatal(err)
	}
	r.reads("account", nil, "GetPublicAccessBlock", account.PublicAccessBlock, err, block.PublicAccessBlockConfiguration)
	caller, err := sts.NewFromConfig(cfg).GetCallerIdentity(r.ctx, nil)
	if err != nil || *caller.Arn != account.Caller || *caller.Account != own {
		t.Errorf("%+v, %v", caller, err)
	}
}

func (r reader) streams(cfg aws.Config, data *lab.Region) {
	for _, s := range data.Kinesis.Streams {
		name := s.Output["StreamName"].(string)
		out, err := kinesis.NewFromConfig(cfg).DescribeStreamSummary(r.ctx, &kinesis.DescribeStreamSummaryInput{StreamName: &name})
		r.reads(name, s.Errors, "DescribeStreamSummary", map[string]any{"StreamDescriptionSummary": s.Output}, err, out)
	}
	for _, s := range data.Firehose.DeliveryStreams {
		name := s.Output["DeliveryStreamName"].(string)
		out, err := firehose.NewFromConfig(cfg).DescribeDeliveryStream(r.ctx, &firehose.DescribeDeliveryStreamInput{DeliveryStreamName: &name})
		r.reads(name, s.Errors, "DescribeDeliveryStream", map[string]any{"DeliveryStreamDescription": s.Output}, err, out)
	}
	if data.CloudWatch.Errors != nil {
		return
	}
	for _, a := range data.CloudWatch.Alarms {
		name := a.Output["AlarmName"].(string)
		out, err := cloudwatch.NewFromConfig(cfg).DescribeAlarms(r.ctx, &cloudwatch.DescribeAlarmsInput{AlarmNames: []string{name},
			AlarmTypes: []cwtypes.AlarmType{cwtypes.AlarmTypeMetricAlarm, cwtypes.AlarmTypeCompositeAlarm}})
		kind := "MetricAlarms"
		if a.Output["AlarmRule"] != nil {
			kind = "CompositeAlarms"
		}
		r.reads(name, nil, "DescribeAlarms", map[string]any{kind: []any{a.Output}}, err, out)
	}
}

func (r reader) tables(cfg aws.Config, data *lab.Region) {
	for _, table := range data.DynamoDB.Tables {
		name := table.Output["TableName"].(string)
		out, err := dynamodb.NewFromConfig(cfg).DescribeTable(r.ctx, &dynamodb.DescribeTableInput{TableName: &name})
		r.reads(name, table.Errors, "DescribeTable", map[string]any{"Table": table.Output}, err, out)
	}
	for _, c := range data.DAX.Clusters {
		name := c.Output["ClusterName"].(string)
		out, err := dax.NewFromConfig(cfg).DescribeClusters(r.ctx, &dax.DescribeClustersInput{ClusterNames: []string{name}})
		r.reads(name, nil, "DescribeClusters", map[string]any{"Clusters": []any{c.Output}}, err, out)
	}
}

func (r reader) trails(cfg aws.Config, data *lab.Region) {
	client := cloudtrail.NewFromConfig(cfg)
	for _, trail := range data.CloudTrail.Trails {
		name := trail.Output["Name"].(string)
		out, err := client.DescribeTrails(r.ctx, &cloudtrail.DescribeTrailsInput{TrailNameList: []string{name}})
		r.reads(name, trail.Errors, "DescribeTrails", map[string]any{"trailList": []any{trail.Output}}, err, out)
		status, err := client.GetTrailStatus(r.ctx, &cloudtrail.GetTrailStatusInput{Name: &name})
		r.reads(name, trail.Errors, "GetTrailStatus", trail.Status, err, status)
		selectors, err := client.GetEventSelectors(r.ctx, &cloudtrail.GetEventSelectorsInput{TrailName: out.TrailList[0].TrailARN})
		r.reads(name, trail.Errors, "GetEventSelectors", trail.Selectors, err, selectors)
	}
}

func (r reader) keys(cfg aws.Config, data *lab.Region) {
	client := kms.NewFromConfig(cfg)
	for _, k := range data.KMS.Keys {
		id := k.Output["KeyId"].(string)
		for _, name := range append([]string{id}, k.Aliases...) {
			out, err := client.DescribeKey(r.ctx, &kms.DescribeKeyInput{KeyId: aws.String(name)})
			r.reads(name, k.Errors, "DescribeKey", map[string]any{"KeyMetadata": k.Output}, err, out)
		}
		policy, err := client.GetKeyPolicy(r.ctx, &kms.GetKeyPolicyInput{KeyId: &id})
		r.reads(id, k.Errors, "GetKeyPolicy", map[string]any{"Policy": k.Policy}, err, policy)
		grants, err := client.ListGrants(r.ctx, &kms.ListGrantsInput{KeyId: &id})
		if len(k.Grants) < 5 {
			r.reads(id, k.Errors, "ListGrants", map[string]any{"Grants": k.Grants}, err, grants)
		}
		if k.Rotation != nil && k.Errors == nil {
			rotation, err := client.GetKeyRotationStatus(r.ctx, &kms.GetKeyRotationStatusInput{KeyId: &id})
			r.reads(id, nil, "GetKeyRotationStatus", k.Rotation, err, rotation)
		}
	}
	for _, k := range data.KMS.ForeignKeys {
		arn := k.Output["Arn"].(string)
		out, err := client.DescribeKey(r.ctx, &kms.DescribeKeyInput{KeyId: &arn})
		r.reads(arn, k.Errors, "DescribeKey", map[string]any{"KeyMetadata": map[string]any{"Arn": arn, "AWSAccountId": strings.Split(arn, ":")[4]}}, err, out)
	}
	for _, s := range data.KMS.CustomKeyStores {
		id := s.Output["CustomKeyStoreId"].(string)
		out, err := client.DescribeCustomKeyStores(r.ctx, &kms.DescribeCustomKeyStoresInput{CustomKeyStoreId: &id})
		r.reads(id, nil, "DescribeCustomKeyStores", map[string]any{"CustomKeyStores": []any{s.Output}}, err, out)
	}
}

func (r reader) buckets(cfg aws.Config, data *lab.Region) {
	client := s3.NewFromConfig(cfg)
	for _, b := range data.S3.Buckets {
		name := aws.String(b.Name)
		encryption, err := client.GetBucketEncryption(r.ctx, &s3.GetBucketEncryptionInput{Bucket: name})
		r.reads(b.Name, b.Errors, "GetBucketEncryption", map[string]any{"ServerSideEncryptionConfiguration": b.Encryption}, err, encryption)
		versioning, err := client.GetBucketVersioning(r.ctx, &s3.GetBucketVersioningInput{Bucket: name})
		r.reads(b.Name, b.Errors, "GetBucketVersioning", b.Versioning, err, versioning)
		logging, err := client.GetBucketLogging(r.ctx, &s3.GetBucketLoggingInput{Bucket: name})
		r.reads(b.Name, b.Errors, "GetBucketLogging", map[string]any{"LoggingEnabled": b.Logging}, err, logging)
		location, err := client.GetBucketLocation(r.ctx, &s3.GetBucketLocationInput{Bucket: name})
		r.reads(b.Name, b.Errors, "GetBucketLocation", map[string]any{"LocationConstraint": strings.Replace(r.region, "us-east-1", "", 1)}, err, location)
		r.optional(client, b)
	}
}

// optional are the settings that S3 answers with an error where absent.
func (r reader) optional(client *s3.Client, b lab.Bucket) {
	name := aws.String(b.Name)
	ask := func(operation, absent string, there bool, data any, call func() (any, error)) {
		r.Helper()
		out, err := call()
		if got, status := code(err); !there && b.Errors[operation] == "" {
			if got != absent || status != 404 {
				r.Errorf("%s %s: %v, want %s", b.Name, operation, err, absent)
			}
			return
		}
		r.reads(b.Name, b.Errors, operation, data, err, out)
	}
	ask("GetBucketPolicy", "NoSuchBucketPolicy", b.Policy != nil, map[string]any{"Policy": b.Policy}, func() (any, error) {
		return client.GetBucketPolicy(r.ctx, &s3.GetBucketPolicyInput{Bucket: name})
	})
	ask("GetBucketPolicyStatus", "NoSuchBucketPolicy", b.Policy != nil, map[string]any{"PolicyStatus": map[string]any{"IsPublic": b.IsPublic}}, func() (any, error) {
		return client.GetBucketPolicyStatus(r.ctx, &s3.GetBucketPolicyStatusInput{Bucket: name})
	})
	ask("GetPublicAccessBlock", "NoSuchPublicAccessBlockConfiguration", b.PublicAccessBlock != nil, map[string]any{"PublicAccessBlockConfiguration": b.PublicAccessBlock}, func() (any, error) {
		return client.GetPublicAccessBlock(r.ctx, &s3.GetPublicAccessBlockInput{Bucket: name})
	})
	ask("GetBucketReplication", "ReplicationConfigurationNotFoundError", b.Replication != nil, map[string]any{"ReplicationConfiguration": b.Replication}, func() (any, error) {
		return client.GetBucketReplication(r.ctx, &s3.GetBucketReplicationInput{Bucket: name})
	})
}
