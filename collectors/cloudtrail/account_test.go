package cloudtrail_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/google/go-cmp/cmp"

	"github.com/sealaudit/sealaudit/collectors"
	"github.com/sealaudit/sealaudit/collectors/cloudtrail"
	api "github.com/sealaudit/sealaudit/internal/awsapi/awsapitest"
)

func TestAccount(t *testing.T) {
	refused := func(operation string, regions ...string) func(api.Answers) {
		return func(a api.Answers) {
			others := a[operation]
			a[operation] = func(q api.Request) api.Reply {
				if slices.Contains(regions, q.Region) {
					return denied()
				}
				return others(q)
			}
		}
	}
	stopped := func(name string) func(api.Answers) {
		return func(a api.Answers) {
			const status = "cloudtrail:GetTrailStatus"
			a[status] = only(name, api.JSON(object{"IsLogging": false, "StopLoggingTime": 1795000000}), a[status])
		}
	}
	for name, tt := range map[string]struct {
		trails []object
		change func(api.Answers)
		want   cloudtrail.AccountFacts
		gaps   []string
		detail string
	}{
		"no trail":         {want: cloudtrail.AccountFacts{Trails: aws.Int(0), CompleteTrails: []string{}}},
		"one region":       {trails: []object{local("one", "eu-west-1")}, want: cloudtrail.AccountFacts{Trails: aws.Int(1), CompleteTrails: []string{}}},
		"no global events": {trails: []object{trail(object{"IncludeGlobalServiceEvents": false})}, want: cloudtrail.AccountFacts{Trails: aws.Int(1), CompleteTrails: []string{}}},
		"two that are complete": {trails: []object{organisation(), trail(nil), local("one", "eu-west-1")},
			want: cloudtrail.AccountFacts{Trails: aws.Int(3), CompleteTrails: []string{mainARN, orgARN}}},
		"selectors denied": {trails: []object{trail(nil)}, change: refused("cloudtrail:GetEventSelectors", "eu-west-1"),
			want: cloudtrail.AccountFacts{Trails: aws.Int(1), CompleteTrails: []string{}}, gaps: []string{"facts.complete_trails denied"}, detail: mainARN},
		"selectors denied of a trail of one region": {trails: []object{local("one", "eu-west-1")}, change: refused("cloudtrail:GetEventSelectors", "eu-west-1"),
			want: cloudtrail.AccountFacts{Trails: aws.Int(1), CompleteTrails: []string{}}},
		"selectors denied, and another is complete": {trails: []object{trail(nil), organisation()}, change: refused("cloudtrail:GetEventSelectors", "eu-west-1"),
			want: cloudtrail.AccountFacts{Trails: aws.Int(2), CompleteTrails: []string{orgARN}}},
		"selectors denied of two": {trails: []object{trail(nil), organisation()}, change: refused("cloudtrail:GetEventSelectors", "eu-west-1", "us-east-1"),
			want: cloudtrail.AccountFacts{Trails: aws.Int(2), CompleteTrails: []string{}}, gaps: []string{"facts.complete_trails denied"}, detail: "1 more trails"},
		"stopped": {trails: []object{trail(nil)}, change: stopped("main"), want: cloudtrail.AccountFacts{Trails: aws.Int(1), CompleteTrails: []string{}}},
		"stopped, and another runs": {trails: []object{trail(nil), organisation()}, change: stopped("main"),
			want: cloudtrail.AccountFacts{Trails: aws.Int(2), CompleteTrails: []string{orgARN}}},
		"status denied": {trails: []object{trail(nil)}, change: refused("cloudtrail:GetTrailStatus", "eu-west-1"),
			want: cloudtrail.AccountFacts{Trails: aws.Int(1), CompleteTrails: []string{}}, gaps: []string{"facts.complete_trails denied"}, detail: mainARN},
		"status denied of a trail of one region": {trails: []object{local("one", "eu-west-1")}, change: refused("cloudtrail:GetTrailStatus", "eu-west-1"),
			want: cloudtrail.AccountFacts{Trails: aws.Int(1), CompleteTrails: []string{}}},
		"status denied, and another runs": {trails: []object{trail(nil), organisation()}, change: refused("cloudtrail:GetTrailStatus", "eu-west-1"),
			want: cloudtrail.AccountFacts{Trails: aws.Int(2), CompleteTrails: []string{orgARN}}},
		"a status that doesn't say": {trails: []object{trail(nil)}, change: func(a api.Answers) { a["cloudtrail:GetTrailStatus"] = api.Always(api.JSON(object{})) },
			want: cloudtrail.AccountFacts{Trails: aws.Int(1), CompleteTrails: []string{}}, gaps: []string{"facts.complete_trails no_data"}, detail: mainARN},
		"an unknown scope": {trails: []object{trail(object{"IsMultiRegionTrail": nil})},
			want: cloudtrail.AccountFacts{Trails: aws.Int(1), CompleteTrails: []string{}}, gaps: []string{"facts.complete_trails no_data"}},
		"a region denied, and no complete trail": {trails: []object{local("one", "us-east-1")}, change: refused("cloudtrail:DescribeTrails", "eu-west-1"),
			want: cloudtrail.AccountFacts{CompleteTrails: []string{}}, gaps: []string{"facts.complete_trails denied", "facts.trails denied"}, detail: "eu-west-1"},
		"every region denied": {change: refused("cloudtrail:DescribeTrails", "eu-west-1", "us-east-1"),
			want: cloudtrail.AccountFacts{CompleteTrails: []string{}}, gaps: []string{"facts.complete_trails denied", "facts.trails denied"}, detail: "1 more regions"},
	} {
		t.Run(name, func(t *testing.T) {
			a := answers(t, tt.trails...)
			if tt.change != nil {
				tt.change(a)
			}
			sink, _ := collect(t.Context(), t, a, "eu-west-1", "us-east-1")
			r := sink.Find(t, account)
			if diff := cmp.Diff(tt.want, r.Facts); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(tt.gaps, gapsOf(r)); diff != "" {
				t.Errorf("gaps\n%s", diff)
			}
			if len(r.Gaps) > 0 && !strings.Contains(r.Gaps[0].Detail, tt.detail) {
				t.Errorf("detail %q", r.Gaps[0].Detail)
			}
			asked := slices.ContainsFunc(r.Calls, func(c collectors.CallRef) bool { return c.Operation == "cloudtrail:GetTrailStatus" })
			if asked != (len(tt.trails) > 0) {
				t.Errorf("rests on a status: %v", asked)
			}
			if gap, ok := sink.Gaps["AWS::::Account"]; gap != nil || !ok || r.Scope.Region != "" || r.Name != api.Account || len(r.Calls) < 2 {
				t.Errorf("listing %+v, %v, %d calls", gap, r.Scope, len(r.Calls))
			}
		})
	}
}
