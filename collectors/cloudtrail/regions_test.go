package cloudtrail_test

import (
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/google/go-cmp/cmp"

	"github.com/sealaudit/sealaudit/collectors"
	"github.com/sealaudit/sealaudit/collectors/cloudtrail"
	api "github.com/sealaudit/sealaudit/internal/awsapi/awsapitest"
)

// A trail shows in every region and is one resource, read at home.
func TestRegions(t *testing.T) {
	for name, tt := range map[string]struct {
		regions []string
		trails  []object
		found   []string
		ledger  []string
		asked   int // listings
	}{
		"one trail in three regions": {[]string{"eu-west-1", "us-east-1", "ap-south-1"}, []object{trail(nil), local("tokyo", "ap-northeast-1"), local("mumbai", "ap-south-1")},
			[]string{"eu-west-1 main", "ap-south-1 mumbai"}, []string{"ap-south-1", "eu-west-1", "us-east-1"}, 3},
		"a region twice": {[]string{"eu-west-1", "eu-west-1"}, []object{trail(nil)}, []string{"eu-west-1 main"}, []string{"eu-west-1"}, 1},
		"a home that was not asked for": {[]string{"ap-south-1"}, []object{trail(nil), local("dublin", "eu-west-1")},
			[]string{"eu-west-1 dublin", "eu-west-1 main"}, []string{"ap-south-1", "eu-west-1"}, 2},
		"an organisation's": {[]string{"us-east-1"}, []object{organisation()}, []string{"us-east-1 organisation"}, []string{"us-east-1"}, 1},
		"none":              {[]string{"eu-west-1"}, nil, nil, []string{"eu-west-1"}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			sink, server := collect(t.Context(), t, answers(t, tt.trails...), tt.regions...)
			var found []string
			for _, r := range sink.Resources {
				if r.Type == trailType {
					found = append(found, r.Scope.Region+" "+r.Name)
				}
				if r.Scope.Account != api.Account {
					t.Errorf("%s is of account %s", r.ARN, r.Scope.Account)
				}
			}
			slices.Sort(found)
			slices.Sort(tt.found)
			if diff := cmp.Diff(tt.found, found); diff != "" {
				t.Error(diff)
			}
			want := []string{"AWS::::Account"}
			for _, region := range tt.ledger {
				want = append(want, trailType+" "+region)
			}
			slices.Sort(want)
			if diff := cmp.Diff(want, ledger(sink)); diff != "" {
				t.Errorf("ledger\n%s", diff)
			}
			for line, gap := range sink.Gaps {
				if gap != nil {
					t.Errorf("%s: %+v", line, gap)
				}
			}
			if n := len(server.Requests("cloudtrail:DescribeTrails")); n != tt.asked {
				t.Errorf("%d listings", n)
			}
		})
	}
}

// An organisation's trail belongs to another account: what that account
// doesn't show is a gap, and the rest are facts.
func TestOrganisationTrail(t *testing.T) {
	a := answers(t, organisation())
	a["cloudtrail:GetTrailStatus"] = api.Always(denied())
	sink, _ := collect(t.Context(), t, a, "us-east-1")
	r := sink.Find(t, orgARN)
	want := facts(func(f *cloudtrail.TrailFacts) {
		f.HomeRegion, f.Organization, f.LogGroupARN, f.Status = "us-east-1", aws.Bool(true), "", nil
		f.Key = &collectors.Key{ID: "arn:aws:kms:us-east-1:444455556666:key/2", ARN: "arn:aws:kms:us-east-1:444455556666:key/2", Account: "444455556666", Region: "us-east-1"}
	})
	if diff := cmp.Diff(want, r.Facts); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(append(keyGaps("denied"), "facts.status denied"), gapsOf(r)); diff != "" {
		t.Error(diff)
	}
}

// Names are what somebody chose: they stay text.
func TestHostileNames(t *testing.T) {
	name := "\"><script>alert(1)</script>\n../..\x1b[31m"
	a := answers(t, trail(object{"Name": name, "S3BucketName": "../\n<b>"}))
	sink, _ := collect(t.Context(), t, a, "eu-west-1")
	if r := sink.Find(t, mainARN); r.Name != name || r.Facts.(cloudtrail.TrailFacts).Bucket != "../\n<b>" || len(r.Gaps) > 0 {
		t.Errorf("%q %+v", r.Name, r.Gaps)
	}
	// A region that is no region is not asked for, and is not passed over.
	a = answers(t, trail(object{"HomeRegion": "evil.example.org/x?"}))
	a["cloudtrail:GetTrailStatus"], a["cloudtrail:GetEventSelectors"] = api.Always(denied()), api.Always(denied())
	sink, _ = collect(t.Context(), t, a, "eu-west-1")
	if gap := sink.Gaps[trailType+" evil.example.org/x?"]; gap == nil {
		t.Errorf("ledger %v", ledger(sink))
	}
	if r := sink.Find(t, mainARN); len(r.Gaps) == 0 {
		t.Error("the trail has no gap")
	}
}

func TestCanBeAskedWithoutASession(t *testing.T) {
	c := cloudtrail.New(nil, nil, nil)
	if c.Service() != "cloudtrail" || !c.Global() || len(c.Types()) != 2 || len(c.Actions()) != 3 {
		t.Errorf("collector %+v", c)
	}
	if err := c.Collect(t.Context(), api.Scope(), nil); err == nil {
		t.Error("no region is no error")
	}
}
