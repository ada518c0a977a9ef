package kinesis_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/google/go-cmp/cmp"

	"github.com/sealaudit/sealaudit/collectors"
	"github.com/sealaudit/sealaudit/collectors/kinesis"
	"github.com/sealaudit/sealaudit/collectors/kms"
	api "github.com/sealaudit/sealaudit/internal/awsapi/awsapitest"
)

const (
	listing = "AWS::Kinesis::Stream eu-west-1"
	keyID   = "1234abcd-12ab-34cd-56ef-1234567890ab"
	keyARN  = "arn:aws:kms:eu-west-1:111122223333:key/" + keyID
	awsID   = "99999999-12ab-34cd-56ef-1234567890ab"
)

type object = map[string]any

// stream is what AWS says of a stream that is encrypted with the customer
// managed key, changed by the given fields; a nil field is left out.
func stream(name string, change object) object {
	s := object{"StreamName": name, "StreamARN": "arn:aws:kinesis:eu-west-1:111122223333:stream/" + name, "StreamStatus": "ACTIVE",
		"StreamModeDetails": object{"StreamMode": "ON_DEMAND"}, "RetentionPeriodHours": 24, "StreamCreationTimestamp": 1500000000.5,
		"EnhancedMonitoring": []any{}, "OpenShardCount": 4, "ConsumerCount": 0, "EncryptionType": "KMS", "KeyId": keyARN}
	for k, v := range change {
		if s[k] = v; v == nil {
			delete(s, k)
		}
	}
	return s
}

func describing(streams ...object) func(api.Request) api.Reply {
	return func(q api.Request) api.Reply {
		for _, s := range streams {
			if s["StreamName"] == q.Text("StreamName") {
				return api.JSON(object{"StreamDescriptionSummary": s})
			}
		}
		return api.JSONError(400, "ResourceNotFoundException", "Stream "+q.Text("StreamName")+" not found.")
	}
}

func listed(names ...string) func(api.Request) api.Reply {
	return api.Always(api.JSON(object{"StreamNames": names, "HasMoreStreams": false}))
}

func describedKey(q api.Request) api.Reply {
	manager := "CUSTOMER"
	if strings.Contains(q.Text("KeyId"), awsID) {
		manager = "AWS"
	}
	return api.JSON(object{"KeyMetadata": object{"Arn": "arn:aws:kms:eu-west-1:111122223333:key/" + q.Text("KeyId")[len(q.Text("KeyId"))-len(keyID):],
		"KeyId": keyID, "KeyManager": manager, "KeyState": "Enabled", "KeySpec": "SYMMETRIC_DEFAULT", "KeyUsage": "ENCRYPT_DECRYPT", "Origin": "AWS_KMS"}})
}

// answers are those of an account with the streams.
func answers(streams ...object) api.Answers {
	var names []string
	for _, s := range streams {
		names = append(names, s["StreamName"].(string))
	}
	return api.Answers{
		"kinesis:ListStreams":           listed(names...),
		"kinesis:DescribeStreamSummary": describing(streams...),
		"kms:DescribeKey":               describedKey,
		"kms:ListAliases": api.Always(api.JSON(object{"Aliases": []object{
			{"AliasName": "alias/aws/kinesis", "TargetKeyId": awsID}, {"AliasName": "alias/records", "TargetKeyId": keyID}}})),
	}
}

func collect(ctx context.Context, t *testing.T, a api.Answers) (*api.Sink, *api.Server) {
	t.Helper()
	server := api.Serve(t, a)
	session := server.Session(t)
	sink := api.Collect(ctx, t, kinesis.New(session, kms.NewKeys(session)).PollEvery(time.Millisecond), api.Scope())
	for _, r := range sink.Resources {
		text, err := json.Marshal(r)
		if err != nil || strings.Contains(string(text), "null") {
			t.Errorf("a resource has a null or can't be encoded: %s %v", text, err)
		}
		for _, g := range r.Gaps {
			if g.Detail == "" || g.Remedy == "" || len(g.Attributes) == 0 {
				t.Errorf("a gap says too little: %+v", g)
			}
		}
	}
	return sink, server
}

func describedGaps(gaps []collectors.Gap) []string {
	var out []string
	for _, g := range gaps {
		for _, a := range g.Attributes {
			out = append(out, a+" "+string(g.Reason))
		}
	}
	slices.Sort(out)
	return out
}

func customerKey(id string) *collectors.Key {
	return &collectors.Key{ID: id, ARN: keyARN, Exists: aws.Bool(true), Manager: "CUSTOMER", State: "Enabled", Spec: "SYMMETRIC_DEFAULT",
		Usage: "ENCRYPT_DECRYPT", Origin: "AWS_KMS", Account: "111122223333", Region: "eu-west-1"}
}

// facts are those of stream, changed.
func facts(change func(*kinesis.Facts)) kinesis.Facts {
	f := kinesis.Facts{Status: "ACTIVE", Mode: "ON_DEMAND", RetentionHours: aws.Int(24), CreatedAt: "2017-07-14T02:40:00Z", Consumers: aws.Int(0),
		Encryption: &kinesis.Encryption{Type: "KMS", Key: customerKey(keyARN)}}
	if change != nil {
		change(&f)
	}
	return f
}

func keyGaps(reason string) []string {
	var out []string
	for _, a := range []string{"delete_at", "exists", "manager", "origin", "spec", "state", "usage"} {
		out = append(out, "facts.encryption.key."+a+" "+reason)
	}
	return out
}

func TestFacts(t *testing.T) {
	none := func(f *kinesis.Facts) { f.Encryption = nil }
	for name, tc := range map[string]struct {
		change object
		want   func(*kinesis.Facts)
		gaps   []string
	}{
		"key by ARN": {},
		"key by id":  {object{"KeyId": keyID}, func(f *kinesis.Facts) { f.Encryption.Key = customerKey(keyID) }, nil},
		"key by alias": {object{"KeyId": "alias/records"}, func(f *kinesis.Facts) {
			f.Encryption.Key = customerKey("alias/records")
			f.Encryption.Key.Alias = "alias/records"
		}, nil},
		"key by alias ARN": {object{"KeyId": "arn:aws:kms:eu-west-1:111122223333:alias/records"}, func(f *kinesis.Facts) {
			f.Encryption.Key = customerKey("arn:aws:kms:eu-west-1:111122223333:alias/records")
			f.Encryption.Key.Alias = "alias/records"
		}, nil},
		"the AWS managed key": {object{"KeyId": "alias/aws/kinesis"}, func(f *kinesis.Facts) {
			k := customerKey("alias/aws/kinesis")
			k.Alias, k.Manager, k.ARN = "alias/aws/kinesis", "AWS", strings.Replace(keyARN, keyID, awsID, 1)
			f.Encryption.Key = k
		}, nil},
		// Recorded in 2017.
		"the AWS managed key of another account": {object{"KeyId": "arn:aws:kms:eu-west-1:123456789012:alias/aws/kinesis"}, func(f *kinesis.Facts) {
			f.Encryption.Key = &collectors.Key{ID: "arn:aws:kms:eu-west-1:123456789012:alias/aws/kinesis", Alias: "alias/aws/kinesis", Manager: "AWS", Account: "123456789012", Region: "eu-west-1"}
		}, []string{"facts.encryption.key.arn out_of_scope", "facts.encryption.key.delete_at out_of_scope", "facts.encryption.key.exists out_of_scope", "facts.encryption.key.origin out_of_scope",
			"facts.encryption.key.spec out_of_scope", "facts.encryption.key.state out_of_scope", "facts.encryption.key.usage out_of_scope"}},
		"encrypted without a key": {object{"KeyId": nil}, func(f *kinesis.Facts) { f.Encryption.Key = nil }, []string{"facts.encryption.key no_data"}},
		"not encrypted":           {object{"EncryptionType": "NONE", "KeyId": nil}, func(f *kinesis.Facts) { f.Encryption = &kinesis.Encryption{Type: "NONE"} }, nil},
		// Recorded in 2017: EncryptionType and StreamModeDetails are newer.
		"an old reply": {object{"EncryptionType": nil, "KeyId": nil, "StreamModeDetails": nil, "ConsumerCount": nil}, func(f *kinesis.Facts) {
			f.Encryption, f.Mode, f.Consumers = nil, "", nil
		}, []string{"facts.encryption no_data"}},
		"a newer encryption":   {object{"EncryptionType": "KMS_DSSE"}, none, []string{"facts.encryption unknown_value"}},
		"a newer mode":         {object{"StreamModeDetails": object{"StreamMode": "FREE"}}, func(f *kinesis.Facts) { f.Mode = "" }, []string{"facts.mode unknown_value"}},
		"a newer status":       {object{"StreamStatus": "MOVING"}, func(f *kinesis.Facts) { f.Status, f.Encryption = "", nil }, []string{"facts.encryption unknown_value", "facts.status unknown_value"}},
		"created still":        {object{"StreamStatus": "CREATING"}, func(f *kinesis.Facts) { f.Status, f.Encryption = "CREATING", nil }, []string{"facts.encryption transition"}},
		"updated still":        {object{"StreamStatus": "UPDATING"}, func(f *kinesis.Facts) { f.Status, f.Encryption = "UPDATING", nil }, []string{"facts.encryption transition"}},
		"deleted":              {object{"StreamStatus": "DELETING"}, func(f *kinesis.Facts) { f.Status = "DELETING" }, nil},
		"a year of retention":  {object{"RetentionPeriodHours": 8760, "ConsumerCount": 3}, func(f *kinesis.Facts) { f.RetentionHours, f.Consumers = aws.Int(8760), aws.Int(3) }, nil},
		"no retention, no age": {object{"RetentionPeriodHours": nil, "StreamCreationTimestamp": nil}, func(f *kinesis.Facts) { f.RetentionHours, f.CreatedAt = nil, "" }, []string{"facts.created_at no_data", "facts.retention_hours no_data"}},
	} {
		t.Run(name, func(t *testing.T) {
			sink, _ := collect(t.Context(), t, answers(stream("clicks", tc.change)))
			r := sink.Find(t, "arn:aws:kinesis:eu-west-1:111122223333:stream/clicks")
			if diff := cmp.Diff(facts(tc.want), r.Facts); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(tc.gaps, describedGaps(r.Gaps)); diff != "" {
				t.Error(diff)
			}
			if gap, ok := sink.Gaps[listing]; gap != nil || !ok {
				t.Errorf("listing: %+v %v", gap, ok)
			}
		})
	}
}

func TestAChangingStreamIsAskedAgain(t *testing.T) {
	for name, tc := range map[string]struct {
		states []string // the last one stays; "" is a refusal
		asked  int
		status string
		gaps   []string
	}{
		"settles": {[]string{"UPDATING", "CREATING", "ACTIVE"}, 3, "ACTIVE", nil},
		"never":   {[]string{"UPDATING"}, 3, "UPDATING", []string{"facts.encryption transition"}},
		"refused": {[]string{"UPDATING", ""}, 2, "UPDATING", []string{"facts.encryption transition"}},
		"settled": {[]string{"ACTIVE"}, 1, "ACTIVE", nil},
	} {
		t.Run(name, func(t *testing.T) {
			a, n := answers(stream("clicks", nil)), 0
			a["kinesis:DescribeStreamSummary"] = func(api.Request) api.Reply {
				state := tc.states[min(n, len(tc.states)-1)]
				if n++; state == "" {
					return denied("")
				}
				return api.JSON(object{"StreamDescriptionSummary": stream("clicks", object{"StreamStatus": state})})
			}
			sink, server := collect(t.Context(), t, a)
			r := sink.Find(t, "clicks")
			if got := r.Facts.(kinesis.Facts).Status; got != tc.status {
				t.Errorf("status %s", got)
			}
			if diff := cmp.Diff(tc.gaps, describedGaps(r.Gaps)); diff != "" {
				t.Error(diff)
			}
			if got := len(server.Requests("kinesis:DescribeStreamSummary")); got != tc.asked {
				t.Errorf("asked %d times", got)
			}
		})
	}
}

func TestListsEveryPage(t *testing.T) {
	names := func(page int) []string {
		var out []string
		for i := range 100 {
			out = append(out, fmt.Sprintf("stream-%d-%02d", page, i))
		}
		return out
	}
	next := map[string]int{"": 0, "t1": 1, "t2": 2, "t3": 3, "stream-0-99": 1, "stream-1-99": 2, "stream-2-99": 3}
	for name, token := range map[string]bool{"by token": true, "by name": false} {
		t.Run(name, func(t *testing.T) {
			a := answers()
			a["kinesis:DescribeStreamSummary"] = func(q api.Request) api.Reply {
				return api.JSON(object{"StreamDescriptionSummary": stream(q.Text("StreamName"), nil)})
			}
			a["kinesis:ListStreams"] = func(q api.Request) api.Reply {
				page := next[q.Text(map[bool]string{true: "NextToken", false: "ExclusiveStartStreamName"}[token])]
				reply := object{"StreamNames": names(page), "HasMoreStreams": page < 3}
				if token && page < 3 {
					reply["NextToken"] = fmt.Sprintf("t%d", page+1)
				}
				if token && page == 2 {
					reply["StreamNames"] = []string{} // an empty page goes on
				}
				return api.JSON(reply)
			}
			sink, server := collect(t.Context(), t, a)
			want := map[bool]int{true: 300, false: 400}[token]
			if len(sink.Resources) != want || sink.Gaps[listing] != nil || len(server.Requests("kinesis:ListStreams")) != 4 {
				t.Errorf("%d streams, gap %+v", len(sink.Resources), sink.Gaps[listing])
			}
			r := sink.Find(t, "stream-1-07")
			var operations []string
			for _, c := range r.Calls {
				operations = append(operations, c.Operation)
			}
			if diff := cmp.Diff([]string{"kinesis:DescribeStreamSummary", "kinesis:ListStreams", "kms:DescribeKey"}, operations); diff != "" {
				t.Error(diff)
			}
			if n := len(server.Requests("kms:DescribeKey")); n != 1 {
				t.Errorf("one key was described %d times", n)
			}
		})
	}
}

func TestListingsThatCantGoOn(t *testing.T) {
	for name, page := range map[string]object{
		"the same token":  {"StreamNames": []string{"clicks"}, "HasMoreStreams": true, "NextToken": "again"},
		"the same name":   {"StreamNames": []string{"clicks"}, "HasMoreStreams": true},
		"nothing at all":  {"StreamNames": []string{}, "HasMoreStreams": true},
		"no answer field": {"HasMoreStreams": true},
	} {
		t.Run(name, func(t *testing.T) {
			a := answers(stream("clicks", nil))
			a["kinesis:ListStreams"] = api.Always(api.JSON(page))
			sink, _ := collect(t.Context(), t, a)
			if gap := sink.Gaps[listing]; gap == nil || gap.Reason != collectors.Failed {
				t.Errorf("gap %+v", gap)
			}
		})
	}
}
