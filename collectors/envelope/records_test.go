package envelope_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	awskms "github.com/aws/aws-sdk-go-v2/service/kms"
	kmstypes "github.com/aws/aws-sdk-go-v2/service/kms/types"

	"github.com/sealaudit/sealaudit/collectors"
	"github.com/sealaudit/sealaudit/collectors/envelope"
	"github.com/sealaudit/sealaudit/internal/awsapi"
	"github.com/sealaudit/sealaudit/internal/awsapi/awsapitest"
	"github.com/sealaudit/sealaudit/internal/envelope/esdk"
	"github.com/sealaudit/sealaudit/internal/envelope/keyring"
	"github.com/sealaudit/sealaudit/internal/lab"
)

const secretText = "CANARY-4711 what nobody may see, long enough to be taken for a message of its own"

// stream is a stream of the account, with records.
func stream(name, key string, records ...lab.Record) lab.Resource {
	out := map[string]any{"StreamName": name, "RetentionPeriodHours": 24}
	if key != "" {
		out["EncryptionType"], out["KeyId"] = "KMS", key
	}
	for i := range records {
		records[i].PartitionKey = "CANARY-partition"
		if records[i].At == nil {
			records[i].At = lab.Ago(time.Hour)
		}
		if records[i].Data == "" && len(records[i].KPL) == 0 {
			records[i].Data = secretText
		}
	}
	return lab.Resource{Output: out, Records: records}
}

func streamsOf(streams ...lab.Resource) *lab.Account {
	return labAccount(func(r *lab.Region) { r.Kinesis.Streams = streams })
}

func esdkWith(key string) *lab.ClientRecord {
	return &lab.ClientRecord{Format: "esdk", Key: key, Context: map[string]string{"tenant": "CANARY-context"}}
}

// rowsOf are the rows of a stream or table, those with facts by format and
// verdict, "not sampled" for those without.
func rowsOf(sink *awsapitest.Sink, parent string) map[string]collectors.Resource {
	out := map[string]collectors.Resource{}
	for _, r := range sink.Resources {
		if !strings.Contains(r.ARN, "/"+parent+"/*") {
			continue
		}
		_, shape, _ := strings.Cut(r.Name, " · ")
		out[shape] = r
	}
	return out
}

func arns(sink *awsapitest.Sink) string {
	var out []string
	for _, r := range sink.Resources {
		out = append(out, r.ARN)
	}
	return strings.Join(out, "\n")
}

func shapes(rows map[string]collectors.Resource) string {
	var out []string
	for shape := range rows {
		out = append(out, shape)
	}
	return strings.Join(sortedTexts(out), " | ")
}

// Each record has what Kinesis says of it and what its producer's encryption
// proves; those of an aggregate count one by one.
func TestRecords(t *testing.T) {
	good, off := goodID, offID
	account := streamsOf(
		stream("orders", keyARN(good), lab.Record{Plaintext: true}, lab.Record{}, lab.Record{Client: esdkWith(good)}, lab.Record{Client: esdkWith(good)},
			lab.Record{Client: esdkWith(good), Tampered: true}, lab.Record{Client: esdkWith(off)}, lab.Record{Client: esdkWith(deniedID)},
			lab.Record{KPL: []lab.KPLRecord{{PartitionKey: "CANARY-a", Data: secretText}, {PartitionKey: "b", Data: secretText, Client: esdkWith(good)}}}),
		stream("text", "", lab.Record{Data: "AYA is how a message in base64 begins, and how this text does, which is none"},
			lab.Record{Data: "\x01\x80" + strings.Repeat("not a suite", 9)}),
		stream("older", "", lab.Record{Client: &lab.ClientRecord{Format: "esdk", Key: good, Suite: "0178"}}),
		stream("empty", keyARN(good)),
		stream("aws-rds-das-cluster-1", "", lab.Record{Data: `{"type":"DatabaseActivityMonitoringRecords","version":"1.1","databaseActivityEvents":"bm9uZQ==","key":"bm9uZQ=="}`}),
	)
	session, _, log := serveLab(t, account)
	sink := gather(t.Context(), t, envelope.NewRecords(runOf(session, envelope.Options{})), log)
	for _, tc := range []struct {
		stream, shape, encryption, format string
		count                             int
		verdict                           string
		gap                               collectors.Reason
	}{
		{"orders", "not encrypted", "NONE", "none", 1, "", ""},
		{"orders", "KMS", "KMS", "none", 2, "", ""},
		{"orders", "KMS, ESDK v2, verified", "KMS", "esdk-v2", 3, "verified", ""},
		{"orders", "KMS, ESDK v2, refuted", "KMS", "esdk-v2", 1, "refuted", ""},
		{"text", "not encrypted", "NONE", "none", 2, "", ""},
		{"older", "not encrypted, ESDK v1, verified", "NONE", "esdk-v1", 1, "verified", ""},
		{"aws-rds-das-cluster-1", "not encrypted, das, refuted", "NONE", "das", 1, "refuted", ""},
	} {
		r, found := rowsOf(sink, tc.stream)[tc.shape]
		f, _ := r.Facts.(envelope.RecordFacts)
		if !found || f.ServerSide == nil || f.ClientSide == nil {
			t.Errorf("%s %s: there are %s", tc.stream, tc.shape, shapes(rowsOf(sink, tc.stream)))
			continue
		}
		if f.ServerSide.Type != tc.encryption || f.ClientSide.Format != tc.format || f.Count != tc.count || len(r.Gaps) > 0 {
			t.Errorf("%s %s: %+v %+v, gaps %+v", tc.stream, tc.shape, f, f.ClientSide, r.Gaps)
		}
		if (f.Proof != nil) != (tc.verdict != "") || f.Proof != nil && f.Proof.Steps[0].Verdict != tc.verdict {
			t.Errorf("%s %s: proof %+v", tc.stream, tc.shape, f.Proof)
		}
		if f.FirstArrival == "" || f.Stream != "arn:aws:kinesis:"+region+":"+awsapitest.Account+":stream/"+tc.stream || !strings.HasPrefix(f.Examples[0], "shardId-000000000000/") {
			t.Errorf("%s %s: %+v", tc.stream, tc.shape, f)
		}
		if s := f.Sampling; !s.Complete || s.Method != "all records of every shard" || s.ShareLow != s.Share {
			t.Errorf("%s %s: sampling %+v", tc.stream, tc.shape, s)
		}
	}
	states, permission := map[string]bool{}, ""
	for _, r := range sink.Resources {
		f := r.Facts.(envelope.RecordFacts)
		if f.Proof == nil || f.Proof.Unknown == 0 {
			continue
		}
		if gapOn(r, "facts.proof") != collectors.Denied || len(f.ClientSide.KMSKeys) != 1 {
			t.Errorf("unknown without a reason: %+v", r)
			continue
		}
		states[f.ClientSide.KMSKeys[0].State] = true
		permission += r.Gaps[0].Permission
	}
	if len(states) != 2 || !states["Disabled"] || permission != "kms:Decrypt" {
		t.Errorf("a key that is disabled and one that is denied: %v %q", states, permission)
	}
	if n := strings.Count(arns(sink), "stream/orders/*"); n != 6 || len(rowsOf(sink, "empty")) != 0 {
		t.Errorf("orders has %s; empty has %s", shapes(rowsOf(sink, "orders")), shapes(rowsOf(sink, "empty")))
	}
	f := rowsOf(sink, "orders")["KMS, ESDK v2, verified"].Facts.(envelope.RecordFacts)
	if f.Sampling.Population != 9 || !strings.Contains(strings.Join(f.Examples, " "), "#2") || f.Duplicates == nil || strings.Join(f.ClientSide.Context, " ") == "" {
		t.Errorf("%+v %+v", f, f.Sampling)
	}
}

// What keeps records from being read is a gap with its reason, and never a
// verdict; where some were read, the rest is a row of its own.
func TestRecordsNotRead(t *testing.T) {
	orders := func(key string, records ...lab.Record) *lab.Account {
		return streamsOf(stream("orders", key, records...))
	}
	one := lab.Record{}
	with := func(a *lab.Account, operation, word string) *lab.Account {
		a.Regions[region].Kinesis.Streams[0].Errors = map[string]string{operation: word}
		return a
	}
	cutOff := lab.Faults(func(r lab.Request) *lab.Fault {
		if r.Name() == "kinesis:GetRecords" {
			return &lab.Fault{Cut: 20}
		}
		return nil
	})
	nothing := lab.Faults(func(r lab.Request) *lab.Fault {
		if r.Name() == "kinesis:GetRecords" {
			return &lab.Fault{Output: map[string]any{"Records": []any{}, "NextShardIterator": "next", "MillisBehindLatest": 60000}}
		}
		return nil
	})
	untyped := lab.Faults(func(r lab.Request) *lab.Fault {
		if r.Name() == "kinesis:GetRecords" {
			return &lab.Fault{Output: map[string]any{"Records": []any{map[string]any{"SequenceNumber": "1", "Data": "eA==", "PartitionKey": "p", "ApproximateArrivalTimestamp": time.Unix(1700000000, 0)}},
				"NextShardIterator": "next", "MillisBehindLatest": 0}}
		}
		return nil
	})
	page := lab.Faults(func(r lab.Request) *lab.Fault {
		if r.Name() == "kinesis:ListShards" {
			return &lab.Fault{Output: map[string]any{"Hello": "world"}}
		}
		return nil
	})
	for _, tc := range []struct {
		name       string
		account    *lab.Account
		option     lab.Option
		shapes     string
		attribute  string
		reason     collectors.Reason
		permission string
		says       string
	}{
		{"shards denied", with(orders("", one), "ListShards", "denied"), nil, "not sampled", "facts", collectors.Denied, "kinesis:ListShards", "permissions --prove"},
		{"iterator denied", with(orders("", one), "GetShardIterator", "denied"), nil, "not sampled", "facts", collectors.Denied, "kinesis:GetShardIterator", "permissions --prove"},
		{"records denied", with(orders("", one), "GetRecords", "denied"), nil, "not sampled", "facts", collectors.Denied, "kinesis:GetRecords", "permissions --prove"},
		{"vanished", with(orders("", one), "ListShards", "vanished"), nil, "not sampled", "facts", collectors.Vanished, "", "deleted"},
		{"vanished since", with(orders("", one), "GetRecords", "vanished"), nil, "not sampled", "facts", collectors.Vanished, "", "deleted"},
		{"key denied", with(orders(keyARN(goodID), one), "GetRecords", "KMSAccessDeniedException"), nil, "not sampled", "facts", collectors.Denied, "kms:Decrypt", "stream's key"},
		{"key disabled", orders(keyARN(offID), one), nil, "not sampled", "facts", collectors.Denied, "", "enable it"},
		{"key gone", orders(goneARN, one), nil, "not sampled", "facts", collectors.Denied, "", "records were encrypted under"},
		{"key disabled since", orders(keyARN(offID), lab.Record{Plaintext: true, At: lab.Ago(2 * time.Minute)}, lab.Record{Plaintext: true, At: lab.Ago(2 * time.Minute)}, lab.Record{At: lab.Ago(10 * time.Second)}),
			nil, "not encrypted | not read", "facts", collectors.Denied, "", "enable it"},
		{"key disabled before", orders(keyARN(offID), lab.Record{At: lab.Ago(time.Hour)}, lab.Record{Plaintext: true, At: lab.Ago(10 * time.Second)}),
			nil, "not encrypted | not read", "facts", collectors.Denied, "", "enable it"},
		{"cut off", orders("", one), cutOff, "not sampled", "facts", collectors.Failed, "", ""},
		{"nothing comes", orders("", one), nothing, "not sampled", "facts", collectors.NoData, "", "the shard went on"},
		{"no shards in the answer", orders("", one), page, "not sampled", "facts", collectors.Failed, "", "endpoint"},
		{"no encryption type", orders("", one), untyped, "encryption not read", "facts.server_side", collectors.NoData, "", "EncryptionType"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			var options []lab.Option
			if tc.option != nil {
				options = append(options, tc.option)
			}
			session, _, log := serveLab(t, tc.account, options...)
			o := envelope.Options{Sampling: collectors.Sampling{Size: 2, Seed: 1, List: 1000, MaxBytes: 1 << 20}}
			rows := rowsOf(gather(t.Context(), t, envelope.NewRecords(runOf(session, o)), log), "orders")
			if got := shapes(rows); got != tc.shapes {
				t.Fatalf("there are %s", got)
			}
			last := tc.shapes[strings.LastIndex(tc.shapes, "| ")+1:]
			r := rows[strings.TrimSpace(last)]
			if gapOn(r, tc.attribute) != tc.reason || r.Gaps[0].Permission != tc.permission || !strings.Contains(r.Gaps[0].Detail+r.Gaps[0].Remedy, tc.says) {
				t.Errorf("gaps %+v", r.Gaps)
			}
			for _, r := range rows {
				f := r.Facts
				if f, is := f.(envelope.RecordFacts); is && f.Proof != nil {
					t.Errorf("a verdict: %+v", f.Proof)
				}
			}
			if read, both := rows["not encrypted"]; both && (gapOn(read, "facts.sampling.complete") != tc.reason || read.Facts.(envelope.RecordFacts).Sampling.Complete) {
				t.Errorf("what was read is taken for all: %+v", read)
			}
		})
	}
}

// A stream with more than a sample is read at its start and at moments of the
// rest, within its bounds, and says so.
func TestRecordsAreSpread(t *testing.T) {
	var records []lab.Record
	for i := range 600 {
		records = append(records, lab.Record{At: lab.Ago(time.Duration(12*600-12*i) * time.Second), Plaintext: i < 597})
	}
	few := slices.Clone(records[570:594])
	session, l, log := serveLab(t, streamsOf(stream("orders", keyARN(goodID), records...), stream("few", "", few...)))
	o := envelope.Options{Sampling: collectors.Sampling{Size: 20, Seed: 3, List: 1000, MaxBytes: 1 << 20}}
	sink := gather(t.Context(), t, envelope.NewRecords(runOf(session, o)), log)
	rows := rowsOf(sink, "orders")
	if got := shapes(rows); got != "KMS | not encrypted" {
		t.Fatalf("there are %s: those of the last minute are not seen", got)
	}
	old, newer := rows["not encrypted"].Facts.(envelope.RecordFacts), rows["KMS"].Facts.(envelope.RecordFacts)
	s := old.Sampling
	if n := old.Count + newer.Count; n < 35 || n > 40 || s.Population != n || s.Sampled != n || s.Complete || s.ShareLow != 0 || s.ShareHigh != 1 ||
		!strings.Contains(s.Method, "up to 20 records from its start") || !strings.Contains(s.Method, "no random sample") {
		t.Errorf("%d and %d records, %+v", old.Count, newer.Count, s)
	}
	if f := rowsOf(sink, "few")["not encrypted"].Facts.(envelope.RecordFacts); f.Count < 21 || f.Count > 24 || f.Sampling.Population != f.Count {
		t.Errorf("of 24 records there are %d", f.Count) // where moments overlap
	}
	calls := map[string]int{}
	for _, c := range l.Calls() {
		calls[c.Operation]++
	}
	if calls["kinesis:GetRecords"] > 20 || calls["kinesis:GetShardIterator"] != 10 || len(l.Mutations()) > 0 {
		t.Errorf("%v", calls)
	}
}

// The limit on names bounds how many shards are read, by the seed.
func TestShardsAreBounded(t *testing.T) {
	account := streamsOf(stream("wide", ""))
	account.Regions[region].Kinesis.Streams[0].Output["OpenShardCount"] = 40
	session, l, log := serveLab(t, account)
	o := envelope.Options{Sampling: collectors.Sampling{Size: 5, Seed: 3, List: 100, MaxBytes: 1 << 20}}
	gather(t.Context(), t, envelope.NewRecords(runOf(session, o)), log)
	n := 0
	for _, c := range l.Calls() {
		if c.Operation == "kinesis:GetRecords" {
			n++
		}
	}
	if n != 10 {
		t.Errorf("%d shards were read", n)
	}
}

// An iterator that expired is asked for anew, and reading goes on after the last
// record.
func TestExpiredIterators(t *testing.T) {
	expired := 0
	option := lab.Faults(func(r lab.Request) *lab.Fault {
		if r.Name() == "kinesis:GetRecords" && r.Attempt == 1 {
			expired++
			return &lab.Fault{Status: 400, Code: "ExpiredIteratorException", Message: "Iterator expired."}
		}
		return nil
	})
	session, _, log := serveLab(t, streamsOf(stream("orders", "", lab.Record{}, lab.Record{})), option)
	rows := rowsOf(gather(t.Context(), t, envelope.NewRecords(runOf(session, envelope.Options{})), log), "orders")
	if f, is := rows["not encrypted"].Facts.(envelope.RecordFacts); expired != 1 || !is || f.Count != 2 || !f.Sampling.Complete {
		t.Errorf("%d expired, there are %s", expired, shapes(rows))
	}
}

// A throttle that lasts to the deadline is told from one that passes.
func TestRecordsThrottled(t *testing.T) {
	for name, forever := range map[string]bool{"for a moment": false, "to the deadline": true} {
		option := lab.Faults(func(r lab.Request) *lab.Fault {
			if r.Name() == "kinesis:GetRecords" && (forever || r.Attempt < 3) {
				return &lab.Fault{Status: 400, Code: map[bool]string{true: "ProvisionedThroughputExceededException", false: "KMSThrottlingException"}[forever], Message: "Rate exceeded"}
			}
			return nil
		})
		session, _, log := serveLab(t, streamsOf(stream("orders", "", lab.Record{})), option)
		ctx := t.Context()
		if forever {
			c, cancel := deadline(ctx)
			defer cancel()
			ctx = c
		}
		rows := rowsOf(gather(ctx, t, envelope.NewRecords(runOf(session, envelope.Options{})), log), "orders")
		want := map[bool]string{true: "not sampled", false: "not encrypted"}[forever]
		if r := rows[want]; len(rows) != 1 || forever && gapOn(r, "facts") != collectors.Throttled {
			t.Errorf("%s: %s, %+v", name, shapes(rows), r.Gaps)
		}
	}
}

// A listing that fails is the type's.
func TestStreamsNotListed(t *testing.T) {
	session, _, log := serveLab(t, streamsOf(stream("orders", "")), lab.Deny("kinesis:ListStreams"))
	sink := gather(t.Context(), t, envelope.NewRecords(runOf(session, envelope.Options{})), log)
	if g := sink.Gaps["AWS::Kinesis::Record "+region]; g == nil || g.Permission != "kinesis:ListStreams" {
		t.Errorf("%+v", g)
	}
}

// Streams and shards come in pages.
func TestStreamPages(t *testing.T) {
	var streams []lab.Resource
	for i := range 7 {
		s := stream(fmt.Sprintf("s%d", i), "", lab.Record{})
		s.Output["OpenShardCount"] = 3
		streams = append(streams, s)
	}
	account := streamsOf(streams...)
	account.PageSize = 2
	session, _, log := serveLab(t, account)
	sink := gather(t.Context(), t, envelope.NewRecords(runOf(session, envelope.Options{})), log)
	for i := range 7 {
		if f, is := rowsOf(sink, fmt.Sprintf("s%d", i))["not encrypted"].Facts.(envelope.RecordFacts); !is || !f.Sampling.Complete {
			t.Errorf("s%d: %+v", i, f.Sampling)
		}
	}
}

// activity is a record of a Database Activity Stream whose key KMS made under
// the context.
func activity(t *testing.T, session *awsapi.Session, context map[string]string) (record, blob []byte) {
	t.Helper()
	made, err := awskms.NewFromConfig(session.Config(region)).GenerateDataKey(t.Context(), &awskms.GenerateDataKeyInput{
		KeyId: aws.String(goodID), KeySpec: kmstypes.DataKeySpecAes256, EncryptionContext: context})
	if err != nil {
		t.Fatal(err)
	}
	ring, err := keyring.NewAES("BC", "DataKey", made.Plaintext)
	if err != nil {
		t.Fatal(err)
	}
	var packed, message bytes.Buffer
	z := gzip.NewWriter(&packed)
	_, _ = io.WriteString(z, secretText) // to memory
	_ = z.Close()
	w, err := esdk.NewWriter(t.Context(), &message, ring, esdk.WriteOptions{})
	if err == nil {
		_, err = w.Write(packed.Bytes())
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	record, err = json.Marshal(map[string]any{"type": "DatabaseActivityMonitoringRecords", "version": "1.1", "databaseActivityEvents": message.Bytes(), "key": made.CiphertextBlob})
	if err != nil {
		t.Fatal(err)
	}
	return record, made.CiphertextBlob
}

// Records of Database Activity Streams are verified under the resource that
// their stream is named after; elsewhere their context is not known. So it is
// for bare ciphertexts of KMS.
func TestActivityRecords(t *testing.T) {
	session, _, log := serveLab(t, streamsOf(stream("aws-rds-das-cluster-A1", ""), stream("aws-rds-das-db-B2", ""), stream("copies", ""), stream("blobs", "")))
	cluster, bound := activity(t, session, map[string]string{"aws:rds:dbc-id": "cluster-A1"})
	instance, _ := activity(t, session, map[string]string{"aws:rds:db-id": "db-B2"})
	_, free := activity(t, session, nil)
	for name, payloads := range map[string][][]byte{"aws-rds-das-cluster-A1": {cluster, instance}, "aws-rds-das-db-B2": {instance}, "copies": {cluster}, "blobs": {bound, free}} {
		for _, data := range payloads {
			if _, err := kinesis.NewFromConfig(session.Config(region)).PutRecord(t.Context(), &kinesis.PutRecordInput{StreamName: &name, PartitionKey: aws.String("p"), Data: data}); err != nil {
				t.Fatal(err)
			}
		}
	}
	sink := gather(t.Context(), t, envelope.NewRecords(runOf(session, envelope.Options{})), log)
	for name, want := range map[string]string{
		"aws-rds-das-cluster-A1": "not encrypted, das, refuted | not encrypted, das, verified", "aws-rds-das-db-B2": "not encrypted, das, verified",
		"copies": "not encrypted, das, unknown", "blobs": "not encrypted, kms, unknown | not encrypted, kms, verified",
	} {
		if got := shapes(rowsOf(sink, name)); got != want {
			t.Errorf("%s has %s", name, got)
		}
	}
	r := rowsOf(sink, "copies")["not encrypted, das, unknown"]
	if gapOn(r, "facts.proof") != collectors.OutOfScope || !strings.Contains(r.Gaps[0].Remedy, "--context") {
		t.Errorf("%+v", r.Gaps)
	}
	f := rowsOf(sink, "aws-rds-das-db-B2")["not encrypted, das, verified"].Facts.(envelope.RecordFacts)
	if len(f.ClientSide.KMSKeys) != 1 || f.ClientSide.KMSKeys[0].ARN != keyARN(goodID) {
		t.Errorf("%+v", f.ClientSide)
	}
}
