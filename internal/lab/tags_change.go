package lab

import (
	"maps"
	"strings"

	"github.com/sealaudit/sealaudit/internal/lab/wire"
)

// taggingOperations are the tagging API's that change (Resource Groups Tagging
// API reference).
func taggingOperations() map[string]operation {
	return map[string]operation{
		"tagging:TagResources": func(l *Lab, q *wire.Request) answer {
			wanted, _ := q.Input["Tags"].(map[string]any)
			return l.changeTagsOfAll(q, len(wanted), func(tags map[string]string) {
				for key, v := range wanted {
					tags[key], _ = v.(string)
				}
			})
		},
		"tagging:UntagResources": func(l *Lab, q *wire.Request) answer {
			keys := q.Strings("TagKeys")
			return l.changeTagsOfAll(q, len(keys), func(tags map[string]string) { dropTags(tags, keys) })
		},
	}
}

// changeTagsOfAll changes the tags of up to 20 resources; those that are not
// there are told apart.
func (l *Lab) changeTagsOfAll(q *wire.Request, n int, change func(map[string]string)) answer {
	a := answer{mutates: true}
	arns := q.Strings("ResourceARNList")
	if len(arns) == 0 || len(arns) > 20 || n == 0 || n > 50 {
		a.failure = refuse(400, "InvalidParameterException", "1 to 20 ARNs and 1 to 50 tags are required.")
		return a
	}
	failed := map[string]any{}
	for _, arn := range arns {
		parts := strings.SplitN(arn, ":", 6)
		if len(parts) < 6 || parts[3] != "" && parts[3] != q.Region || parts[4] != "" && parts[4] != l.account.ID || !l.changeTags(arn, change) {
			failed[arn] = map[string]any{"StatusCode": 400, "ErrorCode": "InvalidParameterException", "ErrorMessage": "There is no " + arn + " in this region."}
		}
	}
	a.output = map[string]any{"FailedResourcesMap": failed}
	return a
}

// changeTags changes the tags of a resource of any service. It says whether
// there is one.
func (l *Lab) changeTags(arn string, change func(map[string]string)) bool {
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) < 6 {
		return false
	}
	if parts[2] == "s3" {
		return l.changeBucketTags(parts[5], arn, change)
	}
	p := l.index.regions[parts[3]]
	if p == nil {
		return false
	}
	kind, name, _ := strings.Cut(parts[5], "/")
	tags, ok := p.changeTags(parts[2], kind, name, change)
	if !ok && parts[2] == "cloudtrail" {
		tags, ok = l.changeTrailTags(arn, change)
	}
	if ok {
		l.retag(parts[3], arn, tags)
	}
	return ok
}

// changeTags changes the tags of a region's resource, whose copy takes its
// place.
func (p *places) changeTags(service, kind, name string, change func(map[string]string)) (map[string]string, bool) {
	if service == "kms" {
		old := p.keys.by[name]
		if old == nil || kind != "key" {
			return nil, false
		}
		k := *old
		k.Tags = changed(k.Tags, change)
		p.keys.by[name] = &k
		return k.Tags, true
	}
	list := map[string]*named[Resource]{"kinesis stream": &p.streams, "firehose deliverystream": &p.delivery, "dynamodb table": &p.tables, "dax cache": &p.clusters}[service+" "+kind]
	if list == nil || list.by[name] == nil {
		return nil, false
	}
	r := *list.by[name]
	r.Tags = changed(r.Tags, change)
	list.by[name] = &r
	return r.Tags, true
}

func changed(tags map[string]string, change func(map[string]string)) map[string]string {
	out := maps.Clone(tags)
	if out == nil {
		out = map[string]string{}
	}
	change(out)
	return out
}

func (l *Lab) changeBucketTags(name, arn string, change func(map[string]string)) bool {
	b, known := l.index.buckets[name]
	if !known {
		return false
	}
	bucket := *b.Bucket
	bucket.Tags = changed(bucket.Tags, change)
	l.index.buckets[name] = located{&bucket, b.region}
	l.retag(b.region, arn, bucket.Tags)
	return true
}

func (l *Lab) changeTrailTags(arn string, change func(map[string]string)) (map[string]string, bool) {
	for i, h := range l.index.trails {
		if text(l.trail(h), "TrailARN") != arn {
			continue
		}
		t := *h.Trail
		t.Tags = changed(t.Tags, change)
		l.index.trails[i] = &homed{&t, h.home}
		return t.Tags, true
	}
	return nil, false
}
