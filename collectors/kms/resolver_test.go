package kms_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sealaudit/sealaudit/collectors"
	"github.com/sealaudit/sealaudit/collectors/kms"
	"github.com/sealaudit/sealaudit/internal/awsapi/awsapitest"
)

const (
	keyID    = "11111111-1111-4111-8111-111111111111"
	keyARN   = "arn:aws:kms:eu-west-1:111122223333:key/" + keyID
	usARN    = "arn:aws:kms:us-east-1:111122223333:key/" + keyID
	awsKeyID = "22222222-2222-4222-8222-222222222222"
	foreign  = "arn:aws:kms:eu-west-1:444455556666:key/33333333-3333-4333-8333-333333333333"
	at       = "facts.encryption.key"
)

// metadata is a DescribeKey reply for the key of an ARN, with changes.
func metadata(arn string, changes map[string]any) awsapitest.Reply {
	m := map[string]any{
		"Arn": arn, "KeyId": arn[strings.LastIndex(arn, "/")+1:], "KeyManager": "CUSTOMER", "KeyState": "Enabled", "KeySpec": "SYMMETRIC_DEFAULT",
		"KeyUsage": "ENCRYPT_DECRYPT", "Origin": "AWS_KMS", "MultiRegion": false, "CreationDate": 1700000000,
	}
	for name, value := range changes {
		if m[name] = value; value == nil {
			delete(m, name)
		}
	}
	return awsapitest.JSON(map[string]any{"KeyMetadata": m})
}

func notFound() awsapitest.Reply {
	return awsapitest.JSONError(400, "NotFoundException", "no such key")
}

func denied() awsapitest.Reply {
	return awsapitest.JSONError(400, "AccessDeniedException", "not authorized")
}

func alias(name, target string) map[string]any {
	a := map[string]any{"AliasName": name, "AliasArn": "arn:aws:kms:eu-west-1:111122223333:" + name}
	if target != "" {
		a["TargetKeyId"] = target
	}
	return a
}

// resolving are answers of an account with one key of its own in each of two
// regions, one AWS managed key and one of another account. Its aliases come
// in two pages.
func resolving(t *testing.T) awsapitest.Answers {
	return awsapitest.Answers{
		"kms:ListAliases": func(q awsapitest.Request) awsapitest.Reply {
			if q.Text("Marker") == "" {
				return awsapitest.JSON(map[string]any{"Aliases": []any{alias("alias/aws/kinesis", awsKeyID), alias("alias/aws/s3", "")}, "Truncated": true, "NextMarker": "2"})
			}
			return awsapitest.JSON(map[string]any{"Aliases": []any{alias("alias/data", keyID), alias("alias/lost", "")}, "Truncated": false})
		},
		"kms:DescribeKey": func(q awsapitest.Request) awsapitest.Reply {
			id := q.Text("KeyId")
			if strings.Contains(id, "alias/aws/") {
				t.Errorf("DescribeKey was asked for %s, which makes the key", id)
			}
			switch id {
			case keyID, keyARN:
				return metadata(keyARN, nil)
			case usARN:
				return metadata(usARN, nil)
			case "arn:aws:kms:eu-west-1:111122223333:key/" + awsKeyID:
				return metadata("arn:aws:kms:eu-west-1:111122223333:key/"+awsKeyID, map[string]any{"KeyManager": "AWS"})
			case foreign, "arn:aws:kms:eu-west-1:444455556666:alias/shared":
				return metadata(foreign, nil)
			case "arn:aws:kms:eu-west-1:777788889999:key/secret", "arn:aws:kms:eu-west-1:777788889999:alias/secret":
				return denied()
			}
			return notFound()
		},
	}
}

func known(arn, id string, changes func(*collectors.Key)) *collectors.Key {
	parts := strings.Split(arn, ":")
	yes := true
	k := &collectors.Key{ID: id, ARN: arn, Exists: &yes, Manager: "CUSTOMER", State: "Enabled", Spec: "SYMMETRIC_DEFAULT", Usage: "ENCRYPT_DECRYPT",
		Origin: "AWS_KMS", Account: parts[4], Region: parts[3]}
	if changes != nil {
		changes(k)
	}
	return k
}

// lists are the calls of both pages of aliases.
func lists() []string { return []string{"kms:ListAliases", "kms:ListAliases"} }

func paths(names ...string) []string {
	var out []string
	for _, name := range names {
		out = append(out, at+"."+name)
	}
	return out
}

func TestResolve(t *testing.T) {
	var no bool
	unknown := []string{"exists", "state", "spec", "usage", "origin", "delete_at"} // what only KMS can tell
	awsKey := func(id string) *collectors.Key {
		return known("arn:aws:kms:eu-west-1:111122223333:key/"+awsKeyID, id, func(k *collectors.Key) { k.Alias, k.Manager = "alias/aws/kinesis", "AWS" })
	}
	for _, tt := range []struct {
		name, id, awsAlias string
		want               *collectors.Key
		gap                []string // attributes of the gap
		reason             collectors.Reason
		calls              []string
	}{
		{name: "id", id: keyID, want: known(keyARN, keyID, nil), calls: []string{"kms:DescribeKey"}},
		{name: "ARN", id: keyARN, want: known(keyARN, keyARN, nil), calls: []string{"kms:DescribeKey"}},
		{name: "alias", id: "alias/data", want: known(keyARN, "alias/data", func(k *collectors.Key) { k.Alias = "alias/data" }),
			calls: append(lists(), "kms:DescribeKey")},
		{name: "alias ARN", id: "arn:aws:kms:eu-west-1:111122223333:alias/data",
			want:  known(keyARN, "arn:aws:kms:eu-west-1:111122223333:alias/data", func(k *collectors.Key) { k.Alias = "alias/data" }),
			calls: append(lists(), "kms:DescribeKey")},
		{name: "AWS alias", id: "alias/aws/kinesis", want: awsKey("alias/aws/kinesis"), calls: append(lists(), "kms:DescribeKey")},
		{name: "the service's default", awsAlias: "alias/aws/kinesis", want: awsKey(""), calls: append(lists(), "kms:DescribeKey")},
		{name: "AWS alias ARN", id: "arn:aws:kms:eu-west-1:111122223333:alias/aws/kinesis", want: awsKey("arn:aws:kms:eu-west-1:111122223333:alias/aws/kinesis"),
			calls: append(lists(), "kms:DescribeKey")},
		{name: "AWS alias without a key yet", id: "alias/aws/s3", want: &collectors.Key{ID: "alias/aws/s3", Alias: "alias/aws/s3", Manager: "AWS"},
			calls: lists()},
		{name: "AWS alias that is not listed", awsAlias: "alias/aws/new", want: &collectors.Key{Alias: "alias/aws/new", Manager: "AWS"},
			calls: lists()},
		{name: "AWS alias of another account", id: "arn:aws:kms:eu-west-1:444455556666:alias/aws/s3",
			want: &collectors.Key{ID: "arn:aws:kms:eu-west-1:444455556666:alias/aws/s3", Alias: "alias/aws/s3", Manager: "AWS", Account: "444455556666", Region: "eu-west-1"},
			gap:  append(paths(unknown...), at+".arn"), reason: collectors.OutOfScope},
		{name: "alias without a key", id: "alias/gone", want: &collectors.Key{ID: "alias/gone", Alias: "alias/gone", Exists: &no},
			calls: lists()},
		{name: "alias whose key the reply lacks", id: "alias/lost", want: &collectors.Key{ID: "alias/lost", Alias: "alias/lost"},
			gap: append(paths(unknown...), at+".arn", at+".manager"), reason: collectors.NoData, calls: lists()},
		{name: "another region", id: usARN, want: known(usARN, usARN, nil), calls: []string{"kms:DescribeKey"}},
		{name: "another account, readable", id: foreign, want: known(foreign, foreign, nil), calls: []string{"kms:DescribeKey"}},
		{name: "alias of another account, readable", id: "arn:aws:kms:eu-west-1:444455556666:alias/shared",
			want:  known(foreign, "arn:aws:kms:eu-west-1:444455556666:alias/shared", func(k *collectors.Key) { k.Alias = "alias/shared" }),
			calls: []string{"kms:DescribeKey"}},
		{name: "another account, denied", id: "arn:aws:kms:eu-west-1:777788889999:key/secret",
			want: &collectors.Key{ID: "arn:aws:kms:eu-west-1:777788889999:key/secret", ARN: "arn:aws:kms:eu-west-1:777788889999:key/secret", Account: "777788889999", Region: "eu-west-1"},
			gap:  append(paths(unknown...), at+".manager"), reason: collectors.Denied, calls: []string{"kms:DescribeKey"}},
		{name: "alias of another account, denied", id: "arn:aws:kms:eu-west-1:777788889999:alias/secret",
			want: &collectors.Key{ID: "arn:aws:kms:eu-west-1:777788889999:alias/secret", Alias: "alias/secret", Account: "777788889999", Region: "eu-west-1"},
			gap:  append(paths(unknown...), at+".arn", at+".manager"), reason: collectors.Denied, calls: []string{"kms:DescribeKey"}},
		{name: "own, not found", id: "gone", want: &collectors.Key{ID: "gone", ARN: "arn:aws:kms:eu-west-1:111122223333:key/gone", Exists: &no, Account: "111122223333", Region: "eu-west-1"},
			calls: []string{"kms:DescribeKey"}},
		{name: "an S3-compatible server's, not found", id: "arn:aws:kms:name", want: &collectors.Key{ID: "arn:aws:kms:name", Exists: &no},
			calls: []string{"kms:DescribeKey"}},
		{name: "not found in another account", id: "arn:aws:kms:eu-west-1:444455556666:key/gone",
			want: &collectors.Key{ID: "arn:aws:kms:eu-west-1:444455556666:key/gone", ARN: "arn:aws:kms:eu-west-1:444455556666:key/gone", Account: "444455556666", Region: "eu-west-1"},
			gap:  append(paths(unknown...), at+".manager"), reason: collectors.OutOfScope, calls: []string{"kms:DescribeKey"}},
		{name: "not found in another region", id: "arn:aws:kms:us-east-1:111122223333:key/gone",
			want: &collectors.Key{ID: "arn:aws:kms:us-east-1:111122223333:key/gone", ARN: "arn:aws:kms:us-east-1:111122223333:key/gone", Account: "111122223333", Region: "us-east-1"},
			gap:  append(paths(unknown...), at+".manager"), reason: collectors.OutOfScope, calls: []string{"kms:DescribeKey"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			srv := awsapitest.Serve(t, resolving(t))
			keys := kms.NewKeys(srv.Session(t))
			key, gaps := keys.Resolve(t.Context(), awsapitest.Scope(), tt.id, tt.awsAlias, at)
			if diff := cmp.Diff(tt.want, key); diff != "" {
				t.Error(diff)
			}
			var attributes []string
			var reason collectors.Reason
			for _, g := range gaps {
				attributes, reason = append(attributes, g.Attributes...), g.Reason
				if g.Detail == "" || g.Remedy == "" {
					t.Errorf("a gap without detail or remedy: %+v", g)
				}
			}
			if diff := cmp.Diff(tt.gap, attributes); diff != "" || reason != tt.reason {
				t.Errorf("reason %q, want %q; attributes\n%s", reason, tt.reason, diff)
			}
			slices.Sort(tt.calls)
			if diff := cmp.Diff(tt.calls, srv.Calls()); diff != "" {
				t.Errorf("calls\n%s", diff)
			}
		})
	}
}

func TestResolveWithoutAliases(t *testing.T) {
	answers := resolving(t)
	listed := answers["kms:ListAliases"]
	answers["kms:ListAliases"] = func(q awsapitest.Request) awsapitest.Reply {
		if q.Text("Marker") != "" {
			return denied()
		}
		return listed(q)
	}
	srv := awsapitest.Serve(t, answers)
	keys := kms.NewKeys(srv.Session(t))
	if key, gaps := keys.Resolve(t.Context(), awsapitest.Scope(), "alias/aws/kinesis", "", at); len(gaps) > 0 || key.State != "Enabled" {
		t.Errorf("what the first page has is known: %+v, gaps %+v", key, gaps)
	}
	key, gaps := keys.Resolve(t.Context(), awsapitest.Scope(), "alias/data", "", at)
	if key.Exists != nil || len(gaps) != 1 || gaps[0].Reason != collectors.Denied || gaps[0].Permission != "kms:ListAliases" {
		t.Errorf("%+v, gaps %+v", key, gaps)
	}
	if key, gaps := keys.Resolve(t.Context(), awsapitest.Scope(), "", "alias/aws/new", at); key.Manager != "AWS" || len(gaps) != 1 {
		t.Errorf("%+v, gaps %+v", key, gaps)
	}
}

// A value newer than the SDK, or none, is a gap on that attribute alone.
func TestResolveUnknownValues(t *testing.T) {
	for _, tt := range []struct {
		field     string
		value     any
		attribute string
		reason    collectors.Reason
	}{
		{"KeyManager", "PARTNER", "manager", collectors.UnknownValue},
		{"KeyState", "Quarantined", "state", collectors.UnknownValue},
		{"KeySpec", "LATTICE_9", "spec", collectors.UnknownValue},
		{"KeyUsage", "DREAM", "usage", collectors.UnknownValue},
		{"Origin", "MOON", "origin", collectors.UnknownValue},
		{"KeyManager", nil, "manager", collectors.NoData}, // replies of 2017
		{"KeySpec", nil, "spec", collectors.NoData},       // replies of 2018
	} {
		t.Run(tt.field, func(t *testing.T) {
			answers := resolving(t)
			answers["kms:DescribeKey"] = awsapitest.Always(metadata(keyARN, map[string]any{tt.field: tt.value}))
			srv := awsapitest.Serve(t, answers)
			_, gaps := kms.NewKeys(srv.Session(t)).Resolve(t.Context(), awsapitest.Scope(), keyID, "", at)
			if len(gaps) != 1 || gaps[0].Reason != tt.reason {
				t.Fatalf("%+v", gaps)
			}
			if diff := cmp.Diff(paths(tt.attribute), gaps[0].Attributes); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestResolveWithoutMetadata(t *testing.T) {
	answers := resolving(t)
	answers["kms:DescribeKey"] = awsapitest.Always(awsapitest.JSON(map[string]any{}))
	srv := awsapitest.Serve(t, answers)
	key, gaps := kms.NewKeys(srv.Session(t)).Resolve(t.Context(), awsapitest.Scope(), keyID, "", at)
	if key.Exists != nil || len(gaps) != 1 || gaps[0].Reason != collectors.Failed {
		t.Errorf("%+v, gaps %+v", key, gaps)
	}
}
