package cloudtrail_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sealaudit/sealaudit/collectors"
	"github.com/sealaudit/sealaudit/collectors/cloudtrail"
	api "github.com/sealaudit/sealaudit/internal/awsapi/awsapitest"
)

// only answers one trail of several in another way.
func only(name string, reply api.Reply, others func(api.Request) api.Reply) func(api.Request) api.Reply {
	return func(q api.Request) api.Reply {
		if strings.HasSuffix(q.Text("Name")+q.Text("TrailName"), "/"+name) {
			return reply
		}
		return others(q)
	}
}

// Every refusal costs what the call would have told, of that trail only.
func TestRefusals(t *testing.T) {
	cut := api.Reply{Type: "application/x-amz-json-1.1", Body: `{"IsLogging":tr`}
	for _, tt := range []struct {
		operation string
		lost      func(*cloudtrail.TrailFacts)
		gap       string
	}{
		{"cloudtrail:GetTrailStatus", func(f *cloudtrail.TrailFacts) { f.Status = nil }, "facts.status"},
		{"cloudtrail:GetEventSelectors", func(f *cloudtrail.TrailFacts) { f.Selectors = nil }, "facts.selectors"},
		{"tagging:GetResources", func(*cloudtrail.TrailFacts) {}, "tags"},
	} {
		for name, refusal := range map[string]struct {
			reply  api.Reply
			reason collectors.Reason
		}{
			"denied":    {denied(), collectors.Denied},
			"vanished":  {api.JSONError(400, "TrailNotFoundException", "Unknown trail"), collectors.Vanished},
			"broken":    {api.JSONError(500, "InternalFailure", ""), collectors.Failed},
			"cut off":   {cut, collectors.Failed},
			"not known": {api.JSONError(400, "UnknownOperationException", ""), collectors.Unsupported},
		} {
			t.Run(tt.operation+" "+name, func(t *testing.T) {
				t.Parallel()
				a := answers(t, trail(nil), local("other", "eu-west-1"))
				whole, _ := collect(t.Context(), t, a, "eu-west-1")
				if tt.gap == "tags" {
					a[tt.operation] = api.Always(refusal.reply)
				} else {
					a[tt.operation] = only("main", refusal.reply, a[tt.operation])
				}
				sink, _ := collect(t.Context(), t, a, "eu-west-1")
				r := sink.Find(t, mainARN)
				if diff := cmp.Diff(facts(tt.lost), r.Facts); diff != "" {
					t.Error(diff)
				}
				if diff := cmp.Diff([]string{tt.gap + " " + string(refusal.reason)}, gapsOf(r)); diff != "" {
					t.Error(diff)
				}
				if diff := cmp.Diff(whole.Find(t, "other").Facts, sink.Find(t, "other").Facts); diff != "" {
					t.Errorf("the other trail changes too\n%s", diff)
				}
				if gap := sink.Gaps[trailType+" eu-west-1"]; gap != nil {
					t.Errorf("listing %+v", gap)
				}
			})
		}
	}
}

// A key that can't be described costs what KMS knows of it.
func TestADeniedKey(t *testing.T) {
	a := answers(t, trail(nil))
	a["kms:DescribeKey"] = api.Always(denied())
	sink, _ := collect(t.Context(), t, a, "eu-west-1")
	r := sink.Find(t, mainARN)
	want := facts(func(f *cloudtrail.TrailFacts) {
		f.Key = &collectors.Key{ID: keyARN, ARN: keyARN, Account: "111122223333", Region: "eu-west-1"}
	})
	if diff := cmp.Diff(want, r.Facts); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(keyGaps("denied"), gapsOf(r)); diff != "" {
		t.Error(diff)
	}
}

// Where a trail's home can't be listed, what another region shows of it is
// read, and the ledger of the home has the gap.
func TestAHomeThatIsDenied(t *testing.T) {
	a := answers(t, trail(nil), local("mumbai", "ap-south-1"))
	shown := a["cloudtrail:DescribeTrails"]
	a["cloudtrail:DescribeTrails"] = func(q api.Request) api.Reply {
		if q.Region == "eu-west-1" {
			return denied()
		}
		return shown(q)
	}
	for _, regions := range [][]string{{"us-east-1", "eu-west-1", "ap-south-1"}, {"us-east-1", "ap-south-1"}} {
		sink, _ := collect(t.Context(), t, a, regions...)
		if gap := sink.Gaps[trailType+" eu-west-1"]; gap == nil || gap.Reason != collectors.Denied || gap.Permission != "cloudtrail:DescribeTrails" {
			t.Errorf("listing %+v", gap)
		}
		r := sink.Find(t, mainARN)
		if diff := cmp.Diff(facts(nil), r.Facts); diff != "" || len(r.Gaps) > 0 || r.Scope.Region != "eu-west-1" {
			t.Errorf("%v %+v\n%s", r.Scope, r.Gaps, diff)
		}
		var seen []string
		for _, c := range r.Calls {
			if c.Operation == "cloudtrail:DescribeTrails" {
				seen = append(seen, c.Region)
			}
		}
		if diff := cmp.Diff([]string{"ap-south-1"}, seen); diff != "" {
			t.Errorf("the trail rests on the first region that shows it\n%s", diff)
		}
		whole := sink.Find(t, account)
		if diff := cmp.Diff(cloudtrail.AccountFacts{CompleteTrails: []string{mainARN}}, whole.Facts); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff([]string{"facts.trails denied"}, gapsOf(whole)); diff != "" {
			t.Error(diff)
		}
	}
}

func TestThrottledUntilTheEnd(t *testing.T) {
	throttle := api.JSONError(400, "ThrottlingException", "Rate exceeded")
	for operation, attribute := range map[string]string{"cloudtrail:GetTrailStatus": "facts.status", "cloudtrail:GetEventSelectors": "facts.selectors"} {
		t.Run(operation, func(t *testing.T) {
			t.Parallel()
			a := answers(t, trail(nil), local("other", "eu-west-1"))
			a[operation] = only("main", throttle, a[operation])
			ctx, cancel := context.WithTimeout(t.Context(), 700*time.Millisecond)
			defer cancel()
			sink, _ := collect(ctx, t, a, "eu-west-1")
			if got := gapsOf(sink.Find(t, mainARN)); !slices.Contains(got, attribute+" throttled") {
				t.Errorf("gaps %v", got)
			}
			if r := sink.Find(t, "other"); len(r.Gaps) > 0 || sink.Gaps[trailType+" eu-west-1"] != nil {
				t.Errorf("the other trail %+v", r.Gaps)
			}
		})
	}
	a := answers(t)
	a["cloudtrail:DescribeTrails"] = api.Always(throttle)
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	sink, _ := collect(ctx, t, a, "eu-west-1", "us-east-1")
	for _, region := range []string{"eu-west-1", "us-east-1"} {
		if gap := sink.Gaps[trailType+" "+region]; gap == nil || gap.Reason != collectors.Throttled {
			t.Errorf("%s: %+v", region, gap)
		}
	}
}

func TestBrokenListings(t *testing.T) {
	for name, tt := range map[string]struct {
		reply  api.Reply
		reason collectors.Reason
	}{
		"broken":               {api.JSONError(503, "ServiceUnavailable", ""), collectors.Failed},
		"cut off":              {api.Reply{Type: "application/x-amz-json-1.1", Body: `{"trailList":[{"Name":"ma`}, collectors.Failed},
		"a region that is off": {api.JSONError(400, "UnrecognizedClientException", "The security token included in the request is invalid."), collectors.Denied},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := answers(t)
			a["cloudtrail:DescribeTrails"] = api.Always(tt.reply)
			sink, _ := collect(t.Context(), t, a, "eu-west-1")
			if gap := sink.Gaps[trailType+" eu-west-1"]; gap == nil || gap.Reason != tt.reason {
				t.Errorf("listing %+v", gap)
			}
		})
	}
}
