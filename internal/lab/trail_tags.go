package lab

import (
	"maps"
	"slices"
	"strconv"

	"github.com/sealaudit/sealaudit/internal/lab/wire"
)

func itoa(n int) string { return strconv.Itoa(n) }

// trailTags reads a TagsList.
func trailTags(v any) (map[string]string, *wire.Failure) {
	tags, failure := tableTagsOf(v)
	if failure != nil {
		return nil, refuse(400, "InvalidTagParameterException", failure.Message)
	}
	return tags, nil
}

func addTrailTags(l *Lab, q *wire.Request, t *homed) (map[string]any, *wire.Failure) {
	tags, failure := trailTags(q.Input["TagsList"])
	if failure == nil {
		l.changeTags(text(l.trail(t), "TrailARN"), func(old map[string]string) { maps.Copy(old, tags) })
	}
	return nil, failure
}

func removeTrailTags(l *Lab, q *wire.Request, t *homed) (map[string]any, *wire.Failure) {
	tags, failure := trailTags(q.Input["TagsList"])
	if failure == nil {
		l.changeTags(text(l.trail(t), "TrailARN"), func(old map[string]string) { dropTags(old, slices.Collect(maps.Keys(tags))) })
	}
	return nil, failure
}

func listTrailTags(l *Lab, q *wire.Request) answer {
	list := []any{}
	for _, id := range q.Strings("ResourceIdList") {
		t := l.findTrail(q, id)
		if t == nil {
			return answer{resource: id, failure: l.missing(q, id)}
		}
		list = append(list, map[string]any{"ResourceId": id, "TagsList": sortedTags(t.Tags)})
	}
	return answer{output: map[string]any{"ResourceTagList": list}}
}

// listTrails lists the trails of all regions, and those of others that show
// here.
func listTrails(l *Lab, q *wire.Request) answer {
	list := []any{}
	for _, t := range l.index.trails {
		out := l.trail(t)
		list = append(list, map[string]any{"TrailARN": out["TrailARN"], "Name": out["Name"], "HomeRegion": out["HomeRegion"]})
	}
	how := listing{token: "NextToken", size: "-", usual: 100, most: 100, badCode: "InvalidNextTokenException"}
	first, end, next, failure := l.page(q, how, len(list))
	if failure != nil {
		return answer{failure: failure}
	}
	output := map[string]any{"Trails": append([]any{}, list[first:end]...)}
	if next != "" {
		output["NextToken"] = next
	}
	return answer{output: output}
}
