package main

import (
	"fmt"
	"strings"
	"testing"

	"github.com/sealaudit/sealaudit/internal/lab"
	"github.com/sealaudit/sealaudit/rego"
)

// streams300 is an account with 300 encrypted streams and 100 encrypted
// delivery streams in one region.
func streams300() *lab.Account {
	region := &lab.Region{}
	for i := range 300 {
		region.Kinesis.Streams = append(region.Kinesis.Streams, lab.Resource{Output: map[string]any{
			"StreamName": fmt.Sprintf("stream-%03d", i), "StreamStatus": "ACTIVE", "EncryptionType": "KMS", "KeyId": "alias/aws/kinesis"}})
	}
	for i := range 100 {
		region.Firehose.DeliveryStreams = append(region.Firehose.DeliveryStreams, lab.Resource{Output: map[string]any{
			"DeliveryStreamName": fmt.Sprintf("delivery-%03d", i), "DeliveryStreamType": "DirectPut",
			"DeliveryStreamEncryptionConfiguration": map[string]any{"Status": "ENABLED", "KeyType": "AWS_OWNED_CMK"},
			"Destinations": []any{map[string]any{"DestinationId": "destinationId-000000000001", "ExtendedS3DestinationDescription": map[string]any{
				"BucketARN": "arn:aws:s3:::somewhere", "EncryptionConfiguration": map[string]any{"NoEncryptionConfig": "NoEncryption"}}}}}})
	}
	region.KMS.Aliases = []lab.Resource{{Output: map[string]any{"AliasName": "alias/aws/kinesis"}}}
	return &lab.Account{ID: "111122223333", Caller: "arn:aws:sts::111122223333:assumed-role/audit/test", Regions: map[string]*lab.Region{"eu-west-1": region}}
}

// allRead checks that no stream is missing, unread or undecided.
func allRead(t testing.TB, got audited) {
	t.Helper()
	for kind, want := range map[string]int{"AWS::Kinesis::Stream": 300, "AWS::KinesisFirehose::DeliveryStream": 100} {
		for _, line := range got.manifest.Coverage {
			if line.Type == kind && (line.Read != want || !line.Complete()) {
				t.Errorf("%s: %d read of %d, %d partly, %d unread, %+v", kind, line.Read, want, line.Partly, line.Unread, line.Gap)
			}
		}
	}
	for policy, want := range map[string]int{"kinesis/stream_encrypted": 300, "firehose/stream_encrypted": 100} {
		passed := 0
		for _, f := range got.findings {
			if f.Policy == policy && f.Status == rego.Pass {
				passed++
			}
		}
		if passed != want {
			t.Errorf("%s passes on %d of %d", policy, passed, want)
		}
	}
}

func throttled(l *lab.Lab) int {
	n := 0
	for _, c := range l.Calls() {
		if c.Status == 400 && (c.Operation == "kinesis:DescribeStreamSummary" || c.Operation == "firehose:DescribeDeliveryStream") {
			n++
		}
	}
	return n
}

// A scanner that gives up on throttles loses streams and calls them
// unencrypted. This one loses none, whether it knows the quotas or must find
// them out. The rates are five and ten times AWS's, which the benchmark keeps to.
func TestNoStreamIsLostToThrottling(t *testing.T) {
	quotas := map[string]float64{"kinesis:DescribeStreamSummary": 200, "firehose:DescribeDeliveryStream": 50}
	t.Run("known quotas", func(t *testing.T) {
		got := audit{account: streams300(), options: []lab.Option{lab.Rate(quotas)}, rates: quotas}.run(t)
		allRead(t, got)
		if n := throttled(got.lab); n > 40 {
			t.Errorf("%d calls were throttled although the quotas are known", n)
		}
	})
	t.Run("unknown quotas", func(t *testing.T) {
		lower := map[string]float64{"kinesis:DescribeStreamSummary": 100, "firehose:DescribeDeliveryStream": 25}
		got := audit{account: streams300(), options: []lab.Option{lab.Rate(lower)}}.run(t)
		allRead(t, got)
		if throttled(got.lab) == 0 {
			t.Error("nothing was throttled, so nothing is shown")
		}
	})
}

// BenchmarkDocumentedRates reads 300 streams and 100 delivery streams at the
// rates that AWS documents. The floor is what arithmetic allows: 300 calls at
// 20 a second and, beside them, 100 calls at 5 a second take 20 seconds.
func BenchmarkDocumentedRates(b *testing.B) {
	quotas := map[string]float64{"kinesis:ListStreams": 5, "kinesis:DescribeStreamSummary": 20, "firehose:ListDeliveryStreams": 5, "firehose:DescribeDeliveryStream": 5}
	const floor = 100.0 / 5
	for b.Loop() {
		got := audit{account: streams300(), options: []lab.Option{lab.Rate(quotas)}, rates: quotas}.run(b)
		allRead(b, got)
		b.ReportMetric(float64(throttled(got.lab)), "throttled")
	}
	b.ReportMetric(b.Elapsed().Seconds()/float64(b.N)/floor, "x-floor")
}

// A table that vanishes between listing and describing costs itself only.
func TestVanishedTableCostsOnlyItself(t *testing.T) {
	account := sound(t)
	before := audit{account: account}.run(t).verdicts()
	tables := &account.Regions["eu-west-1"].DynamoDB.Tables
	*tables = append(*tables, lab.Resource{Output: map[string]any{"TableName": "gone", "TableStatus": "ACTIVE"}, Errors: map[string]string{"DescribeTable": "vanished"}})
	got := audit{account: account}.run(t)
	gone := 0
	for _, f := range got.findings {
		key := f.Policy + " " + f.Resource.ARN
		switch {
		case strings.HasSuffix(f.Resource.ARN, ":table/gone"):
			gone++
			if f.Status != rego.Undecided || len(f.Unknowns) == 0 || f.Unknowns[0].Reason != "vanished" {
				t.Errorf("%s of the vanished table is %s: %+v", f.Policy, f.Status, f.Unknowns)
			}
		case got.verdicts()[key] != before[key] && !strings.HasPrefix(f.Policy, "kms/"):
			t.Errorf("%s was %q and is %q", key, before[key], got.verdicts()[key])
		}
	}
	if gone == 0 || got.code != exitUnknown {
		t.Errorf("%d verdicts on the vanished table, exit %d", gone, got.code)
	}
}
