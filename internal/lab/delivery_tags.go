package lab

import (
	"maps"

	"github.com/sealaudit/sealaudit/internal/lab/wire"
)

// tagList reads Tags, a list of Key and Value.
func tagList(q *wire.Request) (map[string]string, *wire.Failure) {
	list, _ := q.Input["Tags"].([]any)
	tags := map[string]string{}
	var w wrongs
	for _, v := range list {
		m, _ := v.(map[string]any)
		key := text(m, "Key")
		w.length("tags", key, len([]rune(key)), 1, 128)
		tags[key] = text(m, "Value")
	}
	if len(list) > maxTags {
		w.length("tags", "[…]", len(list), 0, maxTags)
	}
	return tags, w.failure()
}

func tagDeliveryStream(l *Lab, q *wire.Request, d *delivery) (map[string]any, *wire.Failure) {
	more, failure := tagList(q)
	if failure != nil {
		return nil, failure
	}
	tags := map[string]string{}
	maps.Copy(tags, l.deliveryData(d).Tags)
	maps.Copy(tags, more)
	if len(tags) > maxTags {
		return nil, refuse(400, "LimitExceededException", "A delivery stream has at most 50 tags.")
	}
	l.tagDelivery(d, tags)
	return nil, nil
}

func untagDeliveryStream(l *Lab, q *wire.Request, d *delivery) (map[string]any, *wire.Failure) {
	tags := maps.Clone(l.deliveryData(d).Tags)
	for _, key := range q.Strings("TagKeys") {
		delete(tags, key)
	}
	l.tagDelivery(d, tags)
	return nil, nil
}

func (l *Lab) tagDelivery(d *delivery, tags map[string]string) {
	r := *l.deliveryData(d)
	r.Tags = tags
	l.index.regions[d.region].delivery.add(d.name, &r)
	l.retag(d.region, d.arn, tags)
}

func listTagsForDelivery(l *Lab, q *wire.Request, d *delivery) (map[string]any, *wire.Failure) {
	list, more, failure := tagPage(q, l.deliveryData(d).Tags)
	if failure != nil {
		return nil, failure
	}
	return map[string]any{"Tags": list, "HasMoreTags": more}, nil
}
