package lab_test

import (
	"bytes"
	"context"
	"crypto/md5"
	"encoding/binary"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	tagging "github.com/aws/aws-sdk-go-v2/service/resourcegroupstaggingapi"

	"github.com/sealaudit/sealaudit/internal/lab"
)

// streaming is a client of an account's streams.
type streaming struct {
	*testing.T
	*kinesis.Client
	kms *kms.Client
	lab *lab.Lab
	ctx context.Context
}

func streams(t *testing.T) streaming {
	t.Helper()
	cfg, l := serve(t, emptyAccount())
	return streaming{t, kinesis.NewFromConfig(cfg), kms.NewFromConfig(cfg), l, t.Context()}
}

// made makes a stream that is ACTIVE.
func (s streaming) made(name string, shards int32) {
	s.Helper()
	if _, err := s.CreateStream(s.ctx, &kinesis.CreateStreamInput{StreamName: &name, ShardCount: &shards}); err != nil {
		s.Fatal(err)
	}
	s.lab.Advance(time.Second)
}

func (s streaming) key() string {
	s.Helper()
	k, err := s.kms.CreateKey(s.ctx, nil)
	if err != nil {
		s.Fatal(err)
	}
	return *k.KeyMetadata.Arn
}

// encrypted starts encryption and waits until records are encrypted.
func (s streaming) encrypted(name, key string) {
	s.Helper()
	if _, err := s.StartStreamEncryption(s.ctx, &kinesis.StartStreamEncryptionInput{StreamName: &name, EncryptionType: "KMS", KeyId: &key}); err != nil {
		s.Fatal(err)
	}
	s.lab.Advance(7 * time.Second) // ACTIVE, and 5 more
}

func (s streaming) put(name, key, data string) (*kinesis.PutRecordOutput, error) {
	return s.PutRecord(s.ctx, &kinesis.PutRecordInput{StreamName: &name, PartitionKey: &key, Data: []byte(data)})
}

func (s streaming) mustPut(name, key, data string) *kinesis.PutRecordOutput {
	s.Helper()
	out, err := s.put(name, key, data)
	if err != nil {
		s.Fatal(err)
	}
	return out
}

func (s streaming) iterator(name string, kind types.ShardIteratorType, more ...func(*kinesis.GetShardIteratorInput)) (string, error) {
	in := &kinesis.GetShardIteratorInput{StreamName: &name, ShardId: aws.String("shardId-000000000000"), ShardIteratorType: kind}
	for _, m := range more {
		m(in)
	}
	out, err := s.GetShardIterator(s.ctx, in)
	if err != nil {
		return "", err
	}
	return *out.ShardIterator, nil
}

// read reads the first shard from its oldest record on.
func (s streaming) read(name string) ([]types.Record, error) {
	s.Helper()
	it, err := s.iterator(name, types.ShardIteratorTypeTrimHorizon)
	if err != nil {
		s.Fatal(err)
	}
	out, err := s.GetRecords(s.ctx, &kinesis.GetRecordsInput{ShardIterator: &it})
	if err != nil {
		return nil, err
	}
	return out.Records, nil
}

// shown is what consumers see: payloads, keys and encryption types.
func shown(records []types.Record) string {
	var all []string
	for _, r := range records {
		all = append(all, fmt.Sprintf("%s=%s(%s)", *r.PartitionKey, r.Data, r.EncryptionType))
	}
	return strings.Join(all, " ")
}

// Kinesis API, CreateStream, DescribeStreamSummary and DeleteStream: status by
// status.
func TestStreamsComeAndGo(t *testing.T) {
	s := streams(t)
	name := aws.String("s")
	_, err := s.CreateStream(s.ctx, &kinesis.CreateStreamInput{StreamName: name, ShardCount: aws.Int32(2), Tags: map[string]string{"owner": "me"}})
	if err != nil {
		t.Fatal(err)
	}
	status := func() string {
		out, err := s.DescribeStreamSummary(s.ctx, &kinesis.DescribeStreamSummaryInput{StreamName: name})
		if err != nil {
			c, _ := code(err)
			return c
		}
		return string(out.StreamDescriptionSummary.StreamStatus)
	}
	if got := status(); got != "CREATING" {
		t.Errorf("after CreateStream: %s", got)
	}
	_, err = s.put("s", "k", "v")
	refused(t, "a put while CREATING", err, "ResourceNotFoundException", "")
	_, err = s.CreateStream(s.ctx, &kinesis.CreateStreamInput{StreamName: name, ShardCount: aws.Int32(1)})
	refused(t, "again", err, "ResourceInUseException", "Stream s under account 111122223333 already exists.")
	_, err = s.DeleteStream(s.ctx, &kinesis.DeleteStreamInput{StreamName: name})
	refused(t, "delete while CREATING", err, "ResourceInUseException", "")
	s.lab.Advance(time.Second)
	if got := status(); got != "ACTIVE" {
		t.Errorf("a second later: %s", got)
	}
	d, err := s.DescribeStream(s.ctx, &kinesis.DescribeStreamInput{StreamARN: aws.String("arn:aws:kinesis:eu-west-1:111122223333:stream/s")})
	if err != nil || len(d.StreamDescription.Shards) != 2 || d.StreamDescription.EncryptionType != "NONE" || *d.StreamDescription.RetentionPeriodHours != 24 {
		t.Errorf("%+v, %v", d, err)
	}
	tags, err := s.ListTagsForStream(s.ctx, &kinesis.ListTagsForStreamInput{StreamName: name})
	if err != nil || len(tags.Tags) != 1 || *tags.Tags[0].Value != "me" {
		t.Errorf("%+v, %v", tags, err)
	}
	s.mustPut("s", "k", "v")
	if _, err := s.DeleteStream(s.ctx, &kinesis.DeleteStreamInput{StreamName: name}); err != nil {
		t.Fatal(err)
	}
	if got := status(); got != "DELETING" {
		t.Errorf("after DeleteStream: %s", got)
	}
	s.lab.Advance(time.Second)
	if got := status(); got != "ResourceNotFoundException" {
		t.Errorf("a second later: %s", got)
	}
	if left := s.lab.Stored(); len(left) != 0 {
		t.Errorf("the store still has %v", left)
	}
}

// Kinesis API, PutRecord: "An MD5 hash function is used to map partition keys to
// 128-bit integer values and to map associated data records to shards"; sequence
// numbers increase, and ExplicitHashKey overrides the hash.
func TestRecordsGoToTheShardOfTheirHash(t *testing.T) {
	s := streams(t)
	s.made("s", 4)
	shards, err := s.ListShards(s.ctx, &kinesis.ListShardsInput{StreamName: aws.String("s")})
	if err != nil || len(shards.Shards) != 4 {
		t.Fatalf("%+v, %v", shards, err)
	}
	owner := func(hash *big.Int) string {
		for _, sh := range shards.Shards {
			first, _ := new(big.Int).SetString(*sh.HashKeyRange.StartingHashKey, 10)
			last, _ := new(big.Int).SetString(*sh.HashKeyRange.EndingHashKey, 10)
			if hash.Cmp(first) >= 0 && hash.Cmp(last) <= 0 {
				return *sh.ShardId
			}
		}
		return "none"
	}
	last, used := map[string]*big.Int{}, map[string]bool{}
	for i := range 40 {
		key := fmt.Sprintf("key-%d", i)
		sum := md5.Sum([]byte(key))
		out := s.mustPut("s", key, "v")
		if want := owner(new(big.Int).SetBytes(sum[:])); *out.ShardId != want {
			t.Errorf("%s went to %s, want %s", key, *out.ShardId, want)
		}
		n, _ := new(big.Int).SetString(*out.SequenceNumber, 10)
		if before := last[*out.ShardId]; len(*out.SequenceNumber) != 56 || before != nil && n.Cmp(before) <= 0 {
			t.Errorf("sequence number %s after %v", n, before)
		}
		last[*out.ShardId], used[*out.ShardId] = n, true
	}
	if len(used) != 4 {
		t.Errorf("only %v are used", used)
	}
	out, err := s.PutRecord(s.ctx, &kinesis.PutRecordInput{StreamName: aws.String("s"), PartitionKey: aws.String("k"), Data: []byte("v"), ExplicitHashKey: aws.String("340282366920938463463374607431768211455")})
	if err != nil || *out.ShardId != "shardId-000000000003" {
		t.Errorf("%+v, %v", out, err)
	}
	_, err = s.PutRecord(s.ctx, &kinesis.PutRecordInput{StreamName: aws.String("s"), PartitionKey: aws.String("k"), Data: []byte("v"), ExplicitHashKey: aws.String("340282366920938463463374607431768211456")})
	refused(t, "a hash key of 2^128", err, "InvalidArgumentException", "Invalid ExplicitHashKey")
}

// Kinesis API, GetShardIterator: all types, and where each begins.
func TestShardIteratorsBeginWhereTheySay(t *testing.T) {
	s := streams(t)
	s.made("s", 1)
	numbers, times := []string{}, []time.Time{}
	for i := range 5 {
		times = append(times, s.lab.Now())
		numbers = append(numbers, *s.mustPut("s", "k", fmt.Sprint(i)).SequenceNumber)
		s.lab.Advance(time.Minute)
	}
	from := func(kind types.ShardIteratorType, more ...func(*kinesis.GetShardIteratorInput)) string {
		t.Helper()
		it, err := s.iterator("s", kind, more...)
		if err != nil {
			t.Fatal(err)
		}
		out, err := s.GetRecords(s.ctx, &kinesis.GetRecordsInput{ShardIterator: &it})
		if err != nil {
			t.Fatal(err)
		}
		var all []string
		for _, r := range out.Records {
			all = append(all, string(r.Data))
		}
		return strings.Join(all, "")
	}
	number := func(n string) func(*kinesis.GetShardIteratorInput) {
		return func(in *kinesis.GetShardIteratorInput) { in.StartingSequenceNumber = &n }
	}
	moment := func(m time.Time) func(*kinesis.GetShardIteratorInput) {
		return func(in *kinesis.GetShardIteratorInput) { in.Timestamp = &m }
	}
	for _, tc := range []struct{ what, got, want string }{
		{"TRIM_HORIZON", from("TRIM_HORIZON"), "01234"},
		{"LATEST", from("LATEST"), ""},
		{"AT_SEQUENCE_NUMBER", from("AT_SEQUENCE_NUMBER", number(numbers[2])), "234"},
		{"AFTER_SEQUENCE_NUMBER", from("AFTER_SEQUENCE_NUMBER", number(numbers[2])), "34"},
		{"AT_TIMESTAMP between", from("AT_TIMESTAMP", moment(times[3].Add(-30*time.Second))), "34"},
		{"AT_TIMESTAMP before all", from("AT_TIMESTAMP", moment(times[0].Add(-time.Hour))), "01234"},
	} {
		if tc.got != tc.want {
			t.Errorf("%s reads %q, want %q", tc.what, tc.got, tc.want)
		}
	}
	for what, in := range map[string]func() (string, error){
		"no number":         func() (string, error) { return s.iterator("s", "AT_SEQUENCE_NUMBER") },
		"a foreign number":  func() (string, error) { return s.iterator("s", "AT_SEQUENCE_NUMBER", number("123")) },
		"a needless number": func() (string, error) { return s.iterator("s", "LATEST", number(numbers[0])) },
		"no time":           func() (string, error) { return s.iterator("s", "AT_TIMESTAMP") },
		"a time to come":    func() (string, error) { return s.iterator("s", "AT_TIMESTAMP", moment(s.lab.Now().Add(time.Hour))) },
	} {
		_, err := in()
		refused(t, what, err, "InvalidArgumentException", "")
	}
	_, err := s.iterator("s", "NEWEST")
	refused(t, "no such type", err, "ValidationException", "enum value set")
	_, err = s.iterator("s", "LATEST", func(in *kinesis.GetShardIteratorInput) { in.ShardId = aws.String("shardId-000000000007") })
	refused(t, "no such shard", err, "ResourceNotFoundException", "shardId-000000000007")
}

// Kinesis API, GetRecords: NextShardIterator goes on, MillisBehindLatest tells
// how far behind, and "A shard iterator expires 5 minutes after it is returned".
func TestReadersGoOnUntilTheirIteratorExpires(t *testing.T) {
	s := streams(t)
	s.made("s", 1)
	for i := range 4 {
		s.mustPut("s", "k", fmt.Sprint(i))
		s.lab.Advance(time.Minute)
	}
	it, err := s.iterator("s", types.ShardIteratorTypeTrimHorizon)
	if err != nil {
		t.Fatal(err)
	}
	first, err := s.GetRecords(s.ctx, &kinesis.GetRecordsInput{ShardIterator: &it, Limit: aws.Int32(3)})
	if err != nil || len(first.Records) != 3 || *first.MillisBehindLatest < 59_000 || *first.MillisBehindLatest > 90_000 {
		t.Fatalf("%+v, %v", first, err)
	}
	rest, err := s.GetRecords(s.ctx, &kinesis.GetRecordsInput{ShardIterator: first.NextShardIterator})
	if err != nil || len(rest.Records) != 1 || *rest.MillisBehindLatest != 0 {
		t.Fatalf("%+v, %v", rest, err)
	}
	s.mustPut("s", "k", "late")
	s.lab.Advance(5 * time.Minute)
	more, err := s.GetRecords(s.ctx, &kinesis.GetRecordsInput{ShardIterator: rest.NextShardIterator})
	if err == nil {
		t.Errorf("an iterator of more than 5 minutes reads %+v", more)
	}
	refused(t, "an old iterator", err, "ExpiredIteratorException", "300000 milliseconds")
	_, err = s.GetRecords(s.ctx, &kinesis.GetRecordsInput{ShardIterator: aws.String("AAAA")})
	refused(t, "a forged iterator", err, "InvalidArgumentException", "Invalid ShardIterator.")
	_, err = s.GetRecords(s.ctx, &kinesis.GetRecordsInput{ShardIterator: &it, Limit: aws.Int32(10001)})
	refused(t, "a limit of 10,001", err, "InvalidArgumentException", "")
}

// Kinesis API, PutRecords and PutRecord: 500 records, 10 MiB together, 1 MiB
// each where the stream was not made for larger ones; partition keys of 256
// characters. One record's failure does not fail the others.
func TestPutsHaveBounds(t *testing.T) {
	s := streams(t)
	s.made("s", 2)
	entries := func(n, size int) []types.PutRecordsRequestEntry {
		return slices.Repeat([]types.PutRecordsRequestEntry{{PartitionKey: aws.String("k"), Data: make([]byte, size)}}, n)
	}
	out, err := s.PutRecords(s.ctx, &kinesis.PutRecordsInput{StreamName: aws.String("s"), Records: entries(500, 10)})
	if err != nil || *out.FailedRecordCount != 0 || len(out.Records) != 500 || out.EncryptionType != "NONE" {
		t.Fatalf("%+v, %v", out, err)
	}
	if _, err := s.PutRecords(s.ctx, &kinesis.PutRecordsInput{StreamName: aws.String("s"), Records: entries(9, 1<<20-1)}); err != nil {
		t.Errorf("9 MiB together: %v", err)
	}
	for _, tc := range []struct {
		what    string
		records []types.PutRecordsRequestEntry
		code    string
	}{
		{"501 records", entries(501, 1), "ValidationException"},
		{"none", entries(0, 1), "ValidationException"},
		{"more than 10 MiB", entries(11, 1000<<10), "InvalidArgumentException"},
		{"a record of more than 1 MiB with its key", entries(1, 1<<20), "InvalidArgumentException"},
	} {
		_, err := s.PutRecords(s.ctx, &kinesis.PutRecordsInput{StreamName: aws.String("s"), Records: tc.records})
		refused(t, tc.what, err, tc.code, "")
	}
	if _, err = s.put("s", strings.Repeat("k", 256), "v"); err != nil {
		t.Error(err)
	}
	_, err = s.put("s", strings.Repeat("k", 257), "v")
	refused(t, "a key of 257", err, "ValidationException", "at 'partitionKey' failed to satisfy constraint: Member must have length less than or equal to 256")
	_, err = s.put("s", "", "v")
	refused(t, "no key", err, "ValidationException", "Member must have length greater than or equal to 1")
	if _, err := s.put("s", "k", strings.Repeat("v", 1<<20-1)); err != nil {
		t.Errorf("1 MiB with the key: %v", err)
	}
	_, err = s.put("nowhere", "k", "v")
	refused(t, "no stream", err, "ResourceNotFoundException", "Stream nowhere under account 111122223333 not found.")
	_, err = s.put("no/name", "k", "v")
	refused(t, "no name", err, "ValidationException", "Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+")
}

// Kinesis API, PutRecords, "ErrorCode": what a shard does not take is told
// record by record.
func TestThrottledPutsFailRecordByRecord(t *testing.T) {
	account := emptyAccount()
	account.Regions["eu-west-1"].Kinesis.Streams = []lab.Resource{
		{Output: map[string]any{"StreamName": "s"}, Errors: map[string]string{"PutRecords": "throttled"}}}
	cfg, _ := serve(t, account)
	out, err := kinesis.NewFromConfig(cfg).PutRecords(t.Context(), &kinesis.PutRecordsInput{StreamName: aws.String("s"),
		Records: []types.PutRecordsRequestEntry{{PartitionKey: aws.String("a"), Data: []byte("1")}, {PartitionKey: aws.String("b"), Data: []byte("2")}}})
	if err != nil || *out.FailedRecordCount != 2 || *out.Records[0].ErrorCode != "ProvisionedThroughputExceededException" ||
		!strings.Contains(*out.Records[0].ErrorMessage, "Rate exceeded for shard shardId-000000000000 in stream s under account 111122223333.") {
		t.Errorf("%+v, %v", out, err)
	}
}

// Kinesis API, IncreaseStreamRetentionPeriod and DecreaseStreamRetentionPeriod:
// 24 to 8760 hours; what is older is inaccessible, and does not come back.
func TestRecordsLastAsLongAsTheRetentionPeriod(t *testing.T) {
	s := streams(t)
	s.made("s", 1)
	longer := func(hours int32) error {
		_, err := s.IncreaseStreamRetentionPeriod(s.ctx, &kinesis.IncreaseStreamRetentionPeriodInput{StreamName: aws.String("s"), RetentionPeriodHours: &hours})
		return err
	}
	shorter := func(hours int32) error {
		_, err := s.DecreaseStreamRetentionPeriod(s.ctx, &kinesis.DecreaseStreamRetentionPeriodInput{StreamName: aws.String("s"), RetentionPeriodHours: &hours})
		return err
	}
	refused(t, "23 hours", longer(23), "InvalidArgumentException", "Minimum allowed retention period is 24 hours. Requested retention period (23 hours) is too short.")
	refused(t, "8761 hours", longer(8761), "InvalidArgumentException", "Maximum allowed retention period is 8760 hours.")
	if err := longer(48); err != nil {
		t.Fatal(err)
	}
	refused(t, "longer to shorter", longer(24), "InvalidArgumentException", "can not be shorter")
	refused(t, "shorter to longer", shorter(72), "InvalidArgumentException", "can not be longer")
	s.mustPut("s", "k", "old")
	s.lab.Advance(30 * time.Hour)
	s.mustPut("s", "k", "new")
	if got, err := s.read("s"); err != nil || shown(got) != "k=old(NONE) k=new(NONE)" {
		t.Errorf("%s, %v", shown(got), err)
	}
	if err := shorter(24); err != nil {
		t.Fatal(err)
	}
	if err := longer(100); err != nil {
		t.Fatal(err)
	}
	if got, err := s.read("s"); err != nil || shown(got) != "k=new(NONE)" || len(s.lab.Stored()) != 1 {
		t.Errorf("%s of %v, %v", shown(got), s.lab.Stored(), err)
	}
}

// Kinesis API, ListShards: pages, tokens that name their stream and last 300
// seconds.
func TestShardsAreListedInPages(t *testing.T) {
	s := streams(t)
	s.made("s", 5)
	var ids []string
	var token *string
	for range 3 {
		in := &kinesis.ListShardsInput{NextToken: token, MaxResults: aws.Int32(2)}
		if token == nil {
			in.StreamName = aws.String("s")
		}
		out, err := s.ListShards(s.ctx, in)
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, names(out.Shards, func(sh types.Shard) *string { return sh.ShardId })...)
		if out.NextToken != nil {
			token = out.NextToken
		}
	}
	if len(ids) != 5 || !slices.IsSorted(ids) {
		t.Errorf("%v", ids)
	}
	_, err := s.ListShards(s.ctx, &kinesis.ListShardsInput{StreamName: aws.String("s"), NextToken: token})
	refused(t, "a token with a name", err, "InvalidArgumentException", "")
	s.lab.Advance(301 * time.Second)
	_, err = s.ListShards(s.ctx, &kinesis.ListShardsInput{NextToken: token})
	refused(t, "an old token", err, "ExpiredNextTokenException", "")
	_, err = s.ListShards(s.ctx, &kinesis.ListShardsInput{NextToken: aws.String("none")})
	refused(t, "a forged token", err, "InvalidArgumentException", "")
}

// Kinesis API, AddTagsToStream and RemoveTagsFromStream; the tagging API sees
// them at once.
func TestStreamTags(t *testing.T) {
	cfg, l := serve(t, emptyAccount())
	s := streaming{t, kinesis.NewFromConfig(cfg), kms.NewFromConfig(cfg), l, t.Context()}
	s.made("s", 1)
	tagged := func() int {
		out, err := tagging.NewFromConfig(cfg).GetResources(s.ctx, &tagging.GetResourcesInput{ResourceTypeFilters: []string{"kinesis"}})
		if err != nil {
			t.Fatal(err)
		}
		return len(out.ResourceTagMappingList)
	}
	before := tagged()
	if _, err := s.AddTagsToStream(s.ctx, &kinesis.AddTagsToStreamInput{StreamName: aws.String("s"), Tags: map[string]string{"a": "1", "b": "2"}}); err != nil {
		t.Fatal(err)
	}
	if before != 0 || tagged() != 1 {
		t.Errorf("%d and then %d resources are tagged", before, tagged())
	}
	if _, err := s.RemoveTagsFromStream(s.ctx, &kinesis.RemoveTagsFromStreamInput{StreamName: aws.String("s"), TagKeys: []string{"a"}}); err != nil {
		t.Fatal(err)
	}
	out, err := s.ListTagsForStream(s.ctx, &kinesis.ListTagsForStreamInput{StreamName: aws.String("s")})
	if err != nil || len(out.Tags) != 1 || *out.Tags[0].Key != "b" {
		t.Errorf("%+v, %v", out, err)
	}
}

// contains says whether anything in the store has a text.
func contains(l *lab.Lab, text string) bool {
	for _, b := range l.Dump() {
		if bytes.Contains(b, []byte(text)) {
			return true
		}
	}
	return false
}

// unaggregated reads an aggregated record of the Kinesis Producer Library by
// its published format, without this program's writer of it.
func unaggregated(t *testing.T, b []byte) (keys, payloads []string) {
	t.Helper()
	if len(b) < 20 || !bytes.Equal(b[:4], []byte{0xF3, 0x89, 0x9A, 0xC2}) {
		t.Fatalf("no magic number: %x", b)
	}
	message, sum := b[4:len(b)-16], md5.Sum(b[4:len(b)-16])
	if !bytes.Equal(sum[:], b[len(b)-16:]) {
		t.Fatal("the checksum is wrong")
	}
	fields(t, message, func(number uint64, value []byte) {
		switch number {
		case 1:
			keys = append(keys, string(value))
		case 3:
			fields(t, value, func(number uint64, value []byte) {
				if number == 3 {
					payloads = append(payloads, string(value))
				}
			})
		}
	})
	return keys, payloads
}

func fields(t *testing.T, b []byte, each func(number uint64, value []byte)) {
	t.Helper()
	for len(b) > 0 {
		tag, n := binary.Uvarint(b)
		v, m := binary.Uvarint(b[n:])
		b = b[n+m:]
		switch tag & 7 {
		case 0:
		case 2:
			each(tag>>3, b[:v])
			b = b[v:]
		default:
			t.Fatalf("wire type %d", tag&7)
		}
	}
}

// Recorded (localstack's snapshots of AWS, test_resource_policy_crud): a stream
// without a policy has an empty one.
func TestStreamPolicies(t *testing.T) {
	s := streams(t)
	s.made("s", 1)
	arn := aws.String("arn:aws:kinesis:eu-west-1:111122223333:stream/s")
	policy := func() string {
		t.Helper()
		out, err := s.GetResourcePolicy(s.ctx, &kinesis.GetResourcePolicyInput{ResourceARN: arn})
		if err != nil {
			t.Fatal(err)
		}
		return *out.Policy
	}
	const text = `{"Version":"2012-10-17","Statement":[]}`
	before := policy()
	if _, err := s.PutResourcePolicy(s.ctx, &kinesis.PutResourcePolicyInput{ResourceARN: arn, Policy: aws.String(text)}); err != nil {
		t.Fatal(err)
	}
	with := policy()
	if _, err := s.DeleteResourcePolicy(s.ctx, &kinesis.DeleteResourcePolicyInput{ResourceARN: arn}); err != nil {
		t.Fatal(err)
	}
	if before != "{}" || with != text || policy() != "{}" {
		t.Errorf("%s, %s, %s", before, with, policy())
	}
	_, err := s.PutResourcePolicy(s.ctx, &kinesis.PutResourcePolicyInput{ResourceARN: arn, Policy: aws.String("none")})
	refused(t, "no policy", err, "InvalidArgumentException", "")
	if _, err := s.TagResource(s.ctx, &kinesis.TagResourceInput{ResourceARN: arn, Tags: map[string]string{"a": "1"}}); err != nil {
		t.Fatal(err)
	}
	tags, err := s.ListTagsForResource(s.ctx, &kinesis.ListTagsForResourceInput{ResourceARN: arn})
	if err != nil || len(tags.Tags) != 1 || *tags.Tags[0].Key != "a" {
		t.Errorf("%+v, %v", tags, err)
	}
}
