package lab

import (
	"maps"
	"slices"
	"strings"

	"github.com/sealaudit/sealaudit/internal/lab/wire"
)

func getObjectTagging(l *Lab, q *wire.Request, b located) (map[string]any, *wire.Failure) {
	v, h, failure := l.tagged(q, b)
	if failure != nil {
		return nil, failure
	}
	output := map[string]any{"TagSet": tagSet(h.Tags)}
	tellVersion(output, v)
	return output, nil
}

func putObjectTagging(l *Lab, q *wire.Request, b located) (map[string]any, *wire.Failure) {
	tags, failure := tagsIn(q, 10)
	if failure != nil {
		return nil, failure
	}
	return l.retagObject(q, b, tags)
}

func deleteObjectTagging(l *Lab, q *wire.Request, b located) (map[string]any, *wire.Failure) {
	return l.retagObject(q, b, nil)
}

func (l *Lab) retagObject(q *wire.Request, b located, tags map[string]string) (map[string]any, *wire.Failure) {
	v, h, failure := l.tagged(q, b)
	if failure != nil {
		return nil, failure
	}
	h.Tags = tags
	l.keepHead(v.place, h)
	output := map[string]any{}
	tellVersion(output, v)
	return output, nil
}

func (l *Lab) tagged(q *wire.Request, b located) (*version, *objectHead, *wire.Failure) {
	v, failure := l.pick(q, b.Name, q.String("Key"), q.String("VersionId"))
	if failure != nil {
		return nil, nil, failure
	}
	h, failure := l.head(v)
	return v, h, failure
}

// tagSet is tags as S3 lists them.
func tagSet(tags map[string]string) []any {
	list := []any{}
	for _, name := range slices.Sorted(maps.Keys(tags)) {
		list = append(list, map[string]any{"Key": name, "Value": tags[name]})
	}
	return list
}

// tagsIn are the tags that a body brings.
func tagsIn(q *wire.Request, most int) (map[string]string, *wire.Failure) {
	list, ok := q.Input["TagSet"].([]any)
	if !ok {
		if list, ok = q.Input["Tags"].([]any); !ok {
			return nil, malformedXML()
		}
	}
	tags := map[string]string{}
	for _, v := range list {
		tag, _ := v.(map[string]any)
		name, hasName := tag["Key"].(string)
		value, hasValue := tag["Value"].(string)
		_, twice := tags[name]
		switch {
		case !hasName || !hasValue:
			return nil, malformedXML()
		case twice:
			return nil, invalidTag("Cannot provide multiple Tags with the same key", map[string]string{"TagKey": name})
		case strings.HasPrefix(name, "aws:"):
			return nil, invalidTag(reservedTag(q), map[string]string{"TagKey": name})
		case name == "" || len(name) > 128 || strings.ContainsAny(name, ",;!?#"):
			return nil, invalidTag("The TagKey you have provided is invalid", map[string]string{"TagKey": name})
		case len(value) > 256 || strings.ContainsAny(value, ",;!?#"):
			return nil, invalidTag("The TagValue you have provided is invalid", map[string]string{"TagKey": name, "TagValue": value})
		}
		tags[name] = value
	}
	if len(tags) > most {
		return nil, refuse(400, "BadRequest", "Object tags cannot be greater than 10")
	}
	return tags, nil
}

// reservedTag is what S3 says of a tag of AWS's own (recorded by
// test_tagging_validation and test_create_bucket_with_tags_exc).
func reservedTag(q *wire.Request) string {
	switch q.Operation {
	case "PutObjectTagging":
		return "Your TagKey cannot be prefixed with aws:"
	case "CreateBucket":
		return `User-defined tag keys can't start with "aws:". This prefix is reserved for system tags. Remove "aws:" from your tag keys and try again.`
	}
	return "System tags cannot be added/updated by requester"
}

func invalidTag(message string, fields map[string]string) *wire.Failure {
	f := refuse(400, "InvalidTag", message)
	f.Fields = fields
	return f
}
