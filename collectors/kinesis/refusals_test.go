package kinesis_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sealaudit/sealaudit/collectors"
	"github.com/sealaudit/sealaudit/collectors/kinesis"
	api "github.com/sealaudit/sealaudit/internal/awsapi/awsapitest"
)

func denied(action string) api.Reply {
	return api.JSONError(400, "AccessDeniedException", "User: arn:aws:sts::111122223333:assumed-role/audit/test is not authorized to perform: "+action)
}

// only answers one stream of several in another way.
func only(name string, reply api.Reply, others func(api.Request) api.Reply) func(api.Request) api.Reply {
	return func(q api.Request) api.Reply {
		if q.Text("StreamName") == name {
			return reply
		}
		return others(q)
	}
}

// Every refusal costs what the call would have told, of that stream only.
func TestRefusals(t *testing.T) {
	streams := []object{stream("clicks", nil), stream("orders", object{"KeyId": "alias/records"})}
	cut := api.Reply{Type: "application/x-amz-json-1.1", Body: `{"StreamDescriptionSummary":{"StreamStatus":"ACT`}
	withKey := func(f *kinesis.Facts) {
		f.Encryption.Key = &collectors.Key{ID: keyARN, ARN: keyARN, Account: "111122223333", Region: "eu-west-1"}
	}
	for name, tc := range map[string]struct {
		operation string
		answer    func(api.Request) api.Reply
		listing   collectors.Reason
		clicks    kinesis.Facts
		gaps      []string
	}{
		"listing denied":       {"kinesis:ListStreams", api.Always(denied("kinesis:ListStreams")), collectors.Denied, kinesis.Facts{}, nil},
		"listing fails":        {"kinesis:ListStreams", api.Always(api.JSONError(500, "InternalFailure", "")), collectors.Failed, kinesis.Facts{}, nil},
		"listing cut off":      {"kinesis:ListStreams", api.Always(cut), collectors.Failed, kinesis.Facts{}, nil},
		"listing not known":    {"kinesis:ListStreams", api.Always(api.JSONError(400, "UnknownOperationException", "")), collectors.Unsupported, kinesis.Facts{}, nil},
		"description denied":   {"kinesis:DescribeStreamSummary", only("clicks", denied("kinesis:DescribeStreamSummary"), describing(streams...)), "", kinesis.Facts{}, []string{"facts denied"}},
		"description cut off":  {"kinesis:DescribeStreamSummary", only("clicks", cut, describing(streams...)), "", kinesis.Facts{}, []string{"facts failed"}},
		"description fails":    {"kinesis:DescribeStreamSummary", only("clicks", api.JSONError(503, "ServiceUnavailable", ""), describing(streams...)), "", kinesis.Facts{}, []string{"facts failed"}},
		"description empty":    {"kinesis:DescribeStreamSummary", only("clicks", api.JSON(object{}), describing(streams...)), "", kinesis.Facts{}, []string{"facts failed"}},
		"deleted in between":   {"kinesis:DescribeStreamSummary", describing(streams[1]), "", kinesis.Facts{}, []string{"facts vanished"}},
		"key denied":           {"kms:DescribeKey", api.Always(denied("kms:DescribeKey")), "", facts(withKey), keyGaps("denied")},
		"aliases denied":       {"kms:ListAliases", api.Always(denied("kms:ListAliases")), "", facts(nil), nil},
		"the tags are refused": {"tagging:GetResources", api.Always(denied("tag:GetResources")), "", facts(nil), []string{"tags denied"}},
	} {
		t.Run(name, func(t *testing.T) {
			a := answers(streams...)
			whole, _ := collect(t.Context(), t, a)
			a[tc.operation] = tc.answer
			sink, _ := collect(t.Context(), t, a)
			if gap := sink.Gaps[listing]; (gap == nil) != (tc.listing == "") || gap != nil && gap.Reason != tc.listing {
				t.Fatalf("listing: %+v", gap)
			}
			if tc.listing != "" {
				return
			}
			r := sink.Find(t, "clicks")
			if diff := cmp.Diff(tc.clicks, r.Facts); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(tc.gaps, describedGaps(r.Gaps)); diff != "" {
				t.Error(diff)
			}
			if tc.operation == "kinesis:DescribeStreamSummary" {
				if diff := cmp.Diff(whole.Find(t, "orders").Facts, sink.Find(t, "orders").Facts); diff != "" {
					t.Errorf("the other stream changes too\n%s", diff)
				}
			}
		})
	}
}

func TestAMissingKeyIsAFact(t *testing.T) {
	a := answers(stream("clicks", nil))
	a["kms:DescribeKey"] = api.Always(api.JSONError(400, "NotFoundException", "Key '"+keyARN+"' does not exist"))
	sink, _ := collect(t.Context(), t, a)
	r := sink.Find(t, "clicks")
	if key := r.Facts.(kinesis.Facts).Encryption.Key; len(r.Gaps) > 0 || key.Exists == nil || *key.Exists {
		t.Errorf("key %+v, gaps %+v", key, r.Gaps)
	}
}

func TestThrottledUntilTheEnd(t *testing.T) {
	throttle := api.JSONError(400, "LimitExceededException", "Rate exceeded for stream clicks")
	a := answers(stream("clicks", nil), stream("orders", nil))
	a["kinesis:DescribeStreamSummary"] = only("clicks", throttle, a["kinesis:DescribeStreamSummary"])
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	sink, _ := collect(ctx, t, a)
	if got := describedGaps(sink.Find(t, "clicks").Gaps); !slices.Contains(got, "facts throttled") {
		t.Errorf("gaps %v", got)
	}
	if r := sink.Find(t, "orders"); len(r.Gaps) > 0 || sink.Gaps[listing] != nil {
		t.Errorf("gaps %+v, listing %+v", r.Gaps, sink.Gaps[listing])
	}
	a["kinesis:ListStreams"] = api.Always(throttle)
	late, cancelLate := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancelLate()
	sink, _ = collect(late, t, a)
	if gap := sink.Gaps[listing]; gap == nil || gap.Reason != collectors.Throttled {
		t.Errorf("listing %+v", gap)
	}
}

// Names are what somebody chose: they stay text, and nothing else is asked.
func TestHostileNames(t *testing.T) {
	names := []string{`"><script>alert(1)</script>`, "../../etc/passwd", "a\nb\x1b[31m", "клики"}
	var streams []object
	for _, name := range names {
		streams = append(streams, stream(name, nil))
	}
	sink, server := collect(t.Context(), t, answers(streams...))
	for _, name := range names {
		if diff := cmp.Diff(facts(nil), sink.Find(t, name).Facts); diff != "" {
			t.Errorf("%q: %s", name, diff)
		}
	}
	if got := len(server.Requests("kinesis:DescribeStreamSummary")); got != len(names) {
		t.Errorf("%d descriptions", got)
	}
}

func TestCanBeAskedWithoutASession(t *testing.T) {
	c := kinesis.New(nil, nil)
	if c.Service() != "kinesis" || c.Global() || len(c.Types()) != 1 || len(c.Actions()) != 2 {
		t.Errorf("collector %+v", c)
	}
}
