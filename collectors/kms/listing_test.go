package kms_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sealaudit/sealaudit/collectors"
	"github.com/sealaudit/sealaudit/collectors/kms"
	"github.com/sealaudit/sealaudit/internal/awsapi/awsapitest"
)

// Pages follow each other by marker; an empty one in the middle isn't the end.
func TestPages(t *testing.T) {
	answers := region()
	answers["kms:ListKeys"] = func(q awsapitest.Request) awsapitest.Reply {
		n := len(q.Text("Marker"))
		if n == 3 {
			return listOf("Keys", entry("key-3"))
		}
		page := []any{entry(fmt.Sprintf("key-%d", n))}
		if n == 1 {
			page = []any{}
		}
		return awsapitest.JSON(map[string]any{"Keys": page, "Truncated": true, "NextMarker": strings.Repeat("m", n+1)})
	}
	answers["kms:ListAliases"] = func(q awsapitest.Request) awsapitest.Reply {
		if q.Text("Marker") == "" {
			return awsapitest.JSON(map[string]any{"Aliases": []any{alias("alias/zero", "key-0")}, "Truncated": true, "NextMarker": "m"})
		}
		return listOf("Aliases", alias("alias/three", "key-3"))
	}
	answers["kms:ListGrants"] = func(q awsapitest.Request) awsapitest.Reply {
		g := map[string]any{"GrantId": "b", "GranteePrincipal": "arn:aws:iam::111122223333:role/x", "Operations": []any{"Decrypt"}}
		if q.Text("Marker") == "" {
			return awsapitest.JSON(map[string]any{"Grants": []any{g}, "Truncated": true, "NextMarker": "m"})
		}
		return listOf("Grants", g, map[string]any{"GrantId": "a", "GranteePrincipal": "arn:aws:iam::111122223333:role/y", "Operations": []any{"Encrypt"}})
	}
	answers["kms:DescribeCustomKeyStores"] = func(q awsapitest.Request) awsapitest.Reply {
		if q.Text("Marker") == "" {
			return awsapitest.JSON(map[string]any{"CustomKeyStores": []any{store("cks-1", nil)}, "Truncated": true, "NextMarker": "m"})
		}
		return listOf("CustomKeyStores", store("cks-2", nil))
	}
	sink, _ := collect(t.Context(), t, answers)
	var names []string
	for _, r := range sink.Resources {
		names = append(names, r.Name)
		if f, ok := r.Facts.(kms.KeyFacts); ok && (len(f.Grants) != 2 || f.Grants[0].ID != "a" || f.Grants[1].ID != "b") {
			t.Errorf("grants of both pages, each once, by id: %+v", f.Grants)
		}
	}
	if diff := cmp.Diff([]string{"store cks-1", "store cks-2", "zero", "key-2", "three"}, names); diff != "" {
		t.Error(diff)
	}
	if sink.Gaps[keyList] != nil || sink.Gaps[storeList] != nil {
		t.Errorf("listings %+v", sink.Gaps)
	}
}

// A listing that can't be followed to its end says so.
func TestFaultyPages(t *testing.T) {
	for _, page := range []map[string]any{
		{"Truncated": true, "NextMarker": "again"},
		{"Truncated": true},
	} {
		for _, tt := range []struct{ operation, listing, attribute string }{
			{"kms:ListKeys", keyList, ""},
			{"kms:DescribeCustomKeyStores", storeList, ""},
			{"kms:ListAliases", "", "facts.aliases failed"},
			{"kms:ListGrants", "", "facts.grants failed"},
		} {
			sink, srv := collect(t.Context(), t, with(region(), tt.operation, awsapitest.JSON(page)))
			if n := len(srv.Requests(tt.operation)); n > 2 {
				t.Errorf("%s was asked %d times", tt.operation, n)
			}
			if tt.listing != "" {
				if gap := sink.Gaps[tt.listing]; gap == nil || gap.Reason != collectors.Failed {
					t.Errorf("%s: listing %+v", tt.operation, gap)
				}
				continue
			}
			if diff := cmp.Diff([]string{tt.attribute}, gapsOf(sink.Find(t, keyARN))); diff != "" {
				t.Errorf("%s: %s", tt.operation, diff)
			}
		}
	}
}

// What a collector has asked of a key before isn't asked again.
func TestSharesTheResolver(t *testing.T) {
	srv := awsapitest.Serve(t, region())
	session := srv.Session(t)
	keys := kms.NewKeys(session)
	keys.Resolve(t.Context(), awsapitest.Scope(), keyID, "", at)
	sink := awsapitest.Collect(t.Context(), t, kms.New(session, keys), awsapitest.Scope())
	if n := len(srv.Requests("kms:DescribeKey")); n != 1 {
		t.Errorf("asked %d times", n)
	}
	var operations []string
	for _, c := range sink.Find(t, keyARN).Calls {
		operations = append(operations, c.Operation)
	}
	if diff := cmp.Diff([]string{"kms:DescribeKey", "kms:GetKeyPolicy", "kms:GetKeyRotationStatus", "kms:ListAliases", "kms:ListGrants", "kms:ListKeys"}, slices.Compact(operations)); diff != "" {
		t.Errorf("the calls that the key rests on\n%s", diff)
	}
}

// Names are what somebody chose: they stay text, and nothing else is asked.
func TestHostileNames(t *testing.T) {
	name := "alias/\"><script>alert(1)</script>\n../..\x1b[31m клю́ч"
	answers := with(region(), "kms:ListAliases", listOf("Aliases", alias(name, keyID)))
	with(answers, "kms:DescribeCustomKeyStores", listOf("CustomKeyStores", store("cks-1", map[string]any{"CustomKeyStoreName": "../\n<b>"})))
	sink, _ := collect(t.Context(), t, answers)
	if r := sink.Find(t, keyARN); r.Name != strings.TrimPrefix(name, "alias/") || r.Facts.(kms.KeyFacts).Aliases[0] != name || len(r.Gaps) > 0 {
		t.Errorf("%q %+v", r.Name, r.Gaps)
	}
	if r := sink.Find(t, "../\n<b>"); r.ARN != "arn:aws:kms:eu-west-1:111122223333:custom-key-store/cks-1" {
		t.Error(r.ARN)
	}
}

func TestCanBeAskedWithoutASession(t *testing.T) {
	c := kms.New(nil, kms.NewKeys(nil))
	if c.Service() != "kms" || c.Global() || len(c.Types()) != 2 || len(c.Actions()) != 7 {
		t.Errorf("collector %+v", c)
	}
}
