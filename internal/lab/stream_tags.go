package lab

import (
	"maps"
	"slices"
	"strings"

	"github.com/sealaudit/sealaudit/internal/lab/wire"
)

const maxTags = 50 // of a stream (Kinesis API, AddTagsToStream)

func addTagsToStream(l *Lab, q *wire.Request, s *stream) (map[string]any, *wire.Failure) {
	more := pairs(q, "Tags")
	var w wrongs
	if len(more) == 0 {
		w.missing("tags")
	}
	for key := range more {
		w.length("tags", key, len([]rune(key)), 1, 128)
	}
	if failure := w.failure(); failure != nil {
		return nil, failure
	}
	tags := maps.Clone(l.streamData(s).Tags)
	if tags == nil {
		tags = map[string]string{}
	}
	maps.Copy(tags, more)
	for key := range more {
		if strings.HasPrefix(strings.ToLower(key), "aws:") {
			return nil, refuse(400, "InvalidArgumentException", "aws: prefixed tag key names are not allowed for external use.")
		}
	}
	if len(tags) > maxTags {
		return nil, refuse(400, "InvalidArgumentException", "Failed to add tags to stream "+s.name+" under account "+l.account.ID+" because a given stream cannot have more than 50 tags associated with it.")
	}
	l.tagStream(s, tags)
	return nil, nil
}

func removeTagsFromStream(l *Lab, q *wire.Request, s *stream) (map[string]any, *wire.Failure) {
	keys := q.Strings("TagKeys")
	if len(keys) == 0 {
		var w wrongs
		w.missing("tagKeys")
		return nil, w.failure()
	}
	tags := maps.Clone(l.streamData(s).Tags)
	for _, key := range keys {
		delete(tags, key)
	}
	l.tagStream(s, tags)
	return nil, nil
}

func (l *Lab) tagStream(s *stream, tags map[string]string) {
	r := *l.streamData(s)
	r.Tags = tags
	l.index.regions[s.region].streams.add(s.name, &r)
	l.retag(s.region, s.arn, tags)
}

func listTagsForStream(l *Lab, q *wire.Request, s *stream) (map[string]any, *wire.Failure) {
	list, more, failure := tagPage(q, l.streamData(s).Tags)
	if failure != nil {
		return nil, failure
	}
	return map[string]any{"Tags": list, "HasMoreTags": more}, nil
}

func listTagsForResource(l *Lab, _ *wire.Request, s *stream) (map[string]any, *wire.Failure) {
	list := []any{}
	for _, key := range slices.Sorted(maps.Keys(l.streamData(s).Tags)) {
		list = append(list, map[string]any{"Key": key, "Value": l.streamData(s).Tags[key]})
	}
	return map[string]any{"Tags": list}, nil
}

// ofResource makes an operation that names its stream by ResourceARN.
func ofResource(op operation) operation {
	return func(l *Lab, q *wire.Request) answer {
		q.Input["StreamARN"] = q.String("ResourceARN")
		return op(l, q)
	}
}

// tagPage is a page of tags, as Kinesis and Firehose list them: by key, after
// ExclusiveStartTagKey, Limit or all 50 of them.
func tagPage(q *wire.Request, tags map[string]string) (list []any, more bool, failure *wire.Failure) {
	most, given := q.Int("Limit")
	if !given {
		most = maxTags
	}
	if most < 1 || most > maxTags {
		var w wrongs
		w.add("limit", "Member must have value between 1 and 50", most)
		return nil, false, w.failure()
	}
	keys := after(slices.Sorted(maps.Keys(tags)), q.String("ExclusiveStartTagKey"))
	list = []any{}
	for _, key := range keys[:min(most, len(keys))] {
		list = append(list, map[string]any{"Key": key, "Value": tags[key]})
	}
	return list, len(keys) > most, nil
}

// retag tells the tagging API what a resource's tags are now.
func (l *Lab) retag(region, arn string, tags map[string]string) {
	p := l.index.regions[region]
	tagged := slices.DeleteFunc(slices.Clone(p.tagged), func(m map[string]any) bool { return text(m, "ResourceARN") == arn })
	if len(tags) > 0 {
		list := []any{}
		for _, key := range slices.Sorted(maps.Keys(tags)) {
			list = append(list, map[string]any{"Key": key, "Value": tags[key]})
		}
		i, _ := slices.BinarySearchFunc(tagged, arn, func(m map[string]any, arn string) int { return strings.Compare(text(m, "ResourceARN"), arn) })
		tagged = slices.Insert(tagged, i, map[string]any{"ResourceARN": arn, "Tags": list})
	}
	p.tagged = tagged
	l.mu.Lock()
	defer l.mu.Unlock()
	clear(l.byType)
}
