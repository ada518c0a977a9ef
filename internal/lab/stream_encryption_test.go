package lab_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	kmstypes "github.com/aws/aws-sdk-go-v2/service/kms/types"

	"github.com/sealaudit/sealaudit/internal/lab"
)

// Kinesis API, StartStreamEncryption: UPDATING, then ACTIVE, then up to 5
// seconds until every record is encrypted; what was written before stays as it
// was. PutRecord(s) and GetRecords tell the type of each.
func TestEncryptionStartsAndStopsAsDocumented(t *testing.T) {
	s := streams(t)
	s.made("s", 1)
	key := s.key()
	s.mustPut("s", "one", "before")
	change := &kinesis.StartStreamEncryptionInput{StreamName: aws.String("s"), EncryptionType: "KMS", KeyId: &key}
	if _, err := s.StartStreamEncryption(s.ctx, change); err != nil {
		t.Fatal(err)
	}
	described := func() string {
		out, err := s.DescribeStreamSummary(s.ctx, &kinesis.DescribeStreamSummaryInput{StreamName: aws.String("s")})
		if err != nil {
			t.Fatal(err)
		}
		d := out.StreamDescriptionSummary
		return fmt.Sprint(d.StreamStatus, " ", d.EncryptionType, " ", aws.ToString(d.KeyId) == key)
	}
	if got := described(); got != "UPDATING NONE false" {
		t.Errorf("at once: %s", got)
	}
	_, err := s.StartStreamEncryption(s.ctx, change)
	refused(t, "a start while UPDATING", err, "ResourceInUseException", "Stream s under account 111122223333 not ACTIVE, instead in state UPDATING")
	if out := s.mustPut("s", "two", "while updating"); out.EncryptionType != "NONE" {
		t.Errorf("while UPDATING: %s", out.EncryptionType)
	}
	s.lab.Advance(2 * time.Second)
	if got := described(); got != "ACTIVE KMS true" {
		t.Errorf("2 seconds later: %s", got)
	}
	s.lab.Advance(5 * time.Second)
	if out := s.mustPut("s", "three", "encrypted"); out.EncryptionType != "KMS" {
		t.Errorf("5 seconds after ACTIVE: %s", out.EncryptionType)
	}
	if _, err := s.StopStreamEncryption(s.ctx, &kinesis.StopStreamEncryptionInput{StreamName: aws.String("s"), EncryptionType: "KMS", KeyId: &key}); err != nil {
		t.Fatal(err)
	}
	if out := s.mustPut("s", "four", "still encrypted"); out.EncryptionType != "KMS" {
		t.Errorf("while it stops: %s", out.EncryptionType)
	}
	s.lab.Advance(7 * time.Second)
	if got := described(); got != "ACTIVE NONE false" {
		t.Errorf("after it stopped: %s", got)
	}
	s.mustPut("s", "five", "plain again")
	want := "one=before(NONE) two=while updating(NONE) three=encrypted(KMS) four=still encrypted(KMS) five=plain again(NONE)"
	if got, err := s.read("s"); err != nil || shown(got) != want {
		t.Errorf("%s, %v", shown(got), err)
	}
}

// AWS Big Data Blog, "Under the hood of server-side encryption for Amazon
// Kinesis Streams": partition key and payload are encrypted; records from before
// stay plaintext until retention ends (Kinesis Developer Guide, "What is
// server-side encryption for Kinesis Data Streams?").
func TestTheStoreHasNoPlaintextOfAnEncryptedStream(t *testing.T) {
	s := streams(t)
	s.made("s", 1)
	s.mustPut("s", "open-partition", "open-payload")
	s.encrypted("s", "alias/aws/kinesis")
	for i := range 20 {
		s.mustPut("s", fmt.Sprint("hidden-partition-", i), fmt.Sprint("hidden-payload-", i))
	}
	for text, want := range map[string]bool{"open-partition": true, "open-payload": true, "hidden-partition": false, "hidden-payload": false} {
		if contains(s.lab, text) != want {
			t.Errorf("the store has %s: %t", text, !want)
		}
	}
	s.lab.Advance(24 * time.Hour)
	if contains(s.lab, "open-payload") || len(s.lab.Stored()) != 0 {
		t.Errorf("after the retention period the store has %v", s.lab.Stored())
	}
}

// Kinesis API, "Errors" of PutRecord and GetRecords; the key's state counts when
// Kinesis asks KMS again, 5 minutes after it did ("Under the hood …").
func TestKeysAreMissedAfterFiveMinutes(t *testing.T) {
	for _, tc := range []struct {
		what, code string
		spoil      func(s streaming, key string) error
	}{
		{"disabled", "KMSDisabledException", func(s streaming, key string) error {
			_, err := s.kms.DisableKey(s.ctx, &kms.DisableKeyInput{KeyId: &key})
			return err
		}},
		{"condemned", "KMSInvalidStateException", func(s streaming, key string) error {
			_, err := s.kms.ScheduleKeyDeletion(s.ctx, &kms.ScheduleKeyDeletionInput{KeyId: &key, PendingWindowInDays: aws.Int32(7)})
			return err
		}},
	} {
		t.Run(tc.what, func(t *testing.T) {
			s := streams(t)
			s.T = t
			s.made("s", 1)
			key := s.key()
			s.encrypted("s", key)
			s.mustPut("s", "k", "v")
			if _, err := s.read("s"); err != nil {
				t.Fatal(err)
			}
			if err := tc.spoil(s, key); err != nil {
				t.Fatal(err)
			}
			s.mustPut("s", "k", "from the cache")
			if got, err := s.read("s"); err != nil || len(got) != 2 {
				t.Errorf("from the cache: %s, %v", shown(got), err)
			}
			s.lab.Advance(5 * time.Minute)
			_, err := s.put("s", "k", "v")
			refused(t, "a put", err, tc.code, "")
			_, err = s.PutRecords(s.ctx, &kinesis.PutRecordsInput{StreamName: aws.String("s"), Records: []types.PutRecordsRequestEntry{{PartitionKey: aws.String("k"), Data: []byte("v")}}})
			refused(t, "a put of several", err, tc.code, "")
			_, err = s.read("s")
			refused(t, "a read", err, tc.code, "")
			s.lab.Advance(8 * 24 * time.Hour)
			if tc.what == "condemned" {
				_, err := s.put("s", "k", "v")
				refused(t, "a put under a deleted key", err, "KMSNotFoundException", "")
			}
		})
	}
}

// A key that is enabled again opens what was written before: only the key was
// missing.
func TestRecordsComeBackWithTheirKey(t *testing.T) {
	s := streams(t)
	s.made("s", 1)
	key := s.key()
	s.encrypted("s", key)
	s.mustPut("s", "k", "v")
	if _, err := s.kms.DisableKey(s.ctx, &kms.DisableKeyInput{KeyId: &key}); err != nil {
		t.Fatal(err)
	}
	s.lab.Advance(time.Hour)
	if _, err := s.read("s"); err == nil {
		t.Fatal("read without the key")
	}
	if _, err := s.kms.EnableKey(s.ctx, &kms.EnableKeyInput{KeyId: &key}); err != nil {
		t.Fatal(err)
	}
	if got, err := s.read("s"); err != nil || shown(got) != "k=v(KMS)" {
		t.Errorf("%s, %v", shown(got), err)
	}
}

// Kinesis API, StartStreamEncryption, "Errors": keys that can't be used, and
// more than 25 changes in a rolling 24 hours.
func TestEncryptionIsRefusedWithAReason(t *testing.T) {
	account := emptyAccount()
	account.Regions["eu-west-1"].KMS.Keys = []lab.Key{
		{Output: map[string]any{"KeyId": "e1000000-0000-4000-8000-000000000001", "KeyState": "Disabled", "Enabled": false}},
		{Output: map[string]any{"KeyId": "e1000000-0000-4000-8000-000000000002"}, Errors: map[string]string{"GenerateDataKey": "denied"}},
		{Output: map[string]any{"KeyId": "e1000000-0000-4000-8000-000000000003", "KeySpec": "RSA_2048"}},
		{Output: map[string]any{"KeyId": "e1000000-0000-4000-8000-000000000004", "Origin": "EXTERNAL", "KeyState": "PendingImport"}},
	}
	account.Regions["us-east-1"].KMS.Keys = []lab.Key{{Output: map[string]any{"KeyId": "e2000000-0000-4000-8000-000000000001"}}}
	cfg, l := serve(t, account)
	s := streaming{t, kinesis.NewFromConfig(cfg), kms.NewFromConfig(cfg), l, t.Context()}
	s.made("s", 1)
	start := func(key string, kind types.EncryptionType) error {
		_, err := s.StartStreamEncryption(s.ctx, &kinesis.StartStreamEncryptionInput{StreamName: aws.String("s"), EncryptionType: kind, KeyId: &key})
		return err
	}
	const arn = "arn:aws:kms:eu-west-1:111122223333:key/"
	for _, tc := range []struct{ key, code string }{
		{"e1000000-0000-4000-8000-000000000001", "KMSDisabledException"},
		{arn + "e1000000-0000-4000-8000-000000000002", "KMSAccessDeniedException"},
		{arn + "e1000000-0000-4000-8000-000000000003", "InvalidArgumentException"},
		{arn + "e1000000-0000-4000-8000-000000000004", "KMSInvalidStateException"},
		{arn + "dead0000-0000-4000-8000-000000000001", "KMSNotFoundException"},
		{"alias/nowhere", "KMSNotFoundException"},
		{"arn:aws:kms:us-east-1:111122223333:key/e2000000-0000-4000-8000-000000000001", "KMSNotFoundException"},
		{"arn:aws:kms:eu-west-1:999988887777:key/f9000000-0000-4000-8000-000000000001", "KMSAccessDeniedException"},
	} {
		refused(t, tc.key, start(tc.key, "KMS"), tc.code, "")
	}
	key := s.key()
	refused(t, "NONE", start(key, "NONE"), "InvalidArgumentException", "")
	refused(t, "no type", start(key, "AES"), "ValidationException", "enum value set")
	for i := range 25 {
		if err := start(key, "KMS"); err != nil {
			t.Fatalf("start %d: %v", i+1, err)
		}
		s.lab.Advance(10 * time.Second)
	}
	refused(t, "the 26th start", start(key, "KMS"), "LimitExceededException", "")
	s.lab.Advance(23 * time.Hour)
	refused(t, "the 26th start in 23 hours", start(key, "KMS"), "LimitExceededException", "")
	s.lab.Advance(time.Hour)
	if err := start(key, "KMS"); err != nil {
		t.Errorf("a day later: %v", err)
	}
}

// Kinesis Developer Guide, "How do I get started with server-side encryption?":
// aws/kinesis is a key that AWS manages; it is made at its first use.
func TestTheManagedKeyIsMadeWhenItIsUsed(t *testing.T) {
	s := streams(t)
	s.made("s", 1)
	s.encrypted("s", "alias/aws/kinesis")
	s.mustPut("s", "k", "v")
	out, err := s.kms.DescribeKey(s.ctx, &kms.DescribeKeyInput{KeyId: aws.String("alias/aws/kinesis")})
	if err != nil || out.KeyMetadata.KeyManager != kmstypes.KeyManagerTypeAws {
		t.Errorf("%+v, %v", out, err)
	}
	if got, err := s.read("s"); err != nil || shown(got) != "k=v(KMS)" {
		t.Errorf("%s, %v", shown(got), err)
	}
}

// A new key is for new records; old ones keep theirs.
func TestAnotherKeyIsForNewRecords(t *testing.T) {
	s := streams(t)
	s.made("s", 1)
	first, second := s.key(), s.key()
	s.encrypted("s", first)
	s.mustPut("s", "k", "one")
	s.encrypted("s", second)
	s.mustPut("s", "k", "two")
	if _, err := s.kms.DisableKey(s.ctx, &kms.DisableKeyInput{KeyId: &first}); err != nil {
		t.Fatal(err)
	}
	_, err := s.read("s")
	refused(t, "a record under the first key", err, "KMSDisabledException", first)
	it, err := s.iterator("s", types.ShardIteratorTypeAfterSequenceNumber, func(in *kinesis.GetShardIteratorInput) {
		in.StartingSequenceNumber = s.mustPut("s", "k", "three").SequenceNumber
	})
	if err != nil {
		t.Fatal(err)
	}
	s.mustPut("s", "k", "four")
	out, err := s.GetRecords(s.ctx, &kinesis.GetRecordsInput{ShardIterator: &it})
	if err != nil || shown(out.Records) != "k=four(KMS)" {
		t.Errorf("%s, %v", shown(out.Records), err)
	}
}

// Whatever bit is damaged at rest, no consumer is given anything but what was
// written: the record is right, or Kinesis fails.
func TestDamageAtRestIsNeverRead(t *testing.T) {
	s := streams(t)
	s.made("s", 1)
	if _, err := s.IncreaseStreamRetentionPeriod(s.ctx, &kinesis.IncreaseStreamRetentionPeriodInput{StreamName: aws.String("s"), RetentionPeriodHours: aws.Int32(8760)}); err != nil {
		t.Fatal(err)
	}
	written := map[string]bool{}
	for i := range 20 {
		if i == 10 {
			s.encrypted("s", s.key())
		}
		text := fmt.Sprintf("payload %d %s", i, strings.Repeat("x", 30))
		s.mustPut("s", fmt.Sprint("key ", i), text)
		written[fmt.Sprintf("key %d=%s", i, text)] = true
	}
	rng, failed := rand.New(rand.NewPCG(1, 2)), 0
	places := s.lab.Stored()
	for range 1000 {
		place := places[rng.IntN(len(places))]
		bit := rng.IntN(8 * len(s.lab.Dump()[place]))
		s.lab.Flip(place, bit)
		s.lab.Advance(5 * time.Minute) // nothing stays in a cache
		got, err := s.read("s")
		if c, _ := code(err); err != nil && c == "" { // the connection broke; not Kinesis
			got, err = s.read("s")
		}
		if c, status := code(err); err != nil && (c != "InternalFailureException" || status != 500) {
			t.Fatalf("bit %d of %s: %v", bit, place, err)
		}
		if err != nil || len(got) < 20 {
			failed++
		}
		for _, r := range got {
			if !written[*r.PartitionKey+"="+string(r.Data)] {
				t.Fatalf("bit %d of %s reads as %s", bit, place, shown([]types.Record{r}))
			}
		}
		s.lab.Flip(place, bit)
	}
	if failed < 900 {
		t.Errorf("only %d flips were noticed", failed)
	}
}
