package cloudtrail

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/arn"

	"github.com/sealaudit/sealaudit/collectors"
	"github.com/sealaudit/sealaudit/internal/awsapi"
)

// finding is what a trail means for its account.
type finding struct {
	complete *bool // is logging every management event of every region; nil: unknown
	why      collectors.Gap
	calls    []collectors.CallRef
}

// find says whether the trail is complete: multi-region, with global services,
// without a selector that leaves management events out (AWS Config,
// multi-region-cloudtrail-enabled), and started. A stopped one logs nothing.
func find(trail collectors.Resource, f TrailFacts, all tri) finding {
	complete := all
	var logging *bool
	if f.Status != nil {
		logging = f.Status.Logging
	}
	for _, fact := range []*bool{f.MultiRegion, f.GlobalEvents, logging} {
		if fact == nil {
			complete = min(complete, unsure)
		} else {
			complete = min(complete, triOf(*fact))
		}
	}
	found := finding{complete: complete.Bool()}
	for _, c := range trail.Calls {
		switch c.Operation {
		case "cloudtrail:DescribeTrails", "cloudtrail:GetTrailStatus", "cloudtrail:GetEventSelectors":
			found.calls = append(found.calls, c)
		}
	}
	for _, g := range trail.Gaps {
		if slices.ContainsFunc(g.Attributes, decides) {
			found.why = g
			break
		}
	}
	return found
}

func decides(attribute string) bool {
	switch attribute {
	case "facts.multi_region", "facts.global_events", "facts.status", "facts.status.logging":
		return true
	}
	return strings.HasPrefix(attribute, "facts.selectors")
}

// account is what the trails add up to. It rests on every listing and on every
// trail's status and selectors. An account has no tags to read.
func (s *scan) account(ctx context.Context) collectors.Resource {
	id := arn.ARN{Partition: s.scope.Partition, Service: "iam", AccountID: s.scope.Account, Resource: "root"}
	r := collectors.Resource{ARN: id.String(), Type: accountType, Name: s.scope.Account, Scope: s.scope}
	_, trace := awsapi.WithTrace(ctx)
	f := AccountFacts{CompleteTrails: []string{}}
	var unknown []string
	for trail, found := range s.found {
		trace.Add(found.calls...)
		switch {
		case found.complete == nil:
			unknown = append(unknown, trail)
		case *found.complete:
			f.CompleteTrails = append(f.CompleteTrails, trail)
		}
	}
	slices.Sort(f.CompleteTrails)
	slices.Sort(unknown)
	var failed []string
	for region, l := range s.listed {
		trace.Add(l.calls...)
		if l.err != nil {
			failed = append(failed, region)
		}
	}
	slices.Sort(failed)
	none := len(f.CompleteTrails) == 0
	if len(failed) == 0 {
		f.Trails = aws.Int(len(s.found))
	} else {
		r.Gaps = append(r.Gaps, s.unlisted(failed, none))
	}
	if none && len(unknown) > 0 {
		r.Gaps = append(r.Gaps, s.unread(unknown))
	}
	r.Facts, r.Calls = f, trace.Calls()
	return r
}

// unlisted is the gap of regions that may have more trails.
func (s *scan) unlisted(regions []string, none bool) collectors.Gap {
	attributes := []string{"facts.trails"}
	if none {
		attributes = append(attributes, "facts.complete_trails")
	}
	g := awsapi.GapOf(s.listed[regions[0]].err, attributes...)
	g.Detail = fmt.Sprintf("Trails were not listed in %s: %s", first(regions, "regions"), g.Detail)
	return g
}

// unread is the gap of trails that may be complete.
func (s *scan) unread(trails []string) collectors.Gap {
	g := s.found[trails[0]].why
	g.Attributes = []string{"facts.complete_trails"}
	g.Reason = cmp.Or(g.Reason, collectors.Failed)
	g.Detail = fmt.Sprintf("Whether %s logs every management event is not known: %s", first(trails, "trails"), g.Detail)
	return g
}

// first names the first and counts the rest.
func first(list []string, what string) string {
	if len(list) == 1 {
		return list[0]
	}
	return fmt.Sprintf("%s (and %d more %s)", list[0], len(list)-1, what)
}
