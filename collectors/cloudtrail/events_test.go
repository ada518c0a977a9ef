package cloudtrail_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/google/go-cmp/cmp"

	"github.com/sealaudit/sealaudit/collectors"
	"github.com/sealaudit/sealaudit/collectors/cloudtrail"
	api "github.com/sealaudit/sealaudit/internal/awsapi/awsapitest"
	"github.com/sealaudit/sealaudit/internal/lab"
)

const useKey = "arn:aws:kms" + inEurope + "key/" + onID

// record is a record of a service's use of a key for the bucket records,
// changed.
func record(change object) object {
	return changed(object{"eventSource": "kms.amazonaws.com", "eventName": "Decrypt", "userIdentity": object{"type": "AssumedRole", "arn": "CANARY-caller", "invokedBy": "s3.amazonaws.com"},
		"requestParameters": object{"encryptionContext": object{"aws:s3:arn": "arn:aws:s3:::records/CANARY-object", "tenant": "CANARY-context"}},
		"resources":         []any{object{"ARN": useKey, "type": "AWS::KMS::Key"}}}, change)
}

func by(service string, pairs object) object {
	return object{"userIdentity": object{"type": "AssumedRole", "invokedBy": service}, "requestParameters": object{"encryptionContext": pairs}}
}

// history answers LookupEvents with pages of records, the newest first, a second
// apart, for one event name; for others it has none.
func history(t *testing.T, name string, pages ...[]object) func(api.Request) api.Reply {
	newest := time.Now().Add(-time.Hour).Truncate(time.Second)
	return func(q api.Request) api.Reply {
		var in struct {
			LookupAttributes []struct{ AttributeKey, AttributeValue string }
			StartTime        float64
			EndTime          float64
			NextToken        string
		}
		if err := json.Unmarshal(q.Body, &in); err != nil || len(in.LookupAttributes) != 1 || in.LookupAttributes[0].AttributeKey != "EventName" || math.Abs(in.EndTime-in.StartTime-14*24*3600) > 0.01 {
			t.Errorf("%s, %v", q.Body, err)
		}
		page, n := 0, 0
		if in.NextToken != "" {
			_, err := fmt.Sscan(in.NextToken, &page)
			if err != nil {
				t.Error(err)
			}
		}
		events := []any{}
		if in.LookupAttributes[0].AttributeValue != name || page >= len(pages) {
			return api.JSON(object{"Events": events})
		}
		for _, p := range pages[:page] {
			n += len(p)
		}
		for i, r := range pages[page] {
			text, err := json.Marshal(r)
			if err != nil {
				t.Fatal(err)
			}
			e := object{"EventId": fmt.Sprint(n + i), "EventName": name, "EventTime": newest.Add(-time.Duration(n+i) * time.Second).Unix(), "CloudTrailEvent": string(text), "Username": "CANARY-caller"}
			if r["raw"] != nil {
				e["CloudTrailEvent"] = r["raw"]
			}
			events = append(events, e)
		}
		out := object{"Events": events}
		if page+1 < len(pages) {
			out["NextToken"] = fmt.Sprint(page + 1)
		}
		return api.JSON(out)
	}
}

func lookUp(ctx context.Context, t *testing.T, list int, answer func(api.Request) api.Reply) (*api.Sink, *api.Server) {
	t.Helper()
	server := api.Serve(t, api.Answers{"cloudtrail:LookupEvents": answer})
	sink := api.Collect(ctx, t, cloudtrail.NewEvents(server.Session(t), collectors.Sampling{List: list}), api.Scope())
	checkRows(t, sink)
	return sink, server
}

// One record, and what it names; "" is nothing.
func TestWhatAContextNames(t *testing.T) {
	const own = "arn:aws:kinesis" + inEurope + "stream/"
	long := strings.Repeat("x", 256)
	for name, tt := range map[string]struct {
		change object
		want   string
	}{
		"an object":                     {nil, "arn:aws:s3:::records"},
		"a bucket, by its key":          {by("s3.amazonaws.com", object{"aws:s3:arn": "arn:aws:s3:::records"}), "arn:aws:s3:::records"},
		"a stream":                      {by("kinesis.amazonaws.com", object{"aws:kinesis:arn": own + "s"}), own + "s"},
		"a trail of another region":     {by("cloudtrail.amazonaws.com", object{"aws:cloudtrail:arn": "arn:aws:cloudtrail:us-east-1:111122223333:trail/t", "aws:s3:arn": "arn:aws:s3:::logs/x"}), "arn:aws:cloudtrail:us-east-1:111122223333:trail/t"},
		"a table":                       {by("dynamodb.amazonaws.com", object{"aws:dynamodb:tableName": "t", "aws:dynamodb:subscriberId": api.Account}), "arn:aws:dynamodb" + inEurope + "table/t"},
		"a log file, read":              {by("s3.amazonaws.com", object{"aws:cloudtrail:arn": "arn:aws:cloudtrail:us-east-1:111122223333:trail/t", "aws:s3:arn": "arn:aws:s3:::logs/x"}), "arn:aws:s3:::logs"},
		"a delivery stream":             {by("firehose.amazonaws.com", object{"b": "arn:aws:firehose" + inEurope + "deliverystream/b", "a": "CANARY"}), "arn:aws:firehose" + inEurope + "deliverystream/b"},
		"an opaque context":             {by("firehose.amazonaws.com", object{"aws:firehose:x": "CANARY"}), ""},
		"AWS alone":                     {by("AWS Internal", object{"aws:s3:arn": "arn:aws:s3:::records/x", "tenant": "CANARY"}), "arn:aws:s3:::records"},
		"AWS alone, for two":            {by("AWS Internal", object{"aws:s3:arn": "arn:aws:s3:::records/x", "aws:kinesis:arn": own + "s"}), ""},
		"AWS alone, for nothing":        {by("AWS Internal", object{}), ""},
		"China":                         {by("s3.amazonaws.com.cn", object{"aws:s3:arn": "arn:aws:s3:::records/x"}), "arn:aws:s3:::records"},
		"nobody's service":              {by("", object{"aws:s3:arn": "arn:aws:s3:::records/x"}), ""},
		"a name that looks like one":    {by("s3.amazonaws.com.evil.example", object{"aws:s3:arn": "arn:aws:s3:::records/x"}), ""},
		"another service":               {by("lambda.amazonaws.com", object{"aws:s3:arn": "arn:aws:s3:::records/x"}), ""},
		"another service's context":     {by("s3.amazonaws.com", object{"aws:kinesis:arn": own + "s"}), ""},
		"another account's stream":      {by("kinesis.amazonaws.com", object{"aws:kinesis:arn": "arn:aws:kinesis:eu-west-1:444455556666:stream/s"}), ""},
		"another region's stream":       {by("kinesis.amazonaws.com", object{"aws:kinesis:arn": "arn:aws:kinesis:us-east-1:111122223333:stream/s"}), ""},
		"another account's table":       {by("dynamodb.amazonaws.com", object{"aws:dynamodb:tableName": "t", "aws:dynamodb:subscriberId": "444455556666"}), ""},
		"a table without its account":   {by("dynamodb.amazonaws.com", object{"aws:dynamodb:tableName": "t"}), ""},
		"another account's trail":       {by("cloudtrail.amazonaws.com", object{"aws:cloudtrail:arn": "arn:aws:cloudtrail:eu-west-1:444455556666:trail/t"}), ""},
		"a trail of no region":          {by("cloudtrail.amazonaws.com", object{"aws:cloudtrail:arn": "arn:aws:cloudtrail:<b>:111122223333:trail/t"}), ""},
		"another partition's bucket":    {by("s3.amazonaws.com", object{"aws:s3:arn": "arn:aws-cn:s3:::records/x"}), ""},
		"an access point":               {by("s3.amazonaws.com", object{"aws:s3:arn": "arn:aws:s3:eu-west-1:111122223333:accesspoint/a"}), ""},
		"a bucket in markup":            {by("s3.amazonaws.com", object{"aws:s3:arn": "arn:aws:s3:::<script>CANARY/x"}), ""},
		"a stream with a line break":    {by("kinesis.amazonaws.com", object{"aws:kinesis:arn": own + "s\nCANARY"}), ""},
		"a stream with a path":          {by("kinesis.amazonaws.com", object{"aws:kinesis:arn": own + "s/CANARY"}), ""},
		"a table in an injection":       {by("dynamodb.amazonaws.com", object{"aws:dynamodb:tableName": "t:CANARY/x", "aws:dynamodb:subscriberId": api.Account}), ""},
		"a table's account, injected":   {by("dynamodb.amazonaws.com", object{"aws:dynamodb:tableName": "t", "aws:dynamodb:subscriberId": api.Account + ":table/CANARY"}), ""},
		"a long name":                   {by("kinesis.amazonaws.com", object{"aws:kinesis:arn": own + long}), ""},
		"no name":                       {by("kinesis.amazonaws.com", object{"aws:kinesis:arn": own}), ""},
		"not an ARN":                    {by("s3.amazonaws.com", object{"aws:s3:arn": "records"}), ""},
		"a number":                      {by("s3.amazonaws.com", object{"aws:s3:arn": 4711}), ""},
		"no request":                    {object{"requestParameters": nil}, ""},
		"a request of text":             {object{"requestParameters": "HIDDEN_DUE_TO_SECURITY_REASONS"}, ""},
		"a context of text":             {object{"requestParameters": object{"encryptionContext": "CANARY"}}, ""},
		"a call of another service":     {object{"eventSource": "ssm.amazonaws.com"}, ""},
		"a record of another operation": {object{"eventName": "Encrypt"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			sink, _ := lookUp(t.Context(), t, 1000, history(t, "Decrypt", []object{record(tt.change)}))
			var want []string
			if tt.want != "" {
				want = append(want, tt.want)
			}
			if diff := cmp.Diff(want, slices.Collect(maps.Keys(summaries(sink)))); diff != "" {
				t.Error(diff)
			}
			if gap := sink.Gaps[useType+" eu-west-1"]; gap != nil {
				t.Errorf("%+v", gap)
			}
		})
	}
}

// Refusals are told from denials of callers and from what goes by, and keys
// have their names only from KMS.
func TestWhatAnEventCounts(t *testing.T) {
	failed := func(code string, more object) object { return record(changed(object{"errorCode": code}, more)) }
	byService := object{"userIdentity": object{"type": "AWSService", "invokedBy": "s3.amazonaws.com"}}
	const foreign = "arn:aws:kms:eu-west-1:444455556666:key/mrk-00000000000000000000000000000001"
	for name, tt := range map[string]struct {
		event object
		want  string
	}{
		"no error":               {record(nil), onID + ", Decrypt 1-0"},
		"a disabled key":         {failed("DisabledException", nil), onID + ", Decrypt 1-1, DisabledException 1 by " + onID},
		"a denied caller":        {failed("AccessDenied", nil), onID + ", Decrypt 1-1, callers 1 transient 0"},
		"a denied service":       {failed("AccessDenied", byService), onID + ", Decrypt 1-1, AccessDenied 1 by " + onID},
		"a throttle":             {failed("ThrottlingException", nil), onID + ", Decrypt 1-1, callers 0 transient 1"},
		"a failure of KMS":       {failed("KMSInternalException", byService), onID + ", Decrypt 1-1, callers 0 transient 1"},
		"an unusual code":        {failed("<b>CANARY</b>", nil), onID + ", Decrypt 1-1, unknown 1 by " + onID},
		"another account's key":  {record(object{"resources": []any{object{"ARN": foreign}}}), foreign + ", Decrypt 1-0"},
		"a key of the request":   {record(object{"resources": []any{}, "requestParameters": object{"keyId": offID, "encryptionContext": object{"aws:s3:arn": "arn:aws:s3:::records"}}}), offID + ", Decrypt 1-0"},
		"any text of a request":  {record(object{"resources": nil, "requestParameters": object{"keyId": "alias/CANARY", "encryptionContext": object{"aws:s3:arn": "arn:aws:s3:::records"}}}), "Decrypt 1-0"},
		"a key in markup":        {record(object{"resources": []any{object{"ARN": "arn:aws:kms:eu-west-1:444455556666:key/<CANARY>"}}}), "Decrypt 1-0"},
		"a key of a hostile ARN": {record(object{"resources": []any{object{"ARN": "arn:aws:kms:<CANARY>:CANARY:key/" + onID}}}), "Decrypt 1-0"},
	} {
		t.Run(name, func(t *testing.T) {
			sink, _ := lookUp(t.Context(), t, 1000, history(t, "Decrypt", []object{tt.event}))
			if diff := cmp.Diff("s3.amazonaws.com, "+tt.want, strings.TrimSuffix(summary(sink.Find(t, "records · KMS use")), "by ")); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// What is read is bounded, and a row says how far that came.
func TestTheRangeIsCut(t *testing.T) {
	page := func(n int, change object) (out []object) {
		for range n {
			out = append(out, record(change))
		}
		return out
	}
	sink, server := lookUp(t.Context(), t, 100, history(t, "Decrypt", page(50, nil), page(50, nil), page(50, nil)))
	f := sink.Find(t, "records · KMS use").Facts.(cloudtrail.EventFacts)
	if want := []cloudtrail.EventCount{{Name: "Decrypt", Count: 100}}; !slices.Equal(f.Events, want) || f.Range == nil || f.Range.Complete || f.Range.From != f.First || !near(t, f.First, time.Now().Add(-time.Hour-99*time.Second)) {
		t.Errorf("%+v %+v", f, f.Range)
	}
	for _, l := range f.Lookups {
		if decrypt := l.Name == "Decrypt"; decrypt == l.Complete || decrypt && (l.Read != 100 || l.From != f.First) {
			t.Errorf("%+v", l)
		}
	}
	if n := len(server.Requests("cloudtrail:LookupEvents")); n != 4 {
		t.Errorf("%d requests", n)
	}
	if r := sink.Resources[0]; len(r.Gaps) > 0 || sink.Gaps[useType+" eu-west-1"] != nil {
		t.Errorf("a bound is no gap: %+v", r.Gaps)
	}
	// That nothing was found in a part of the range is no fact.
	sink, _ = lookUp(t.Context(), t, 1, history(t, "Decrypt", page(3, by("", nil)), page(1, nil)))
	if gap := sink.Gaps[useType+" eu-west-1"]; len(sink.Resources) > 0 || gap == nil || gap.Reason != collectors.OutOfScope || !strings.Contains(gap.Detail, "newest 3 events Decrypt") {
		t.Errorf("%+v %+v", sink.Resources, gap)
	}
	// There are 20 pages at most.
	many := make([][]object, 30)
	for i := range many {
		many[i] = page(1, nil)
	}
	sink, _ = lookUp(t.Context(), t, 1_000_000, history(t, "Decrypt", many...))
	if got := summary(sink.Find(t, "records · KMS use")); !strings.HasSuffix(got, "Decrypt 20-0") {
		t.Error(got)
	}
}

// Where a lookup ends early, it is not known whether KMS refused. A refusal that
// was seen stays one.
func TestLookupsThatFail(t *testing.T) {
	refused := record(object{"errorCode": "DisabledException"})
	good := history(t, "Decrypt", []object{record(nil)}, []object{record(nil)})
	bad := history(t, "Decrypt", []object{refused}, []object{record(nil)})
	for name, tt := range map[string]struct {
		second api.Reply
		reason collectors.Reason
	}{
		"denied":      {denied(), collectors.Denied},
		"broken":      {api.JSONError(500, "InternalFailure", ""), collectors.Failed},
		"cut off":     {api.Reply{Type: "application/x-amz-json-1.1", Body: `{"Events":[{"Ev`}, collectors.Failed},
		"throttled":   {api.JSONError(400, "ThrottlingException", "Rate exceeded"), collectors.Throttled},
		"not offered": {api.JSONError(400, "UnknownOperationException", ""), collectors.Unsupported},
		"no list":     {api.JSON(object{}), collectors.Failed},
		"the same":    {api.JSON(object{"Events": []any{}, "NextToken": "1"}), collectors.Failed},
		"no record":   {api.JSON(object{"Events": []any{object{"EventId": "9", "EventTime": 1795000000, "CloudTrailEvent": "CANARY"}}}), collectors.Failed},
		"no time":     {api.JSON(object{"Events": []any{object{"EventId": "9", "CloudTrailEvent": "{}"}}}), collectors.Failed},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for answer, want := range map[string][]string{"good": {"facts.range", "facts.refused"}, "bad": {"facts.range"}} {
				pages := map[string]func(api.Request) api.Reply{"good": good, "bad": bad}[answer]
				limit := 20 * time.Second
				if tt.reason == collectors.Throttled { // throttles are retried until the end
					limit = time.Second
				}
				ctx, cancel := context.WithTimeout(t.Context(), limit)
				defer cancel()
				sink, _ := lookUp(ctx, t, 1000, func(q api.Request) api.Reply {
					if q.Text("NextToken") == "1" {
						return tt.second
					}
					return pages(q)
				})
				r := sink.Find(t, "records · KMS use")
				f := r.Facts.(cloudtrail.EventFacts)
				if len(r.Gaps) == 0 || !slices.Equal(r.Gaps[0].Attributes, want) || r.Gaps[0].Reason != tt.reason || f.Range != nil || f.Events[0].Count != 1 {
					t.Errorf("%s: %+v %+v", answer, r.Gaps, f)
				}
				if gap := sink.Gaps[useType+" eu-west-1"]; gap == nil || gap.Reason != tt.reason {
					t.Errorf("the listing: %+v", gap)
				}
			}
		})
	}
}

// The embedded account's faults: nothing is read, and the ledger says why.
func TestEventsThatNobodyGives(t *testing.T) {
	for name, tt := range map[string]struct {
		option lab.Option
		reason collectors.Reason
	}{
		"denied":    {lab.Deny("cloudtrail:LookupEvents"), collectors.Denied},
		"throttled": {lab.Fail("throttled", "cloudtrail:LookupEvents"), collectors.Throttled},
		"expired":   {lab.Fail("expired", "cloudtrail:LookupEvents"), collectors.Denied},
		"cut off":   {lab.Faults(func(r lab.Request) *lab.Fault { return cutOff(r.Operation == "LookupEvents") }), collectors.Failed},
		"a page": {lab.Faults(func(r lab.Request) *lab.Fault {
			if r.Operation == "LookupEvents" {
				return &lab.Fault{Body: "<html>CANARY</html>", Status: http.StatusBadGateway}
			}
			return nil
		}), collectors.Failed},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			u := newUsed(t, tt.option)
			u.must(u.put(onID, nil, false))
			limit := 20 * time.Second
			if tt.reason == collectors.Throttled {
				limit = time.Second
			}
			ctx, cancel := context.WithTimeout(t.Context(), limit)
			defer cancel()
			sink := u.events(ctx, 1000)
			gap := sink.Gaps[useType+" eu-west-1"]
			if len(sink.Resources) > 0 || gap == nil || gap.Reason != tt.reason || gap.Remedy == "" {
				t.Fatalf("%v %+v", summaries(sink), gap)
			}
			if name == "denied" && (gap.Permission != "cloudtrail:LookupEvents" || !strings.Contains(gap.Remedy, "permissions --prove")) {
				t.Errorf("%+v", gap)
			}
		})
	}
}

func cutOff(yes bool) *lab.Fault {
	if yes {
		return &lab.Fault{Cut: 20}
	}
	return nil
}

// Pages of the embedded account, and a listing that shows an event twice.
func TestEventsComeInPages(t *testing.T) {
	u := newUsed(t)
	for range 55 {
		u.must(u.put(onID, nil, false))
	}
	if got := summary(u.events(t.Context(), 1000).Find(t, "records · KMS use")); got != "s3.amazonaws.com, "+onID+", GenerateDataKey 55-0" {
		t.Error(got)
	}
	if got := summary(u.events(t.Context(), 50).Find(t, "records · KMS use")); got != "s3.amazonaws.com, "+onID+", GenerateDataKey 50-0" {
		t.Error(got)
	}
	twice := history(t, "Decrypt", []object{record(nil)}, []object{record(nil)})
	sink, _ := lookUp(t.Context(), t, 1000, func(q api.Request) api.Reply {
		r := twice(q)
		r.Body = strings.Replace(r.Body, `"EventId":"1"`, `"EventId":"0"`, 1)
		return r
	})
	if got := summary(sink.Find(t, "records · KMS use")); !strings.HasSuffix(got, "Decrypt 1-0") {
		t.Error(got)
	}
}

// What a run itself reads makes services use keys, and is not what it reports.
func TestTheRunsOwnEventsDontCount(t *testing.T) {
	u := newUsed(t)
	u.must(u.put(onID, nil, false))
	u.lab.Advance(2 * time.Second)
	session := u.session()
	c := cloudtrail.NewEvents(session, collectors.Sampling{List: 1000})
	time.Sleep(2 * time.Millisecond)
	_, err := u.s3.GetObject(t.Context(), &s3.GetObjectInput{Bucket: aws.String("records"), Key: aws.String("CANARY-object")})
	u.must(err)
	sink := api.Collect(t.Context(), t, c, api.Scope())
	if got := summary(sink.Find(t, "records · KMS use")); got != "s3.amazonaws.com, "+onID+", GenerateDataKey 1-0" {
		t.Error(got)
	}
}
