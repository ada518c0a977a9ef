package lab_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"io"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	cwtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/aws-sdk-go-v2/service/firehose"
	"github.com/aws/aws-sdk-go-v2/service/firehose/types"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/sealaudit/sealaudit/internal/lab"
)

// delivering is a client of an account's delivery streams, with a bucket that
// they deliver to.
type delivering struct {
	*testing.T
	*firehose.Client
	streaming
	s3  *s3.Client
	cw  *cloudwatch.Client
	lab *lab.Lab
	ctx context.Context
}

func deliveries(t *testing.T) delivering {
	t.Helper()
	account := emptyAccount()
	account.Regions["eu-west-1"].S3.Buckets = []lab.Bucket{{Name: "landing"}}
	cfg, l := serve(t, account)
	return delivering{t, firehose.NewFromConfig(cfg), streaming{t, kinesis.NewFromConfig(cfg), kms.NewFromConfig(cfg), l, t.Context()},
		s3.NewFromConfig(cfg, func(o *s3.Options) { o.UsePathStyle = true }), cloudwatch.NewFromConfig(cfg), l, t.Context()}
}

// into is a destination in the bucket.
func into(prefix string, more ...func(*types.ExtendedS3DestinationConfiguration)) *types.ExtendedS3DestinationConfiguration {
	c := &types.ExtendedS3DestinationConfiguration{RoleARN: aws.String("arn:aws:iam::111122223333:role/firehose"), BucketARN: aws.String("arn:aws:s3:::landing"), Prefix: &prefix}
	for _, m := range more {
		m(c)
	}
	return c
}

func underKey(arn string) func(*types.ExtendedS3DestinationConfiguration) {
	return func(c *types.ExtendedS3DestinationConfiguration) {
		c.EncryptionConfiguration = &types.EncryptionConfiguration{KMSEncryptionConfig: &types.KMSEncryptionConfig{AWSKMSKeyARN: &arn}}
	}
}

// making makes a delivery stream, and waits until it is ACTIVE and encrypts.
func (d delivering) making(in firehose.CreateDeliveryStreamInput) {
	d.Helper()
	if in.ExtendedS3DestinationConfiguration == nil {
		in.ExtendedS3DestinationConfiguration = into("in/")
	}
	if _, err := d.CreateDeliveryStream(d.ctx, &in); err != nil {
		d.Fatal(err)
	}
	d.lab.Advance(7 * time.Second)
}

func customers(key string) *types.DeliveryStreamEncryptionConfigurationInput {
	return &types.DeliveryStreamEncryptionConfigurationInput{KeyType: types.KeyTypeCustomerManagedCmk, KeyARN: &key}
}

func (d delivering) put(name, data string) (*firehose.PutRecordOutput, error) {
	return d.Client.PutRecord(d.ctx, &firehose.PutRecordInput{DeliveryStreamName: &name, Record: &types.Record{Data: []byte(data)}})
}

func (d delivering) mustPut(name, data string) *firehose.PutRecordOutput {
	d.Helper()
	out, err := d.put(name, data)
	if err != nil {
		d.Fatal(err)
	}
	return out
}

// delivered are the contents of all objects in the bucket, in the order of
// their keys.
func (d delivering) delivered() string {
	d.Helper()
	var all []string
	for _, key := range d.objects() {
		out, err := d.s3.GetObject(d.ctx, &s3.GetObjectInput{Bucket: aws.String("landing"), Key: &key})
		if err != nil {
			d.Fatal(err)
		}
		b, err := io.ReadAll(out.Body)
		if err != nil {
			d.Fatal(err)
		}
		if strings.HasSuffix(key, ".gz") {
			r, err := gzip.NewReader(bytes.NewReader(b))
			if err != nil {
				d.Fatal(err)
			}
			if b, err = io.ReadAll(r); err != nil {
				d.Fatal(err)
			}
		}
		all = append(all, string(b))
	}
	return strings.Join(all, "|")
}

func (d delivering) objects() []string {
	d.Helper()
	out, err := d.s3.ListObjectsV2(d.ctx, &s3.ListObjectsV2Input{Bucket: aws.String("landing")})
	if err != nil {
		d.Fatal(err)
	}
	var keys []string
	for _, o := range out.Contents {
		keys = append(keys, *o.Key)
	}
	return keys
}

// counted is the sum of a metric over the last two days.
func (d delivering) counted(name, metric string) float64 {
	d.Helper()
	now := d.lab.Now()
	out, err := d.cw.GetMetricData(d.ctx, &cloudwatch.GetMetricDataInput{StartTime: aws.Time(now.Add(-48 * time.Hour)), EndTime: aws.Time(now.Add(time.Minute)),
		MetricDataQueries: []cwtypes.MetricDataQuery{{Id: aws.String("m"), MetricStat: &cwtypes.MetricStat{Period: aws.Int32(300), Stat: aws.String("Sum"),
			Metric: &cwtypes.Metric{Namespace: aws.String("AWS/Firehose"), MetricName: &metric, Dimensions: []cwtypes.Dimension{{Name: aws.String("DeliveryStreamName"), Value: &name}}}}}}})
	if err != nil {
		d.Fatal(err)
	}
	sum := 0.0
	for _, v := range out.MetricDataResults[0].Values {
		sum += v
	}
	return sum
}

func (d delivering) described(name string) *types.DeliveryStreamDescription {
	d.Helper()
	out, err := d.DescribeDeliveryStream(d.ctx, &firehose.DescribeDeliveryStreamInput{DeliveryStreamName: &name})
	if err != nil {
		d.Fatal(err)
	}
	return out.DeliveryStreamDescription
}

// Firehose API, CreateDeliveryStream, DescribeDeliveryStream and
// DeleteDeliveryStream: status by status, with the defaults of a destination as
// recorded (fixtures/recordings/firehose).
func TestDeliveryStreamsComeAndGo(t *testing.T) {
	d := deliveries(t)
	in := &firehose.CreateDeliveryStreamInput{DeliveryStreamName: aws.String("d"), ExtendedS3DestinationConfiguration: into("in/"), Tags: []types.Tag{{Key: aws.String("a"), Value: aws.String("1")}}}
	made, err := d.CreateDeliveryStream(d.ctx, in)
	if err != nil || *made.DeliveryStreamARN != "arn:aws:firehose:eu-west-1:111122223333:deliverystream/d" {
		t.Fatalf("%+v, %v", made, err)
	}
	if got := d.described("d"); got.DeliveryStreamStatus != "CREATING" {
		t.Errorf("at once: %s", got.DeliveryStreamStatus)
	}
	_, err = d.put("d", "early")
	refused(t, "a put while CREATING", err, "ResourceNotFoundException", "")
	_, err = d.DeleteDeliveryStream(d.ctx, &firehose.DeleteDeliveryStreamInput{DeliveryStreamName: aws.String("d")})
	refused(t, "a delete while CREATING", err, "ResourceInUseException", "")
	_, err = d.CreateDeliveryStream(d.ctx, in)
	refused(t, "again", err, "ResourceInUseException", "")
	d.lab.Advance(time.Second)
	got := d.described("d")
	x := got.Destinations[0].ExtendedS3DestinationDescription
	if got.DeliveryStreamStatus != "ACTIVE" || got.DeliveryStreamEncryptionConfiguration.Status != "DISABLED" || *got.VersionId != "1" ||
		x.EncryptionConfiguration.NoEncryptionConfig != "NoEncryption" || *x.BufferingHints.IntervalInSeconds != 300 || *x.BufferingHints.SizeInMBs != 5 ||
		x.CompressionFormat != "UNCOMPRESSED" || x.S3BackupMode != "Disabled" || *x.CloudWatchLoggingOptions.Enabled ||
		*got.Destinations[0].S3DestinationDescription.BucketARN != "arn:aws:s3:::landing" {
		t.Errorf("%+v\n%+v", got, x)
	}
	tags, err := d.ListTagsForDeliveryStream(d.ctx, &firehose.ListTagsForDeliveryStreamInput{DeliveryStreamName: aws.String("d")})
	if err != nil || len(tags.Tags) != 1 || *tags.HasMoreTags {
		t.Errorf("%+v, %v", tags, err)
	}
	d.mustPut("d", "waiting")
	if _, err := d.DeleteDeliveryStream(d.ctx, &firehose.DeleteDeliveryStreamInput{DeliveryStreamName: aws.String("d")}); err != nil {
		t.Fatal(err)
	}
	d.lab.Advance(time.Second)
	_, err = d.put("d", "late")
	refused(t, "a put after its end", err, "ResourceNotFoundException", "Firehose d under account 111122223333 not found.")
	if left := slices.DeleteFunc(d.lab.Stored(), func(p string) bool { return !strings.HasPrefix(p, "firehose/") }); len(left) != 0 {
		t.Errorf("the store still has %v", left)
	}
}

// Firehose API, BufferingHints: what is buffered is delivered when the interval
// has passed, or the size is reached; Firehose Developer Guide, "Amazon S3 object
// name format".
func TestRecordsAreDeliveredWhenTheirTimeHasCome(t *testing.T) {
	d := deliveries(t)
	key := d.key()
	d.making(firehose.CreateDeliveryStreamInput{DeliveryStreamName: aws.String("d"), ExtendedS3DestinationConfiguration: into("in/", underKey(key), func(c *types.ExtendedS3DestinationConfiguration) {
		c.BufferingHints = &types.BufferingHints{IntervalInSeconds: aws.Int32(600), SizeInMBs: aws.Int32(1)}
		c.CompressionFormat = types.CompressionFormatGzip
	})})
	if out := d.mustPut("d", "one,"); *out.Encrypted || *out.RecordId == "" {
		t.Errorf("%+v", out)
	}
	batch, err := d.PutRecordBatch(d.ctx, &firehose.PutRecordBatchInput{DeliveryStreamName: aws.String("d"), Records: []types.Record{{Data: []byte("two,")}, {Data: []byte("three")}}})
	if err != nil || *batch.FailedPutCount != 0 || len(batch.RequestResponses) != 2 || *batch.Encrypted {
		t.Errorf("%+v, %v", batch, err)
	}
	d.lab.Advance(9 * time.Minute)
	if got := d.objects(); len(got) != 0 {
		t.Errorf("after 9 of 10 minutes: %v", got)
	}
	earliest := d.lab.Now()
	d.lab.Advance(time.Minute)
	if got := d.delivered(); got != "one,two,three" {
		t.Errorf("after 10 minutes: %q", got)
	}
	in := func(when time.Time) string { return "in/" + when.UTC().Format("2006/01/02/15/") + "d-1-" }
	if name := d.objects()[0]; !strings.HasPrefix(name, in(earliest)) && !strings.HasPrefix(name, in(d.lab.Now())) || !strings.HasSuffix(name, ".gz") {
		t.Errorf("the object is called %s", name)
	}
	head, err := d.s3.HeadObject(d.ctx, &s3.HeadObjectInput{Bucket: aws.String("landing"), Key: &d.objects()[0]})
	if err != nil || head.ServerSideEncryption != "aws:kms" || *head.SSEKMSKeyId != key {
		t.Errorf("%+v, %v", head, err)
	}
	for range 2 {
		d.mustPut("d", strings.Repeat("x", 600<<10))
	}
	d.lab.Advance(time.Second)
	if got := d.objects(); len(got) != 2 {
		t.Errorf("a full buffer was not delivered: %v", got)
	}
	for metric, want := range map[string]float64{"IncomingRecords": 5, "DeliveryToS3.Success": 2, "DeliveryToS3.Records": 5, "KMSKeyDisabled": 0} {
		if got := d.counted("d", metric); got != want {
			t.Errorf("%s is %v, want %v", metric, got, want)
		}
	}
}

// Firehose API, PutRecord and PutRecordBatch, their bounds; and puts into a
// delivery stream that reads a stream.
func TestDeliveryPutsHaveBounds(t *testing.T) {
	d := deliveries(t)
	d.making(firehose.CreateDeliveryStreamInput{DeliveryStreamName: aws.String("d")})
	d.made("s", 1)
	d.making(firehose.CreateDeliveryStreamInput{DeliveryStreamName: aws.String("reads"), DeliveryStreamType: "KinesisStreamAsSource",
		KinesisStreamSourceConfiguration: &types.KinesisStreamSourceConfiguration{KinesisStreamARN: aws.String("arn:aws:kinesis:eu-west-1:111122223333:stream/s"), RoleARN: aws.String("arn:aws:iam::111122223333:role/f")}})
	batch := func(n, size int) error {
		_, err := d.PutRecordBatch(d.ctx, &firehose.PutRecordBatchInput{DeliveryStreamName: aws.String("d"), Records: slices.Repeat([]types.Record{{Data: make([]byte, size)}}, n)})
		return err
	}
	if err := batch(500, 10); err != nil {
		t.Error(err)
	}
	refused(t, "501 records", batch(501, 1), "ValidationException", "")
	refused(t, "more than 4 MiB", batch(5, 900<<10), "InvalidArgumentException", "")
	refused(t, "a record of more than 1,000 KiB", batch(1, 1000<<10+1), "ValidationException", "Member must have length less than or equal to 1024000")
	_, err := d.put("reads", "x")
	refused(t, "a put beside the source", err, "InvalidArgumentException", "This operation is not permitted on KinesisStreamAsSource delivery stream type.")
	_, err = d.StartDeliveryStreamEncryption(d.ctx, &firehose.StartDeliveryStreamEncryptionInput{DeliveryStreamName: aws.String("reads")})
	refused(t, "encryption beside the source's", err, "InvalidArgumentException", "")
	_, err = d.CreateDeliveryStream(d.ctx, &firehose.CreateDeliveryStreamInput{DeliveryStreamName: aws.String("none")})
	refused(t, "no destination", err, "InvalidArgumentException", "")
}

// Firehose API, UpdateDestination: merged into what is there, under a version.
func TestDestinationsAreUpdated(t *testing.T) {
	d := deliveries(t)
	d.making(firehose.CreateDeliveryStreamInput{DeliveryStreamName: aws.String("d")})
	update := func(version string) error {
		_, err := d.UpdateDestination(d.ctx, &firehose.UpdateDestinationInput{DeliveryStreamName: aws.String("d"), CurrentDeliveryStreamVersionId: &version, DestinationId: aws.String("destinationId-000000000001"),
			ExtendedS3DestinationUpdate: &types.ExtendedS3DestinationUpdate{Prefix: aws.String("other/")}})
		return err
	}
	refused(t, "an old version", update("9"), "ConcurrentModificationException", "")
	if err := update("1"); err != nil {
		t.Fatal(err)
	}
	got := d.described("d")
	if x := got.Destinations[0].ExtendedS3DestinationDescription; *got.VersionId != "2" || *x.Prefix != "other/" || *x.BufferingHints.IntervalInSeconds != 300 {
		t.Errorf("%+v", x)
	}
}

// Firehose Developer Guide, "Server-side encryption with Kinesis Data Streams as
// the data source": Firehose reads the stream under its key, and stores nothing
// of it; what it can't read it counts, and reads later.
func TestStreamsAreReadUnderTheirKey(t *testing.T) {
	d := deliveries(t)
	d.made("s", 1)
	key := d.key()
	d.encrypted("s", key)
	d.streaming.mustPut("s", "k", "before,")
	d.making(firehose.CreateDeliveryStreamInput{DeliveryStreamName: aws.String("d"), DeliveryStreamType: "KinesisStreamAsSource",
		KinesisStreamSourceConfiguration: &types.KinesisStreamSourceConfiguration{KinesisStreamARN: aws.String("arn:aws:kinesis:eu-west-1:111122223333:stream/s"), RoleARN: aws.String("arn:aws:iam::111122223333:role/f")}})
	d.streaming.mustPut("s", "k", "one,")
	d.streaming.mustPut("s", "k", "two,")
	d.lab.Advance(5 * time.Minute)
	if got := d.delivered(); got != "one,two," {
		t.Errorf("delivered %q", got)
	}
	d.streaming.mustPut("s", "k", "three,")
	if _, err := d.kms.DisableKey(d.ctx, &kms.DisableKeyInput{KeyId: &key}); err != nil {
		t.Fatal(err)
	}
	d.lab.Advance(time.Hour)
	if got, n := d.delivered(), d.counted("d", "KMSKeyDisabled"); got != "one,two," || n < 10 || n > 12 {
		t.Errorf("delivered %q, %v failures", got, n)
	}
	if slices.ContainsFunc(d.lab.Stored(), func(p string) bool { return strings.HasPrefix(p, "firehose/") }) {
		t.Errorf("Firehose stores %v", d.lab.Stored())
	}
	if _, err := d.kms.EnableKey(d.ctx, &kms.EnableKeyInput{KeyId: &key}); err != nil {
		t.Fatal(err)
	}
	d.lab.Advance(5 * time.Minute)
	if got := d.delivered(); got != "one,two,|three," {
		t.Errorf("delivered %q", got)
	}
}

// A day in the life of a delivery stream under a customer's key (Firehose
// Developer Guide, "Server-side encryption with Direct PUT": on a KMS error
// "Firehose waits up to 24 hours for the problem to be resolved. If the problem
// persists beyond 24 hours, Firehose discards the data"; "Monitoring": the four
// metrics).
func TestADayWithoutTheKeyLosesExactlyWhatWaited(t *testing.T) {
	d := deliveries(t)
	key := d.key()
	d.making(firehose.CreateDeliveryStreamInput{DeliveryStreamName: aws.String("d"), DeliveryStreamEncryptionConfigurationInput: customers(key)})
	if out := d.mustPut("d", "delivered,"); !*out.Encrypted {
		t.Error("a record under the customer's key is not called encrypted")
	}
	d.lab.Advance(5 * time.Minute)
	d.mustPut("d", "lost,")
	if _, err := d.kms.DisableKey(d.ctx, &kms.DisableKeyInput{KeyId: &key}); err != nil {
		t.Fatal(err)
	}
	d.mustPut("d", "lost from the cache,")
	d.lab.Advance(23 * time.Hour)
	if got := d.delivered(); got != "delivered," {
		t.Errorf("after 23 hours: %q", got)
	}
	_, err := d.put("d", "refused,")
	refused(t, "a put without the key", err, "InvalidKMSResourceException", "DisabledException")
	waiting := func() int {
		return len(slices.DeleteFunc(d.lab.Stored(), func(p string) bool { return !strings.HasPrefix(p, "firehose/") }))
	}
	if n := waiting(); n != 3 {
		t.Errorf("after 23 hours the store has %d, want 2 records and a data key", n)
	}
	d.lab.Advance(2 * time.Hour)
	if n := waiting(); n != 0 {
		t.Errorf("after 25 hours the store still has %d", n)
	}
	if n := d.counted("d", "KMSKeyDisabled"); n < 280 || n > 290 {
		t.Errorf("KMSKeyDisabled is %v, want one every 5 minutes of 24 hours", n)
	}
	for _, metric := range []string{"KMSKeyAccessDenied", "KMSKeyInvalidState", "KMSKeyNotFound"} {
		if n := d.counted("d", metric); n != 0 {
			t.Errorf("%s is %v", metric, n)
		}
	}
	if _, err := d.kms.EnableKey(d.ctx, &kms.EnableKeyInput{KeyId: &key}); err != nil {
		t.Fatal(err)
	}
	d.mustPut("d", "delivered again,")
	d.lab.Advance(5 * time.Minute)
	if got := d.delivered(); got != "delivered,|delivered again," {
		t.Errorf("after all: %q", got)
	}
}

// A key that comes back within 24 hours loses nothing.
func TestAKeyThatComesBackLosesNothing(t *testing.T) {
	d := deliveries(t)
	key := d.key()
	d.making(firehose.CreateDeliveryStreamInput{DeliveryStreamName: aws.String("d"), DeliveryStreamEncryptionConfigurationInput: customers(key)})
	d.mustPut("d", "kept,")
	if _, err := d.kms.ScheduleKeyDeletion(d.ctx, &kms.ScheduleKeyDeletionInput{KeyId: &key}); err != nil {
		t.Fatal(err)
	}
	d.lab.Advance(20 * time.Hour)
	if n := d.counted("d", "KMSKeyInvalidState"); n < 200 {
		t.Errorf("KMSKeyInvalidState is %v", n)
	}
	if _, err := d.kms.CancelKeyDeletion(d.ctx, &kms.CancelKeyDeletionInput{KeyId: &key}); err != nil {
		t.Fatal(err)
	}
	if _, err := d.kms.EnableKey(d.ctx, &kms.EnableKeyInput{KeyId: &key}); err != nil {
		t.Fatal(err)
	}
	d.lab.Advance(5 * time.Minute)
	if got := d.delivered(); got != "kept," {
		t.Errorf("delivered %q", got)
	}
}

// A destination that does not take the data is tried for 24 hours as well
// (Firehose API, PutRecord: "If the destination is unreachable for more than 24
// hours, the data is no longer available"), which is not the delivery stream's
// key's fault.
func TestADestinationThatRefusesIsTriedForADay(t *testing.T) {
	d := deliveries(t)
	key := d.key()
	d.making(firehose.CreateDeliveryStreamInput{DeliveryStreamName: aws.String("d"), ExtendedS3DestinationConfiguration: into("in/", underKey(key))})
	if _, err := d.kms.DisableKey(d.ctx, &kms.DisableKeyInput{KeyId: &key}); err != nil {
		t.Fatal(err)
	}
	d.mustPut("d", "lost,")
	d.lab.Advance(25 * time.Hour)
	if _, err := d.kms.EnableKey(d.ctx, &kms.EnableKeyInput{KeyId: &key}); err != nil {
		t.Fatal(err)
	}
	d.mustPut("d", "kept,")
	d.lab.Advance(10 * time.Minute)
	if got := d.delivered(); got != "kept," || d.counted("d", "KMSKeyDisabled") != 0 {
		t.Errorf("delivered %q", got)
	}
}

// Firehose Developer Guide, "Data protection": Firehose encrypts its interim
// storage whether or not the customer asked for encryption.
func TestInterimStorageIsAlwaysEncrypted(t *testing.T) {
	d := deliveries(t)
	key := d.key()
	d.making(firehose.CreateDeliveryStreamInput{DeliveryStreamName: aws.String("plain")})
	d.making(firehose.CreateDeliveryStreamInput{DeliveryStreamName: aws.String("owned"), DeliveryStreamEncryptionConfigurationInput: &types.DeliveryStreamEncryptionConfigurationInput{KeyType: types.KeyTypeAwsOwnedCmk}})
	d.making(firehose.CreateDeliveryStreamInput{DeliveryStreamName: aws.String("customer"), DeliveryStreamEncryptionConfigurationInput: customers(key)})
	for name, encrypted := range map[string]bool{"plain": false, "owned": true, "customer": true} {
		if out := d.mustPut(name, "hidden-"+name); *out.Encrypted != encrypted {
			t.Errorf("%s says Encrypted: %t", name, *out.Encrypted)
		}
	}
	if len(d.lab.Stored()) < 4 || contains(d.lab, "hidden-") {
		t.Errorf("the store has a plaintext in %v", slices.Sorted(maps.Keys(d.lab.Dump())))
	}
	for _, place := range d.lab.Stored() {
		if strings.HasPrefix(place, "firehose/") {
			d.lab.Flip(place, 8*40)
		}
	}
	d.lab.Advance(6 * time.Minute)
	if got := d.delivered(); got != "" {
		t.Errorf("damaged records were delivered as %q", got)
	}
}
