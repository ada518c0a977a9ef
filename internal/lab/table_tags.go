package lab

import (
	"maps"
	"slices"

	"github.com/sealaudit/sealaudit/internal/lab/wire"
)

// tableByARN is the table that a request about tags names.
func (l *Lab) tableByARN(q *wire.Request) (*Resource, answer) {
	r, _, arn := l.tableNamed(q, q.String("ResourceArn"))
	a := answer{resource: arn}
	if r == nil {
		a.failure = refuse(400, "ResourceNotFoundException", "Requested resource not found: ResourcArn: "+arn+" not found")
		return nil, a
	}
	a.errors = r.Errors
	a.failure = l.barred(q, r.Errors, arn)
	return r, a
}

func tagTable(l *Lab, q *wire.Request) answer {
	_, a := l.tableByARN(q)
	a.mutates = true
	tags, failure := tableTagsOf(q.Input["Tags"])
	if a.failure == nil {
		a.failure = failure
	}
	if a.failure == nil && len(tags) == 0 {
		a.failure = validation("Atleast one Tag needs to be provided as Input.")
	}
	if a.failure == nil {
		l.changeTags(a.resource, func(old map[string]string) { maps.Copy(old, tags) })
		a.output = map[string]any{}
	}
	return a
}

func untagTable(l *Lab, q *wire.Request) answer {
	_, a := l.tableByARN(q)
	a.mutates = true
	keys := q.Strings("TagKeys")
	if a.failure == nil && len(keys) == 0 {
		a.failure = validation("Atleast one Tag Key needs to be provided as Input.")
	}
	if a.failure == nil {
		l.changeTags(a.resource, func(old map[string]string) { dropTags(old, keys) })
		a.output = map[string]any{}
	}
	return a
}

func dropTags(tags map[string]string, keys []string) {
	for _, key := range keys {
		delete(tags, key)
	}
}

func listTagsOfTable(l *Lab, q *wire.Request) answer {
	r, a := l.tableByARN(q)
	if a.failure != nil {
		return a
	}
	a.output = map[string]any{"Tags": sortedTags(r.Tags)}
	return a
}

// sortedTags is tags as a list of Key and Value, by key.
func sortedTags(tags map[string]string) []any {
	list := []any{}
	for _, key := range slices.Sorted(maps.Keys(tags)) {
		list = append(list, map[string]any{"Key": key, "Value": tags[key]})
	}
	return list
}
