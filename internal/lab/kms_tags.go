package lab

import (
	"maps"
	"slices"
	"strings"

	"github.com/sealaudit/sealaudit/internal/lab/wire"
)

// tagsOf are the tags of a request, checked as KMS does.
func tagsOf(q *wire.Request) (map[string]string, *wire.Failure) {
	list, _ := q.Input["Tags"].([]any)
	tags := make(map[string]string, len(list))
	if len(list) > 50 {
		return nil, refuse(400, "TagException", "Too many tags")
	}
	for i, v := range list {
		t, _ := v.(map[string]any)
		key, value := text(t, "TagKey"), text(t, "TagValue")
		_, twice := tags[key]
		member := "tags." + itoa(i+1) + ".member."
		switch {
		case len(key) > 128:
			return nil, constraint(key, member+"tagKey", "Member must have length less than or equal to 128")
		case len(value) > 256:
			return nil, constraint(value, member+"tagValue", "Member must have length less than or equal to 256")
		case twice:
			return nil, refuse(400, "TagException", "Duplicate tag keys")
		case strings.HasPrefix(strings.ToLower(key), "aws:"):
			return nil, refuse(400, "TagException", "Tags beginning with aws: are reserved")
		}
		tags[key] = value
	}
	return tags, nil
}

func tagKey(_ *Lab, q *wire.Request, _ string, k *Key) (map[string]any, *wire.Failure) {
	tags, failure := tagsOf(q)
	if failure != nil {
		return nil, failure
	}
	all := maps.Clone(k.Tags)
	if all == nil {
		all = map[string]string{}
	}
	maps.Copy(all, tags)
	k.Tags = all
	return nil, nil
}

func untagKey(_ *Lab, q *wire.Request, _ string, k *Key) (map[string]any, *wire.Failure) {
	tags := maps.Clone(k.Tags)
	for _, key := range q.Strings("TagKeys") {
		delete(tags, key)
	}
	k.Tags = tags
	return nil, nil
}

func listResourceTags(l *Lab, q *wire.Request, k *Key) (map[string]any, *wire.Failure) {
	keys := slices.Sorted(maps.Keys(k.Tags))
	first, end, next, failure := l.page(q, marker(50, 50), len(keys))
	if failure != nil {
		return nil, failure
	}
	list := []any{}
	for _, key := range keys[first:end] {
		list = append(list, map[string]any{"TagKey": key, "TagValue": k.Tags[key]})
	}
	return truncated(map[string]any{"Tags": list}, next), nil
}
