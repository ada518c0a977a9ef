package cloudtrail_test

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/google/go-cmp/cmp"

	"github.com/sealaudit/sealaudit/collectors"
	"github.com/sealaudit/sealaudit/collectors/cloudtrail"
	"github.com/sealaudit/sealaudit/collectors/kms"
	api "github.com/sealaudit/sealaudit/internal/awsapi/awsapitest"
)

const (
	trailType = "AWS::CloudTrail::Trail"
	account   = "arn:aws:iam::111122223333:root"
	mainARN   = "arn:aws:cloudtrail:eu-west-1:111122223333:trail/main"
	orgARN    = "arn:aws:cloudtrail:us-east-1:444455556666:trail/organisation"
	keyARN    = "arn:aws:kms:eu-west-1:111122223333:key/11111111-1111-4111-8111-111111111111"
)

type object = map[string]any

func changed(base, change object) object {
	for k, v := range change {
		if base[k] = v; v == nil {
			delete(base, k)
		}
	}
	return base
}

// trail is a multi-region trail of eu-west-1 as DescribeTrails has it, changed.
func trail(change object) object {
	return changed(object{"Name": "main", "TrailARN": mainARN, "HomeRegion": "eu-west-1", "S3BucketName": "logs", "KmsKeyId": keyARN,
		"IsMultiRegionTrail": true, "IsOrganizationTrail": false, "IncludeGlobalServiceEvents": true, "LogFileValidationEnabled": true,
		"CloudWatchLogsLogGroupArn": "arn:aws:logs:eu-west-1:111122223333:log-group:trail:*", "HasCustomEventSelectors": false}, change)
}

func organisation() object {
	return trail(object{"Name": "organisation", "TrailARN": orgARN, "HomeRegion": "us-east-1", "IsOrganizationTrail": true,
		"KmsKeyId": "arn:aws:kms:us-east-1:444455556666:key/2", "CloudWatchLogsLogGroupArn": nil})
}

// local is a trail of one region only.
func local(name, region string) object {
	return trail(object{"Name": name, "TrailARN": "arn:aws:cloudtrail:" + region + ":111122223333:trail/" + name, "HomeRegion": region,
		"IsMultiRegionTrail": false, "KmsKeyId": nil, "CloudWatchLogsLogGroupArn": nil})
}

func everything() api.Reply {
	return api.JSON(object{"EventSelectors": []any{object{"ReadWriteType": "All", "IncludeManagementEvents": true, "DataResources": []any{}, "ExcludeManagementEventSources": []any{}}}})
}

// listed shows each trail in its home region, and multi-region ones everywhere.
func listed(trails ...object) func(api.Request) api.Reply {
	return func(q api.Request) api.Reply {
		list := []any{}
		for _, t := range trails {
			if t["HomeRegion"] == q.Region || t["IsMultiRegionTrail"] == true {
				list = append(list, t)
			}
		}
		return api.JSON(object{"trailList": list})
	}
}

// answers are those of an account with the trails.
func answers(t *testing.T, trails ...object) api.Answers {
	atHome := func(field string, reply api.Reply) func(api.Request) api.Reply {
		return func(q api.Request) api.Reply {
			id := q.Text(field)
			if parts := strings.Split(id, ":"); len(parts) != 6 || parts[3] != q.Region {
				t.Errorf("%s was asked for %s in %s", q.Operation, id, q.Region)
			}
			return reply
		}
	}
	return api.Answers{
		"cloudtrail:DescribeTrails":    listed(trails...),
		"cloudtrail:GetEventSelectors": atHome("TrailName", everything()),
		"cloudtrail:GetTrailStatus": atHome("Name", api.JSON(object{"IsLogging": true, "StartLoggingTime": 1700000000, "LatestDeliveryTime": 1795000000.5,
			"LatestDigestDeliveryTime": 1795000000, "LatestDeliveryAttemptTime": ""})),
		"kms:DescribeKey": func(q api.Request) api.Reply {
			if q.Text("KeyId") != keyARN {
				return denied()
			}
			return api.JSON(object{"KeyMetadata": object{"Arn": keyARN, "KeyManager": "CUSTOMER", "KeyState": "Enabled", "KeySpec": "SYMMETRIC_DEFAULT",
				"KeyUsage": "ENCRYPT_DECRYPT", "Origin": "AWS_KMS"}})
		},
		"kms:ListAliases": api.Always(api.JSON(object{"Aliases": []any{}, "Truncated": false})),
	}
}

func denied() api.Reply { return api.JSONError(400, "AccessDeniedException", "not authorized") }

// facts are those of trail, changed.
func facts(change func(*cloudtrail.TrailFacts)) cloudtrail.TrailFacts {
	f := cloudtrail.TrailFacts{HomeRegion: "eu-west-1", MultiRegion: aws.Bool(true), Organization: aws.Bool(false), GlobalEvents: aws.Bool(true), Validation: aws.Bool(true),
		Bucket: "logs", BucketARN: "arn:aws:s3:::logs", Encrypted: aws.Bool(true), LogGroupARN: "arn:aws:logs:eu-west-1:111122223333:log-group:trail:*",
		Key: &collectors.Key{ID: keyARN, ARN: keyARN, Exists: aws.Bool(true), Manager: "CUSTOMER", State: "Enabled", Spec: "SYMMETRIC_DEFAULT",
			Usage: "ENCRYPT_DECRYPT", Origin: "AWS_KMS", Account: "111122223333", Region: "eu-west-1"},
		Status:    &cloudtrail.Status{Logging: aws.Bool(true), LatestDeliveryAt: "2026-11-18T11:06:40Z", LatestDigestAt: "2026-11-18T11:06:40Z", StartedAt: "2023-11-14T22:13:20Z"},
		Selectors: &cloudtrail.Selectors{ManagementRead: aws.Bool(true), ManagementWrite: aws.Bool(true), KMSExcluded: aws.Bool(false)}}
	if change != nil {
		change(&f)
	}
	return f
}

func collect(ctx context.Context, t *testing.T, a api.Answers, regions ...string) (*api.Sink, *api.Server) {
	t.Helper()
	server := api.Serve(t, a)
	session := server.Session(t)
	scope := api.Scope()
	scope.Region = ""
	sink := api.Collect(ctx, t, cloudtrail.New(session, kms.NewKeys(session), regions), scope)
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

func keyGaps(reason string) []string {
	var out []string
	for _, a := range []string{"delete_at", "exists", "manager", "origin", "spec", "state", "usage"} {
		out = append(out, "facts.key."+a+" "+reason)
	}
	return out
}

func ledger(sink *api.Sink) []string { return slices.Sorted(maps.Keys(sink.Gaps)) }

func TestTrailFacts(t *testing.T) {
	foreignKey := func(id, arn, alias, region string) *collectors.Key {
		return &collectors.Key{ID: id, ARN: arn, Alias: alias, Account: "444455556666", Region: region}
	}
	for name, tt := range map[string]struct {
		change object
		want   func(*cloudtrail.TrailFacts)
		gaps   []string
	}{
		"as it should be": {},
		"no key":          {change: object{"KmsKeyId": nil}, want: func(f *cloudtrail.TrailFacts) { f.Encrypted, f.Key = aws.Bool(false), nil }},
		"an empty key":    {change: object{"KmsKeyId": ""}, want: func(f *cloudtrail.TrailFacts) { f.Encrypted, f.Key = aws.Bool(false), nil }},
		"no validation": {change: object{"LogFileValidationEnabled": false, "CloudWatchLogsLogGroupArn": nil}, want: func(f *cloudtrail.TrailFacts) {
			f.Validation, f.LogGroupARN = aws.Bool(false), ""
		}},
		"a reply of 2016": {change: object{"IsOrganizationTrail": nil, "HasCustomEventSelectors": nil, "HomeRegion": nil},
			want: func(f *cloudtrail.TrailFacts) { f.Organization = nil }, gaps: []string{"facts.organization no_data"}},
		"a reply without bucket": {change: object{"S3BucketName": nil}, want: func(f *cloudtrail.TrailFacts) { f.Bucket, f.BucketARN = "", "" },
			gaps: []string{"facts.bucket no_data", "facts.bucket_arn no_data"}},
		"a reply without answers": {change: object{"IsMultiRegionTrail": nil, "IncludeGlobalServiceEvents": nil, "LogFileValidationEnabled": nil},
			want: func(f *cloudtrail.TrailFacts) { f.MultiRegion, f.GlobalEvents, f.Validation = nil, nil, nil },
			gaps: []string{"facts.global_events no_data", "facts.multi_region no_data", "facts.validation no_data"}},
		"a reply without ARN": {change: object{"TrailARN": nil}},
		"an organisation's, in another partition": {change: object{"TrailARN": "arn:aws-cn:cloudtrail:eu-west-1:444455556666:trail/main", "KmsKeyId": "2"},
			want: func(f *cloudtrail.TrailFacts) {
				f.BucketARN = "arn:aws-cn:s3:::logs"
				f.Key = foreignKey("2", "arn:aws-cn:kms:eu-west-1:444455556666:key/2", "", "eu-west-1")
			}, gaps: keyGaps("denied")},
		"an organisation's, with an alias": {change: object{"TrailARN": "arn:aws:cloudtrail:eu-west-1:444455556666:trail/main", "KmsKeyId": "alias/trail"},
			want: func(f *cloudtrail.TrailFacts) { f.Key = foreignKey("alias/trail", "", "alias/trail", "eu-west-1") },
			gaps: slices.Sorted(slices.Values(append(keyGaps("denied"), "facts.key.arn denied")))},
	} {
		t.Run(name, func(t *testing.T) {
			sink, _ := collect(t.Context(), t, answers(t, trail(tt.change)), "eu-west-1")
			r := sink.Find(t, "main")
			if diff := cmp.Diff(facts(tt.want), r.Facts); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(tt.gaps, gapsOf(r)); diff != "" {
				t.Errorf("gaps\n%s", diff)
			}
			if r.Scope != api.Scope() || r.Type != trailType {
				t.Errorf("%s in %v", r.Type, r.Scope)
			}
		})
	}
}

func TestStatus(t *testing.T) {
	started := object{"IsLogging": true, "StartLoggingTime": 1700000000}
	for name, tt := range map[string]struct {
		reply object
		want  cloudtrail.Status
		gaps  []string
	}{
		"stopped": {object{"IsLogging": false, "StartLoggingTime": 1700000000, "StopLoggingTime": 1795000000, "TimeLoggingStopped": "2026"},
			cloudtrail.Status{Logging: aws.Bool(false), StartedAt: "2023-11-14T22:13:20Z", StoppedAt: "2026-11-18T11:06:40Z"}, nil},
		"never delivered": {started, cloudtrail.Status{Logging: aws.Bool(true), StartedAt: "2023-11-14T22:13:20Z"}, nil},
		"refused": {object{"IsLogging": true, "LatestDeliveryError": "AccessDenied", "LatestDigestDeliveryError": "<b>NoSuchBucket</b>\n"},
			cloudtrail.Status{Logging: aws.Bool(true), DeliveryError: "AccessDenied", DigestError: "<b>NoSuchBucket</b>\n"}, nil},
		"no answer": {object{}, cloudtrail.Status{}, []string{"facts.status.logging no_data"}},
	} {
		t.Run(name, func(t *testing.T) {
			a := answers(t, trail(nil))
			a["cloudtrail:GetTrailStatus"] = api.Always(api.JSON(tt.reply))
			sink, _ := collect(t.Context(), t, a, "eu-west-1")
			r := sink.Find(t, mainARN)
			if diff := cmp.Diff(&tt.want, r.Facts.(cloudtrail.TrailFacts).Status); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(tt.gaps, gapsOf(r)); diff != "" {
				t.Error(diff)
			}
		})
	}
}
