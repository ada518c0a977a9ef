package lab

import (
	"slices"
	"strings"

	"github.com/sealaudit/sealaudit/internal/lab/wire"
)

func (l *Lab) trail(t *homed) map[string]any {
	return filled(t.Output, map[string]any{
		"TrailARN": arnOf("cloudtrail", t.home, l.account.ID, "trail/"+text(t.Output, "Name")), "HomeRegion": t.home,
		"IsMultiRegionTrail": false, "IsOrganizationTrail": false, "IncludeGlobalServiceEvents": true, "LogFileValidationEnabled": false,
		"HasCustomEventSelectors": t.Selectors != nil, "HasInsightSelectors": false,
	})
}

// seen says whether a trail appears in a region: at home, or as the shadow of
// one that is multi-region.
func (t *homed) seen(region string, shadows bool) bool {
	multi, _ := t.Output["IsMultiRegionTrail"].(bool)
	return t.home == region || shadows && multi
}

func describeTrails(l *Lab, q *wire.Request) answer {
	wanted := q.Strings("trailNameList")
	shadows := q.Bool("includeShadowTrails", true)
	list := []any{}
	for _, t := range l.index.trails {
		out := l.trail(t)
		if len(wanted) > 0 && !slices.Contains(wanted, text(out, "TrailARN")) && (t.home != q.Region || !slices.Contains(wanted, text(out, "Name"))) {
			continue
		}
		if t.seen(q.Region, shadows) {
			list = append(list, out)
		}
	}
	return answer{output: map[string]any{"trailList": list}}
}

// find looks a trail up by ARN, or by name in its home region.
func (l *Lab) findTrail(q *wire.Request, id string) *homed {
	for _, t := range l.index.trails {
		out := l.trail(t)
		if id == text(out, "TrailARN") && t.seen(q.Region, true) || id == text(out, "Name") && t.home == q.Region {
			return t
		}
	}
	return nil
}

func ofTrail(idMember string, output func(*Lab, *homed) map[string]any) operation {
	return func(l *Lab, q *wire.Request) answer {
		a := answer{resource: q.String(idMember)}
		t := l.findTrail(q, a.resource)
		if t == nil {
			a.failure = l.missing(q, a.resource)
			return a
		}
		a.resource = text(l.trail(t), "TrailARN")
		a.errors, a.output = t.Errors, output(l, t)
		return a
	}
}

func trailStatus(_ *Lab, t *homed) map[string]any {
	return filled(t.Status, map[string]any{"IsLogging": false})
}

func eventSelectors(l *Lab, t *homed) map[string]any {
	output := map[string]any{"TrailARN": text(l.trail(t), "TrailARN")}
	if t.Selectors == nil {
		output["EventSelectors"] = []any{map[string]any{
			"ReadWriteType": "All", "IncludeManagementEvents": true, "DataResources": []any{}, "ExcludeManagementEventSources": []any{},
		}}
	}
	return filled(t.Selectors, output)
}

// isForeign says whether an ARN is of another account.
func (l *Lab) isForeign(arn string) bool {
	parts := strings.SplitN(arn, ":", 6)
	return len(parts) == 6 && parts[4] != l.account.ID
}
