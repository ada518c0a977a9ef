package lab_test

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	cttypes "github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/sealaudit/sealaudit/internal/envelope"
	"github.com/sealaudit/sealaudit/internal/envelope/esdk"
	"github.com/sealaudit/sealaudit/internal/envelope/keyring"
	"github.com/sealaudit/sealaudit/internal/lab"
)

const (
	seededKeys = `Keys:
- {KeyId: e1000000-0000-4000-8000-000000000001, Aliases: [alias/good]}
- {KeyId: e1000000-0000-4000-8000-000000000002, Aliases: [alias/disabled], KeyState: Disabled, Enabled: false}
- {KeyId: e1000000-0000-4000-8000-000000000003, Aliases: [alias/condemned], KeyState: PendingDeletion, Enabled: false, DeletionDate: now+9d}
- {KeyId: e1000000-0000-4000-8000-000000000004, Aliases: [alias/denied], Errors: {GenerateDataKey: denied, Decrypt: denied}}
`
	seededStreams = `Streams:
- StreamName: mixed
  EncryptionType: KMS
  KeyId: alias/good
  RetentionPeriodHours: 48
  Records:
  - {PartitionKey: p, Data: new-words, At: now-1h}
  - {PartitionKey: q, Data: old-words, At: now-30h, Plaintext: true}
  - {PartitionKey: r, Data: gone-words, At: now-3d, Plaintext: true}
- StreamName: disabled
  EncryptionType: KMS
  KeyId: alias/disabled
  Records: [{PartitionKey: p, Data: a, At: now-2h}]
- StreamName: condemned
  EncryptionType: KMS
  KeyId: e1000000-0000-4000-8000-000000000003
  Records: [{PartitionKey: p, Data: a, At: now-2h}]
- StreamName: deleted
  EncryptionType: KMS
  KeyId: arn:aws:kms:eu-west-1:111122223333:key/dead0000-0000-4000-8000-000000000001
  Records: [{PartitionKey: p, Data: a, At: now-2h}]
- StreamName: denied
  EncryptionType: KMS
  KeyId: alias/denied
  Records: [{PartitionKey: p, Data: a, At: now-2h}]
- StreamName: flipped
  EncryptionType: KMS
  KeyId: alias/good
  Records: [{PartitionKey: p, Data: a, Tampered: true}]
- StreamName: sealed
  Records:
  - {PartitionKey: signed, Data: secret-words, Client: {Format: esdk, Key: alias/good, Context: {purpose: test}}}
  - {PartitionKey: older, Data: secret-words, Client: {Format: esdk, Key: alias/good, Suite: "0178"}}
  - {PartitionKey: locked, Data: secret-words, Client: {Format: esdk, Key: alias/disabled}}
  - {PartitionKey: changed, Data: secret-words, Client: {Format: esdk, Key: alias/good}, Tampered: true}
  - PartitionKey: several
    KPL:
    - {PartitionKey: u1, Data: first}
    - {PartitionKey: u2, Data: secret-words, Client: {Format: esdk, Key: alias/good}}
`
	seededDelivery = `DeliveryStreams:
- DeliveryStreamName: lost
  DeliveryStreamEncryptionConfiguration: {Status: ENABLED, KeyType: CUSTOMER_MANAGED_CMK, KeyARN: "arn:aws:kms:eu-west-1:111122223333:key/e1000000-0000-4000-8000-000000000002"}
  Destinations: &into
  - DestinationId: destinationId-000000000001
    ExtendedS3DestinationDescription: {BucketARN: "arn:aws:s3:::landing", Prefix: in/, EncryptionConfiguration: {NoEncryptionConfig: NoEncryption}, BufferingHints: {SizeInMBs: 5, IntervalInSeconds: 300}, CompressionFormat: UNCOMPRESSED}
  Records: [{Data: "lost,", At: now-25h}, {Data: "waits,", At: now-1h}]
- DeliveryStreamName: fine
  DeliveryStreamEncryptionConfiguration: {Status: ENABLED, KeyType: CUSTOMER_MANAGED_CMK, KeyARN: "arn:aws:kms:eu-west-1:111122223333:key/e1000000-0000-4000-8000-000000000001"}
  Destinations: *into
  Records: [{Data: "delivered,", At: now-1h}, {Data: "buffered,", At: now}]
`
)

func seeded(t *testing.T) (aws.Config, *lab.Lab) {
	t.Helper()
	account, err := lab.Load(fstest.MapFS{
		"account.yaml":            {Data: []byte(head)},
		"eu-west-1/kms.yaml":      {Data: []byte(seededKeys)},
		"eu-west-1/kinesis.yaml":  {Data: []byte(seededStreams)},
		"eu-west-1/firehose.yaml": {Data: []byte(seededDelivery)},
		"eu-west-1/s3.yaml":       {Data: []byte("Buckets: [{Name: landing}]\n")},
	})
	if err != nil {
		t.Fatal(err)
	}
	return serve(t, account)
}

// Seeds are records as producers put them: encrypted as the stream was, at their
// time, readable as far as KMS allows now.
func TestSeededRecordsAreAsIfTheyHadBeenPut(t *testing.T) {
	cfg, l := seeded(t)
	s := streaming{t, kinesis.NewFromConfig(cfg), kms.NewFromConfig(cfg), l, t.Context()}
	got, err := s.read("mixed")
	if err != nil || shown(got) != "q=old-words(NONE) p=new-words(KMS)" {
		t.Fatalf("%s, %v", shown(got), err)
	}
	if age := l.Now().Sub(*got[0].ApproximateArrivalTimestamp); age < 30*time.Hour || age > 30*time.Hour+time.Minute {
		t.Errorf("the old record is %s old", age)
	}
	if !contains(l, "old-words") || contains(l, "new-words") || contains(l, "gone-words") || contains(l, "secret-words") {
		t.Error("the store has other plaintexts than those that were written so")
	}
	for stream, want := range map[string]string{"disabled": "KMSDisabledException", "condemned": "KMSInvalidStateException", "deleted": "KMSNotFoundException",
		"denied": "KMSAccessDeniedException", "flipped": "InternalFailureException"} {
		_, err := s.read(stream)
		refused(t, stream, err, want, "")
	}
	state, err := s.kms.DescribeKey(s.ctx, &kms.DescribeKeyInput{KeyId: aws.String("alias/disabled")})
	if err != nil || state.KeyMetadata.KeyState != "Disabled" {
		t.Errorf("%+v, %v", state, err)
	}
	if _, err := s.kms.EnableKey(s.ctx, &kms.EnableKeyInput{KeyId: aws.String("e1000000-0000-4000-8000-000000000002")}); err != nil {
		t.Fatal(err)
	}
	if got, err := s.read("disabled"); err != nil || shown(got) != "p=a(KMS)" {
		t.Errorf("with its key back: %s, %v", shown(got), err)
	}
}

// wireKMS is KMS over the wire, as a consumer's keyring calls it.
type wireKMS struct{ *kms.Client }

func (w wireKMS) Decrypt(ctx context.Context, keyID string, blob []byte, encryptionContext map[string]string) (envelope.DataKey, error) {
	out, err := w.Client.Decrypt(ctx, &kms.DecryptInput{KeyId: &keyID, CiphertextBlob: blob, EncryptionContext: encryptionContext})
	if err != nil {
		return envelope.DataKey{}, err
	}
	return envelope.NewDataKey(out.Plaintext), nil
}

func (w wireKMS) GenerateDataKey(context.Context, string, int, map[string]string) (envelope.DataKey, []byte, error) {
	return envelope.DataKey{}, nil, envelope.ErrUnsupported
}

// AWS Encryption SDK Developer Guide, "Message format reference", and the KPL's
// "Aggregation format": payloads that the producer encrypted open through KMS, or
// do not.
func TestSeededPayloadsAreTheClients(t *testing.T) {
	cfg, l := seeded(t)
	s := streaming{t, kinesis.NewFromConfig(cfg), kms.NewFromConfig(cfg), l, t.Context()}
	records, err := s.read("sealed")
	if err != nil {
		t.Fatal(err)
	}
	payloads := map[string][]byte{}
	for _, r := range records {
		payloads[*r.PartitionKey] = r.Data
	}
	keys, parts := unaggregated(t, payloads["several"])
	if len(parts) != 2 || strings.Join(keys, " ") != "u1 u2" || parts[0] != "first" {
		t.Fatalf("%q of %q", parts, keys)
	}
	payloads["u2"] = []byte(parts[1])
	open := func(b []byte) (string, error) {
		r, err := esdk.NewReader(t.Context(), bytes.NewReader(b), keyring.NewKMSDiscovery(wireKMS{s.kms}, keyring.Filter{}), esdk.Options{})
		if err != nil {
			return "", err
		}
		var out bytes.Buffer
		_, err = out.ReadFrom(r)
		return out.String(), err
	}
	for _, key := range []string{"signed", "older", "u2"} {
		if got, err := open(payloads[key]); err != nil || got != "secret-words" {
			t.Errorf("%s opens as %q, %v", key, got, err)
		}
	}
	for _, key := range []string{"changed", "locked"} {
		if got, err := open(payloads[key]); err == nil {
			t.Errorf("%s opens as %q", key, got)
		}
	}
}

// What is in a delivery stream when the account starts has lived until then:
// delivered, waiting, or lost after 24 hours.
func TestSeededDeliveriesHaveLived(t *testing.T) {
	cfg, l := seeded(t)
	d := delivering{T: t, lab: l, ctx: t.Context(), s3: s3.NewFromConfig(cfg, func(o *s3.Options) { o.UsePathStyle = true }), cw: cloudwatch.NewFromConfig(cfg)}
	if got := d.delivered(); got != "delivered,buffered," {
		t.Errorf("delivered %q", got)
	}
	waiting := slices.DeleteFunc(l.Stored(), func(p string) bool { return !strings.HasPrefix(p, "firehose/eu-west-1/lost/records/") })
	if len(waiting) != 1 || d.counted("lost", "KMSKeyDisabled") != 2 { // one for each data key
		t.Errorf("%d wait, %v failures", len(waiting), d.counted("lost", "KMSKeyDisabled"))
	}
}

// Kinesis Developer Guide, "Permissions to use user-generated KMS keys",
// encryption context; "Under the hood …": a call of KMS every 5 minutes of
// traffic.
func TestKMSEventsNameTheStream(t *testing.T) {
	cfg, l := serve(t, emptyAccount())
	s := streaming{t, kinesis.NewFromConfig(cfg), kms.NewFromConfig(cfg), l, t.Context()}
	s.made("s", 1)
	key := s.key()
	s.encrypted("s", key)
	for range 24 {
		s.mustPut("s", "k", "v")
		if _, err := s.read("s"); err != nil {
			t.Fatal(err)
		}
		s.lab.Advance(time.Minute)
	}
	for name, want := range map[string]int{"GenerateDataKey": 5, "Decrypt": 5 + 4 + 3 + 2 + 1} { // for each material that a read needs
		out, err := cloudtrail.NewFromConfig(cfg).LookupEvents(s.ctx, &cloudtrail.LookupEventsInput{EndTime: aws.Time(l.Now().Add(time.Minute)),
			LookupAttributes: []cttypes.LookupAttribute{{AttributeKey: cttypes.LookupAttributeKeyEventName, AttributeValue: &name}}})
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for _, e := range out.Events {
			var record struct {
				UserIdentity      struct{ InvokedBy string }
				RequestParameters struct{ EncryptionContext map[string]string }
				Resources         []struct{ ARN string }
			}
			if err := json.Unmarshal([]byte(*e.CloudTrailEvent), &record); err != nil {
				t.Fatal(err)
			}
			if record.UserIdentity.InvokedBy == "kinesis.amazonaws.com" && record.RequestParameters.EncryptionContext["aws:kinesis:arn"] == "arn:aws:kinesis:eu-west-1:111122223333:stream/s" && record.Resources[0].ARN == key {
				n++
			}
		}
		if n != want {
			t.Errorf("%d events %s in 24 minutes of traffic, want %d", n, name, want)
		}
	}
}

// A seed that says nothing that can be is refused in words.
func TestSeedsThatCanNotBeAreRefused(t *testing.T) {
	for _, tc := range []struct{ record, says string }{
		{"{Data: x}", "PartitionKey"},
		{"{PartitionKey: p, Data: x, Client: {Format: pgp, Key: alias/good}}", "pgp"},
		{"{PartitionKey: p, Data: x, Client: {Format: esdk, Key: alias/good, Suite: zzzz}}", "zzzz"},
		{"{PartitionKey: p, Data: x, Client: {Format: esdk, Key: alias/none}}", "alias/none"},
		{"{PartitionKey: p, Data: x, KPL: [{PartitionKey: q, Data: y}]}", "KPL"},
		{"{PartitionKey: p, Data: x, At: yesterday}", "yesterday"},
		{"{PartitionKey: p, Data: x, Clients: {}}", "Clients"},
	} {
		account, err := lab.Load(fstest.MapFS{"account.yaml": {Data: []byte(head)}, "eu-west-1/kms.yaml": {Data: []byte(seededKeys)},
			"eu-west-1/kinesis.yaml": {Data: []byte("Streams:\n- StreamName: s\n  Records:\n  - " + tc.record + "\n")}})
		if err == nil {
			var stop func()
			if _, stop, err = lab.New(account).Start(); err == nil {
				stop()
			}
		}
		if err == nil || !strings.Contains(err.Error(), tc.says) {
			t.Errorf("%s: %v, which does not say %s", tc.record, err, tc.says)
		}
	}
}
