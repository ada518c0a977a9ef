package lab_test

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	kintypes "github.com/aws/aws-sdk-go-v2/service/kinesis/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/sealaudit/sealaudit/internal/lab"
)

// Kinesis API reference: data operations are throttled per shard, with
// ProvisionedThroughputExceededException; others with LimitExceededException.
func TestKinesisThrottlesByKindOfCall(t *testing.T) {
	cfg, _ := serve(t, demo(t), lab.Rate(map[string]float64{"kinesis:PutRecord": 1, "kinesis:ListShards": 1}))
	c, name := kinesis.NewFromConfig(cfg), aws.String("demo-orders")
	seen := map[string]bool{}
	for range 5 {
		_, put := c.PutRecord(t.Context(), &kinesis.PutRecordInput{StreamName: name, Data: []byte("x"), PartitionKey: aws.String("p")})
		_, list := c.ListShards(t.Context(), &kinesis.ListShardsInput{StreamName: name, ShardFilter: &kintypes.ShardFilter{Type: kintypes.ShardFilterTypeAtLatest}})
		one, _ := code(put)
		two, _ := code(list)
		seen["put "+one], seen["list "+two] = true, true
	}
	if !seen["put ProvisionedThroughputExceededException"] || !seen["list LimitExceededException"] || seen["put LimitExceededException"] {
		t.Error(seen)
	}
}

// S3 API reference, GetObject: an object that is gone is NoSuchKey, not
// NoSuchBucket.
func TestVanishedObjectIsNoSuchKey(t *testing.T) {
	b := newBench(t, []lab.Bucket{{Name: "bucket"}}, lab.Fail("vanished", "s3:GetObject"))
	if _, err := b.s3.PutObject(t.Context(), &s3.PutObjectInput{Bucket: aws.String("bucket"), Key: aws.String("key"), Body: strings.NewReader("x")}); err != nil {
		t.Fatal(err)
	}
	_, err := b.s3.GetObject(t.Context(), &s3.GetObjectInput{Bucket: aws.String("bucket"), Key: aws.String("key")})
	if got, status := code(err); got != "NoSuchKey" || status != 404 {
		t.Error(err)
	}
}
