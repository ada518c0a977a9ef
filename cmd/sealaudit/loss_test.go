package main

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/firehose"
	fhtypes "github.com/aws/aws-sdk-go-v2/service/firehose/types"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/sealaudit/sealaudit/internal/lab"
	"github.com/sealaudit/sealaudit/rego"
)

// A delivery stream whose key is disabled keeps what it has for 24 hours and
// then discards it (Amazon Data Firehose Developer Guide, "Data protection":
// Firehose waits up to 24 hours for the key, then discards the data, and
// counts KMSKeyDisabled meanwhile). A scan says so while there is still time,
// and afterwards; what another stream took is delivered.
func TestScanTellsOfLossBeforeAndAfter(t *testing.T) {
	l := lab.New(&lab.Account{ID: "111122223333", Caller: "arn:aws:sts::111122223333:assumed-role/audit/test", Regions: map[string]*lab.Region{"eu-west-1": {}}})
	url, stop, err := l.Start()
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	cfg := aws.Config{Region: "eu-west-1", BaseEndpoint: &url, Credentials: credentials.NewStaticCredentialsProvider(demoKey, demoSecret, "")}
	keys, streams := kms.NewFromConfig(cfg), firehose.NewFromConfig(cfg)
	objects := s3.NewFromConfig(cfg, func(o *s3.Options) { o.UsePathStyle = true })
	key := deliveryStreams(t, objects, keys, streams)
	l.Advance(time.Minute) // they are being created
	put := func(stream, data string) {
		t.Helper()
		if _, err := streams.PutRecord(t.Context(), &firehose.PutRecordInput{DeliveryStreamName: &stream, Record: &fhtypes.Record{Data: []byte(data)}}); err != nil {
			t.Fatal(err)
		}
	}
	put("loses", "before the key was disabled\n")
	put("keeps", "under a key of AWS's\n")
	if _, err := keys.DisableKey(t.Context(), &kms.DisableKeyInput{KeyId: &key}); err != nil {
		t.Fatal(err)
	}
	delivered := func() string {
		t.Helper()
		var all strings.Builder
		list, err := objects.ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: aws.String("deliveries")})
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range list.Contents {
			all.WriteString(string(objectBody(t, objects, *o.Key)))
		}
		return all.String()
	}
	l.Advance(time.Hour)
	if got := delivered(); got != "under a key of AWS's\n" {
		t.Errorf("after an hour %q is delivered", got)
	}
	told(t, l, "after an hour")
	l.Advance(24 * time.Hour)
	if _, err := keys.EnableKey(t.Context(), &kms.EnableKeyInput{KeyId: &key}); err != nil {
		t.Fatal(err)
	}
	l.Advance(time.Hour)
	if got := delivered(); got != "under a key of AWS's\n" {
		t.Errorf("after a day and with its key back, %q is delivered", got)
	}
	told(t, l, "after a day")
}

// told checks that the scan fails the stream that lost data and not the other.
func told(t *testing.T, l *lab.Lab, when string) {
	t.Helper()
	got := map[string]rego.Status{}
	for _, f := range (audit{lab: l}).run(t).findings {
		if f.Policy == "firehose/key_errors_absent" {
			got[f.Resource.Name] = f.Status
		}
	}
	if got["loses"] != rego.Fail || got["keeps"] == rego.Fail {
		t.Errorf("%s: key_errors_absent says %v", when, got)
	}
}

// deliveryStreams makes a bucket and two streams into it: one under a key of
// the account's, which it returns, and one without.
func deliveryStreams(t *testing.T, objects *s3.Client, keys *kms.Client, streams *firehose.Client) (key string) {
	t.Helper()
	if _, err := objects.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: aws.String("deliveries"),
		CreateBucketConfiguration: &s3types.CreateBucketConfiguration{LocationConstraint: s3types.BucketLocationConstraintEuWest1}}); err != nil {
		t.Fatal(err)
	}
	made, err := keys.CreateKey(t.Context(), &kms.CreateKeyInput{})
	if err != nil {
		t.Fatal(err)
	}
	key = aws.ToString(made.KeyMetadata.Arn)
	for name, encryption := range map[string]*fhtypes.DeliveryStreamEncryptionConfigurationInput{
		"loses": {KeyType: fhtypes.KeyTypeCustomerManagedCmk, KeyARN: &key},
		"keeps": {KeyType: fhtypes.KeyTypeAwsOwnedCmk},
	} {
		_, err := streams.CreateDeliveryStream(t.Context(), &firehose.CreateDeliveryStreamInput{
			DeliveryStreamName: &name, DeliveryStreamType: fhtypes.DeliveryStreamTypeDirectPut, DeliveryStreamEncryptionConfigurationInput: encryption,
			ExtendedS3DestinationConfiguration: &fhtypes.ExtendedS3DestinationConfiguration{
				BucketARN: aws.String("arn:aws:s3:::deliveries"), RoleARN: aws.String("arn:aws:iam::111122223333:role/delivery"),
			},
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return key
}

func objectBody(t *testing.T, objects *s3.Client, key string) []byte {
	t.Helper()
	out, err := objects.GetObject(t.Context(), &s3.GetObjectInput{Bucket: aws.String("deliveries"), Key: &key})
	if err != nil {
		t.Fatal(err)
	}
	defer out.Body.Close() //nolint:errcheck // read
	body := make([]byte, aws.ToInt64(out.ContentLength))
	if _, err := out.Body.Read(body); err != nil && err.Error() != "EOF" {
		t.Fatal(err)
	}
	return body
}
