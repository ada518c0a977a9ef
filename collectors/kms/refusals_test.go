package kms_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sealaudit/sealaudit/collectors"
	"github.com/sealaudit/sealaudit/collectors/kms"
	"github.com/sealaudit/sealaudit/internal/awsapi/awsapitest"
)

// only answers one key of several in another way.
func only(id string, r awsapitest.Reply, others func(awsapitest.Request) awsapitest.Reply) func(awsapitest.Request) awsapitest.Reply {
	return func(q awsapitest.Request) awsapitest.Reply {
		if strings.HasSuffix(q.Text("KeyId"), id) {
			return r
		}
		return others(q)
	}
}

// Every refusal costs what the call would have told, of that key only.
func TestRefusals(t *testing.T) {
	other := "arn:aws:kms:eu-west-1:111122223333:key/other"
	for _, tt := range []struct {
		operation string
		lost      func(*kms.KeyFacts) // what the key of the refusal loses
		gap       string
		everyKey  bool // the call isn't of one key
	}{
		{operation: "kms:DescribeKey", lost: func(f *kms.KeyFacts) { *f = kms.KeyFacts{} }, gap: "facts"},
		{operation: "kms:GetKeyRotationStatus", lost: func(f *kms.KeyFacts) { f.Rotation = nil }, gap: "facts.rotation"},
		{operation: "kms:GetKeyPolicy", lost: func(f *kms.KeyFacts) { f.Policy = nil }, gap: "facts.policy"},
		{operation: "kms:ListGrants", lost: func(*kms.KeyFacts) {}, gap: "facts.grants"},
		{operation: "kms:ListAliases", lost: func(f *kms.KeyFacts) { f.Aliases = nil }, gap: "facts.aliases", everyKey: true},
		{operation: "tagging:GetResources", lost: func(*kms.KeyFacts) {}, gap: "tags", everyKey: true},
	} {
		for name, refusal := range map[string]struct {
			reply  awsapitest.Reply
			reason collectors.Reason
		}{
			"denied":      {denied(), collectors.Denied},
			"vanished":    {notFound(), collectors.Vanished},
			"broken":      {awsapitest.JSONError(500, "KMSInternalException", ""), collectors.Failed},
			"cut off":     {awsapitest.Reply{Type: "application/x-amz-json-1.1", Body: `{"KeyMetadata":{"KeyState":"Ena`}, collectors.Failed},
			"not known":   {awsapitest.JSONError(400, "UnknownOperationException", ""), collectors.Unsupported},
			"wrong state": {awsapitest.JSONError(400, "KMSInvalidStateException", "pending"), collectors.Failed},
		} {
			t.Run(tt.operation+" "+name, func(t *testing.T) {
				t.Parallel()
				answers := with(region(), "kms:ListKeys", listOf("Keys", entry(keyID), entry("other")))
				answers["tagging:GetResources"] = awsapitest.Always(awsapitest.JSON(map[string]any{"ResourceTagMappingList": []any{}}))
				whole, _ := collect(t.Context(), t, answers)
				if tt.everyKey {
					with(answers, tt.operation, refusal.reply)
				} else {
					answers[tt.operation] = only(keyID, refusal.reply, answers[tt.operation])
				}
				sink, _ := collect(t.Context(), t, answers)
				r := sink.Find(t, keyARN)
				if diff := cmp.Diff(facts(tt.lost), r.Facts); diff != "" {
					t.Error(diff)
				}
				if diff := cmp.Diff([]string{tt.gap + " " + string(refusal.reason)}, gapsOf(r)); diff != "" {
					t.Error(diff)
				}
				if refusal.reason == collectors.Denied && !strings.HasPrefix(r.Gaps[0].Permission, strings.Split(tt.operation, ":")[0][:3]) {
					t.Errorf("permission %q", r.Gaps[0].Permission)
				}
				if !tt.everyKey {
					if diff := cmp.Diff(whole.Find(t, other).Facts, sink.Find(t, other).Facts); diff != "" {
						t.Errorf("the other key changes too\n%s", diff)
					}
				}
				if sink.Gaps[keyList] != nil || sink.Gaps[storeList] != nil {
					t.Errorf("listings %+v", sink.Gaps)
				}
			})
		}
	}
}

// A refused listing touches the other one as little as its own keys.
func TestRefusedListings(t *testing.T) {
	for reply, reason := range map[*awsapitest.Reply]collectors.Reason{
		reply(denied()): collectors.Denied,
		reply(awsapitest.JSONError(400, "UnsupportedOperationException", "not in this region")):      collectors.Unsupported,
		reply(awsapitest.JSONError(503, "ServiceUnavailable", "")):                                   collectors.Failed,
		reply(awsapitest.Reply{Type: "application/x-amz-json-1.1", Body: `{"Keys":[{"KeyId":"1111`}): collectors.Failed,
	} {
		sink, _ := collect(t.Context(), t, with(region(), "kms:DescribeCustomKeyStores", *reply))
		if gap := sink.Gaps[storeList]; gap == nil || gap.Reason != reason {
			t.Errorf("key stores %+v", gap)
		}
		if diff := cmp.Diff(facts(nil), sink.Find(t, keyARN).Facts); diff != "" || sink.Gaps[keyList] != nil {
			t.Errorf("keys %+v\n%s", sink.Gaps[keyList], diff)
		}
		answers := with(region(), "kms:DescribeCustomKeyStores", listOf("CustomKeyStores", store("cks-1", nil)))
		sink, _ = collect(t.Context(), t, with(answers, "kms:ListKeys", *reply))
		if gap := sink.Gaps[keyList]; gap == nil || gap.Reason != reason || len(sink.Resources) != 1 || sink.Gaps[storeList] != nil {
			t.Errorf("keys %+v, %d resources, stores %+v", gap, len(sink.Resources), sink.Gaps[storeList])
		}
	}
}

// Keys of the pages before a refusal are read, and the ledger knows that
// there may be more.
func TestARefusalOnTheSecondPage(t *testing.T) {
	answers := region()
	answers["kms:ListKeys"] = func(q awsapitest.Request) awsapitest.Reply {
		if q.Text("Marker") != "" {
			return denied()
		}
		return awsapitest.JSON(map[string]any{"Keys": []any{entry(keyID)}, "Truncated": true, "NextMarker": "m"})
	}
	sink, _ := collect(t.Context(), t, answers)
	if diff := cmp.Diff(facts(nil), sink.Find(t, keyARN).Facts); diff != "" || sink.Gaps[keyList] == nil {
		t.Errorf("listing %+v\n%s", sink.Gaps[keyList], diff)
	}
}

func TestThrottledUntilTheEnd(t *testing.T) {
	throttle := awsapitest.JSONError(400, "ThrottlingException", "Rate exceeded")
	for operation, attribute := range map[string]string{
		"kms:DescribeKey": "facts", "kms:GetKeyRotationStatus": "facts.rotation", "kms:GetKeyPolicy": "facts.policy", "kms:ListGrants": "facts.grants",
	} {
		t.Run(operation, func(t *testing.T) {
			t.Parallel()
			answers := with(region(), "kms:ListKeys", listOf("Keys", entry(keyID), entry("other")))
			answers[operation] = only(keyID, throttle, answers[operation])
			ctx, cancel := context.WithTimeout(t.Context(), 700*time.Millisecond)
			defer cancel()
			sink, _ := collect(ctx, t, answers)
			if got := gapsOf(sink.Find(t, keyARN)); !slices.Contains(got, attribute+" throttled") {
				t.Errorf("gaps %v", got)
			}
			if r := sink.Find(t, "arn:aws:kms:eu-west-1:111122223333:key/other"); len(r.Gaps) > 0 || sink.Gaps[keyList] != nil {
				t.Errorf("the other key %+v, listing %+v", r.Gaps, sink.Gaps[keyList])
			}
		})
	}
}
