package lab

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/sealaudit/sealaudit/internal/lab/wire"
)

// taggedOf lists a region's resources that have tags, by ARN, as
// ResourceTagMapping.
func taggedOf(account, region string, r *Region) []map[string]any {
	var all []map[string]any
	add := func(arn string, tags map[string]string) {
		if len(tags) == 0 {
			return
		}
		list := []any{}
		for _, key := range slices.Sorted(maps.Keys(tags)) {
			list = append(list, map[string]any{"Key": key, "Value": tags[key]})
		}
		all = append(all, map[string]any{"ResourceARN": arn, "Tags": list})
	}
	list := func(service, kind, name string, resources []Resource) {
		for _, res := range resources {
			add(arnOf(service, region, account, kind+text(res.Output, name)), res.Tags)
		}
	}
	for _, b := range r.S3.Buckets {
		add("arn:aws:s3:::"+b.Name, b.Tags)
	}
	list("kinesis", "stream/", "StreamName", r.Kinesis.Streams)
	list("firehose", "deliverystream/", "DeliveryStreamName", r.Firehose.DeliveryStreams)
	list("dynamodb", "table/", "TableName", r.DynamoDB.Tables)
	list("dax", "cache/", "ClusterName", r.DAX.Clusters)
	for _, t := range r.CloudTrail.Trails {
		add(firstOf(text(t.Output, "TrailARN"), arnOf("cloudtrail", region, account, "trail/"+text(t.Output, "Name"))), t.Tags)
	}
	for _, k := range r.KMS.Keys {
		add(arnOf("kms", region, account, "key/"+text(k.Output, "KeyId")), k.Tags)
	}
	slices.SortFunc(all, func(a, b map[string]any) int { return cmp.Compare(text(a, "ResourceARN"), text(b, "ResourceARN")) })
	return all
}

func getResources(l *Lab, q *wire.Request) answer {
	found := l.filtered(q.Region, q.Strings("ResourceTypeFilters"))
	how := listing{token: "PaginationToken", size: "ResourcesPerPage", usual: 50, most: 100, badCode: "InvalidParameterException"}
	first, end, next, failure := l.page(q, how, len(found))
	if failure != nil {
		return answer{failure: failure}
	}
	return answer{output: map[string]any{"PaginationToken": next, "ResourceTagMappingList": append([]map[string]any{}, found[first:end]...)}}
}

// filtered are a region's tagged resources of the types, kept from page to
// page of a listing.
func (l *Lab) filtered(region string, types []string) []map[string]any {
	l.mu.Lock()
	defer l.mu.Unlock()
	key := region + " " + strings.Join(types, ",")
	found, kept := l.byType[key]
	if kept {
		return found
	}
	for _, m := range l.index.regions[region].tagged {
		if len(types) == 0 || slices.ContainsFunc(types, func(f string) bool { return isType(text(m, "ResourceARN"), f) }) {
			found = append(found, m)
		}
	}
	l.byType[key] = found
	return found
}

// isType says whether an ARN is of a type as the tagging API filters them:
// "kinesis" or "kinesis:stream".
func isType(arn, filter string) bool {
	service, kind, _ := strings.Cut(filter, ":")
	parts := strings.SplitN(arn, ":", 6)
	return len(parts) == 6 && parts[2] == service && (kind == "" || strings.HasPrefix(parts[5], kind+"/") || service == "s3" && kind == "bucket")
}
