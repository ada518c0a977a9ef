package kms_test

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/google/go-cmp/cmp"

	"github.com/sealaudit/sealaudit/collectors"
	"github.com/sealaudit/sealaudit/collectors/kms"
	"github.com/sealaudit/sealaudit/internal/awsapi/awsapitest"
)

const (
	keyList   = "AWS::KMS::Key eu-west-1"
	storeList = "AWS::KMS::CustomKeyStore eu-west-1"
	rootOnly  = `{"Sid":"Root","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:root"},"Action":"kms:*","Resource":"*"}`
)

func policyOf(statements ...string) string {
	return `{"Version":"2012-10-17","Statement":[` + strings.Join(statements, ",") + `]}`
}

func listOf(member string, items ...any) awsapitest.Reply {
	return awsapitest.JSON(map[string]any{member: append([]any{}, items...), "Truncated": false})
}

func entry(id string) map[string]any {
	return map[string]any{"KeyId": id, "KeyArn": "arn:aws:kms:eu-west-1:111122223333:key/" + id}
}

// region are answers of a region with one customer managed key, that rotates
// and has an alias, and nothing else.
func region() awsapitest.Answers {
	return awsapitest.Answers{
		"kms:ListKeys":    awsapitest.Always(listOf("Keys", entry(keyID))),
		"kms:ListAliases": awsapitest.Always(listOf("Aliases", alias("alias/zebra", keyID), alias("alias/data", keyID))),
		"kms:DescribeKey": func(q awsapitest.Request) awsapitest.Reply { return metadata(q.Text("KeyId"), nil) },
		"kms:GetKeyRotationStatus": awsapitest.Always(awsapitest.JSON(map[string]any{"KeyId": keyARN, "KeyRotationEnabled": true,
			"RotationPeriodInDays": 365, "NextRotationDate": 1800000000.25})),
		"kms:GetKeyPolicy":            awsapitest.Always(awsapitest.JSON(map[string]any{"Policy": policyOf(rootOnly), "PolicyName": "default"})),
		"kms:ListGrants":              awsapitest.Always(listOf("Grants")),
		"kms:DescribeCustomKeyStores": awsapitest.Always(listOf("CustomKeyStores")),
	}
}

func with(answers awsapitest.Answers, operation string, reply awsapitest.Reply) awsapitest.Answers {
	answers[operation] = awsapitest.Always(reply)
	return answers
}

// facts are those of region's key, changed.
func facts(change func(*kms.KeyFacts)) kms.KeyFacts {
	f := kms.KeyFacts{
		Manager: "CUSTOMER", State: "Enabled", Spec: "SYMMETRIC_DEFAULT", Usage: "ENCRYPT_DECRYPT", Origin: "AWS_KMS", CreatedAt: "2023-11-14T22:13:20Z",
		Aliases:  []string{"alias/data", "alias/zebra"},
		Rotation: &kms.Rotation{Supported: true, Enabled: aws.Bool(true), PeriodDays: aws.Int(365), NextAt: "2027-01-15T08:00:00Z"},
		Policy: &kms.Policy{Public: aws.Bool(false), PublicDetail: "no statement allows principals of an account that the policy does not name",
			RootEnabled: aws.Bool(true), ExternalAccounts: []string{}, UnguardedServices: []string{}, CloudTrail: "none"},
	}
	if change != nil {
		change(&f)
	}
	return f
}

func collect(ctx context.Context, t *testing.T, answers awsapitest.Answers) (*awsapitest.Sink, *awsapitest.Server) {
	t.Helper()
	srv := awsapitest.Serve(t, answers)
	session := srv.Session(t)
	sink := awsapitest.Collect(ctx, t, kms.New(session, kms.NewKeys(session)), awsapitest.Scope())
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
	return sink, srv
}

// gapsOf are "attribute reason" of every gap, sorted.
func gapsOf(r collectors.Resource) []string {
	var out []string
	for _, g := range r.Gaps {
		for _, a := range g.Attributes {
			out = append(out, a+" "+string(g.Reason))
		}
	}
	slices.Sort(out)
	return out
}

func TestKeyFacts(t *testing.T) {
	customer := []string{"kms:DescribeKey", "kms:GetKeyPolicy", "kms:GetKeyRotationStatus", "kms:ListGrants"}
	noRotation := []string{"kms:DescribeKey", "kms:GetKeyPolicy", "kms:ListGrants"}
	for name, tt := range map[string]struct {
		metadata map[string]any
		rotation *awsapitest.Reply
		want     func(*kms.KeyFacts)
		gaps     []string
		calls    []string
	}{
		"customer managed": {calls: customer},
		"AWS managed": {metadata: map[string]any{"KeyManager": "AWS"}, calls: []string{"kms:DescribeKey"},
			want: func(f *kms.KeyFacts) { f.Manager, f.Rotation, f.Policy = "AWS", nil, nil }},
		"asymmetric": {metadata: map[string]any{"KeySpec": "RSA_2048", "KeyUsage": "SIGN_VERIFY"}, calls: noRotation,
			want: func(f *kms.KeyFacts) {
				f.Spec, f.Usage, f.Rotation = "RSA_2048", "SIGN_VERIFY", &kms.Rotation{}
			}},
		"HMAC": {metadata: map[string]any{"KeySpec": "HMAC_256", "KeyUsage": "GENERATE_VERIFY_MAC"}, calls: noRotation,
			want: func(f *kms.KeyFacts) {
				f.Spec, f.Usage, f.Rotation = "HMAC_256", "GENERATE_VERIFY_MAC", &kms.Rotation{}
			}},
		"in an HSM cluster": {metadata: map[string]any{"Origin": "AWS_CLOUDHSM", "CustomKeyStoreId": "cks-1", "KeyState": "Unavailable"}, calls: noRotation,
			want: func(f *kms.KeyFacts) {
				f.Origin, f.CustomKeyStoreID, f.State, f.Rotation = "AWS_CLOUDHSM", "cks-1", "Unavailable", &kms.Rotation{}
			}},
		"in an external store": {metadata: map[string]any{"Origin": "EXTERNAL_KEY_STORE", "CustomKeyStoreId": "cks-2"}, calls: noRotation,
			want: func(f *kms.KeyFacts) {
				f.Origin, f.CustomKeyStoreID, f.Rotation = "EXTERNAL_KEY_STORE", "cks-2", &kms.Rotation{}
			}},
		"refused to rotate": {calls: customer,
			rotation: reply(awsapitest.JSONError(400, "UnsupportedOperationException", "origin is EXTERNAL which is not valid for this operation.")),
			want:     func(f *kms.KeyFacts) { f.Rotation = &kms.Rotation{} }},
		"imported, expires": {metadata: map[string]any{"Origin": "EXTERNAL", "ExpirationModel": "KEY_MATERIAL_EXPIRES", "ValidTo": 1795000000}, calls: noRotation,
			want: func(f *kms.KeyFacts) {
				f.Origin, f.ExpirationModel, f.ValidTo, f.Rotation = "EXTERNAL", "KEY_MATERIAL_EXPIRES", "2026-11-18T11:06:40Z", &kms.Rotation{}
			}},
		"imported, does not expire": {metadata: map[string]any{"Origin": "EXTERNAL", "ExpirationModel": "KEY_MATERIAL_DOES_NOT_EXPIRE"}, calls: noRotation,
			want: func(f *kms.KeyFacts) {
				f.Origin, f.ExpirationModel, f.Rotation = "EXTERNAL", "KEY_MATERIAL_DOES_NOT_EXPIRE", &kms.Rotation{}
			}},
		"waiting for its import": {metadata: map[string]any{"Origin": "EXTERNAL", "KeyState": "PendingImport"}, calls: noRotation,
			want: func(f *kms.KeyFacts) { f.Origin, f.State, f.Rotation = "EXTERNAL", "PendingImport", &kms.Rotation{} }},
		"being created, to be imported": {metadata: map[string]any{"Origin": "EXTERNAL", "KeyState": "Creating"}, calls: noRotation,
			want: func(f *kms.KeyFacts) { f.Origin, f.State, f.Rotation = "EXTERNAL", "Creating", &kms.Rotation{} }},
		"imported, and the reply lacks how long": {metadata: map[string]any{"Origin": "EXTERNAL"}, calls: noRotation,
			want: func(f *kms.KeyFacts) { f.Origin, f.Rotation = "EXTERNAL", &kms.Rotation{} },
			gaps: []string{"facts.expiration_model no_data", "facts.valid_to no_data"}},
		"imported, updating, and the reply lacks how long": {metadata: map[string]any{"Origin": "EXTERNAL", "KeyState": "Updating"}, calls: noRotation,
			want: func(f *kms.KeyFacts) { f.Origin, f.State, f.Rotation = "EXTERNAL", "Updating", &kms.Rotation{} },
			gaps: []string{"facts.expiration_model no_data", "facts.valid_to no_data"}},
		"expires, and the reply lacks when": {metadata: map[string]any{"Origin": "EXTERNAL", "ExpirationModel": "KEY_MATERIAL_EXPIRES"}, calls: noRotation,
			want: func(f *kms.KeyFacts) {
				f.Origin, f.ExpirationModel, f.Rotation = "EXTERNAL", "KEY_MATERIAL_EXPIRES", &kms.Rotation{}
			},
			gaps: []string{"facts.valid_to no_data"}},
		"pending deletion": {metadata: map[string]any{"KeyState": "PendingDeletion", "DeletionDate": 1795000000}, calls: noRotation,
			want: func(f *kms.KeyFacts) {
				f.State, f.DeleteAt, f.Rotation = "PendingDeletion", "2026-11-18T11:06:40Z", nil
			}},
		"pending deletion, and the reply lacks when": {metadata: map[string]any{"KeyState": "PendingDeletion"}, calls: noRotation,
			want: func(f *kms.KeyFacts) { f.State, f.Rotation = "PendingDeletion", nil }, gaps: []string{"facts.delete_at no_data"}},
		"pending deletion of its replicas": {metadata: map[string]any{"KeyState": "PendingReplicaDeletion"}, calls: noRotation,
			want: func(f *kms.KeyFacts) { f.State, f.Rotation = "PendingReplicaDeletion", nil }},
		"primary": {metadata: map[string]any{"MultiRegion": true, "MultiRegionConfiguration": map[string]any{"MultiRegionKeyType": "PRIMARY", "PrimaryKey": map[string]any{"Arn": keyARN}}},
			calls: customer, want: func(f *kms.KeyFacts) { f.MultiRegion = "PRIMARY" }},
		"replica": {metadata: map[string]any{"MultiRegion": true, "MultiRegionConfiguration": map[string]any{"MultiRegionKeyType": "REPLICA", "PrimaryKey": map[string]any{"Arn": usARN}}},
			calls: customer, want: func(f *kms.KeyFacts) { f.MultiRegion, f.PrimaryARN = "REPLICA", usARN }},
		"replica, and the reply lacks of which": {metadata: map[string]any{"MultiRegion": true, "MultiRegionConfiguration": map[string]any{"MultiRegionKeyType": "REPLICA"}},
			calls: customer, want: func(f *kms.KeyFacts) { f.MultiRegion = "REPLICA" }, gaps: []string{"facts.primary_arn no_data"}},
		"multi-region, and the reply lacks how": {metadata: map[string]any{"MultiRegion": nil, "KeyId": "mrk-1"}, calls: customer,
			gaps: []string{"facts.multi_region no_data", "facts.primary_arn no_data"}},
		"a reply of 2018": {metadata: map[string]any{"MultiRegion": nil, "KeySpec": nil}, calls: customer,
			want: func(f *kms.KeyFacts) { f.Spec = "" }, gaps: []string{"facts.spec no_data"}},
		"a reply of 2017": {metadata: map[string]any{"MultiRegion": nil, "KeySpec": nil, "KeyManager": nil}, calls: []string{"kms:DescribeKey"},
			want: func(f *kms.KeyFacts) { f.Spec, f.Manager, f.Rotation, f.Policy = "", "", nil, nil },
			gaps: []string{"facts.grants unknown_value", "facts.manager no_data", "facts.policy unknown_value", "facts.rotation unknown_value", "facts.spec no_data"}},
		"a newer state": {metadata: map[string]any{"KeyState": "Quarantined"}, calls: customer,
			want: func(f *kms.KeyFacts) { f.State = "" }, gaps: []string{"facts.state unknown_value"}},
		"a newer spec": {metadata: map[string]any{"KeySpec": "LATTICE_9"}, calls: customer,
			want: func(f *kms.KeyFacts) { f.Spec = "" }, gaps: []string{"facts.spec unknown_value"}},
		"a newer model of expiry": {metadata: map[string]any{"Origin": "EXTERNAL", "ExpirationModel": "SOMETIMES"}, calls: noRotation,
			want: func(f *kms.KeyFacts) { f.Origin, f.Rotation = "EXTERNAL", &kms.Rotation{} }, gaps: []string{"facts.expiration_model unknown_value"}},
		"a newer kind of replica": {metadata: map[string]any{"MultiRegionConfiguration": map[string]any{"MultiRegionKeyType": "MIRROR"}}, calls: customer,
			gaps: []string{"facts.multi_region unknown_value", "facts.primary_arn unknown_value"}},
	} {
		t.Run(name, func(t *testing.T) {
			answers := with(region(), "kms:DescribeKey", metadata(keyARN, tt.metadata))
			if tt.rotation != nil {
				with(answers, "kms:GetKeyRotationStatus", *tt.rotation)
			}
			sink, srv := collect(t.Context(), t, answers)
			r := sink.Find(t, keyARN)
			if diff := cmp.Diff(facts(tt.want), r.Facts); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(tt.gaps, gapsOf(r)); diff != "" {
				t.Errorf("gaps\n%s", diff)
			}
			want := slices.Sorted(slices.Values(append(tt.calls, "kms:DescribeCustomKeyStores", "kms:ListAliases", "kms:ListKeys")))
			if diff := cmp.Diff(want, srv.Calls()); diff != "" {
				t.Errorf("calls\n%s", diff)
			}
			if r.Name != "data" || r.Type != "AWS::KMS::Key" || r.Scope != awsapitest.Scope() {
				t.Errorf("%s %s %v", r.Name, r.Type, r.Scope)
			}
		})
	}
}

func reply(r awsapitest.Reply) *awsapitest.Reply { return &r }
