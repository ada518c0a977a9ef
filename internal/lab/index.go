package lab

import (
	"maps"
	"slices"
	"strings"

	"github.com/sealaudit/sealaudit/internal/lab/wire"
)

// index finds the resources of an account by name, and lists them in order.
type index struct {
	regions map[string]*places
	buckets map[string]located // of all regions: their names are one space
	names   []string           // of buckets
	trails  []*homed
}

type located struct {
	*Bucket
	region string
}

// homed is a trail with its home region.
type homed struct {
	*Trail
	home string
}

// places are one region's resources.
type places struct {
	data     *Region
	streams  named[Resource]
	delivery named[Resource]
	tables   named[Resource]
	clusters named[Resource]
	keys     named[Key]
	foreign  named[Resource] // by ARN
	aliases  named[alias]
	alarms   named[Resource]
	metrics  map[string]*Metric
	tagged   []map[string]any // ResourceTagMapping, by ARN
}

// named is a list that is found by name and read in the order of names.
type named[T any] struct {
	by    map[string]*T
	names []string
}

func byName[T any](list []T, name func(*T) string) named[T] {
	n := named[T]{by: make(map[string]*T, len(list)), names: make([]string, 0, len(list))}
	for i := range list {
		s := name(&list[i])
		n.by[s] = &list[i]
		n.names = append(n.names, s)
	}
	slices.Sort(n.names)
	return n
}

// add puts one in, or in another's place.
func (n *named[T]) add(name string, v *T) {
	if _, known := n.by[name]; !known {
		i, _ := slices.BinarySearch(n.names, name)
		n.names = slices.Insert(slices.Clone(n.names), i, name)
	}
	n.by[name] = v
}

// remove takes one out.
func (n *named[T]) remove(name string) {
	delete(n.by, name)
	n.names = slices.DeleteFunc(slices.Clone(n.names), func(s string) bool { return s == name })
}

func member(name string) func(*Resource) string {
	return func(r *Resource) string { return text(r.Output, name) }
}

func newIndex(a *Account) *index {
	x := &index{regions: map[string]*places{}, buckets: map[string]located{}}
	for _, region := range slices.Sorted(maps.Keys(a.Regions)) {
		r := a.Regions[region]
		p := &places{
			data:     r,
			streams:  byName(r.Kinesis.Streams, member("StreamName")),
			delivery: byName(r.Firehose.DeliveryStreams, member("DeliveryStreamName")),
			tables:   byName(r.DynamoDB.Tables, member("TableName")),
			clusters: byName(r.DAX.Clusters, member("ClusterName")),
			keys:     byName(r.KMS.Keys, func(k *Key) string { return text(k.Output, "KeyId") }),
			foreign:  byName(r.KMS.ForeignKeys, member("Arn")),
			aliases:  byName(aliasesOf(r), func(a *alias) string { return a.name }),
			alarms:   byName(r.CloudWatch.Alarms, member("AlarmName")),
			metrics:  metricsOf(r),
		}
		for i := range r.S3.Buckets {
			b := &r.S3.Buckets[i]
			x.buckets[b.Name] = located{b, region}
			x.names = append(x.names, b.Name)
		}
		for i := range r.CloudTrail.Trails {
			x.trails = append(x.trails, &homed{&r.CloudTrail.Trails[i], region})
		}
		p.tagged = taggedOf(a.ID, region, r)
		x.regions[region] = p
	}
	slices.Sort(x.names)
	return x
}

// whole is the word for an operation that fails in the request's region,
// whatever it is about.
func (x *index) whole(q *wire.Request) string {
	p := x.regions[q.Region]
	if p == nil {
		return ""
	}
	return p.data.errors(q.Service)[q.Operation]
}

func (r *Region) errors(service string) map[string]string {
	switch service {
	case "s3":
		return r.S3.Errors
	case "kinesis":
		return r.Kinesis.Errors
	case "firehose":
		return r.Firehose.Errors
	case "cloudwatch":
		return r.CloudWatch.Errors
	case "dynamodb":
		return r.DynamoDB.Errors
	case "dax":
		return r.DAX.Errors
	case "cloudtrail":
		return r.CloudTrail.Errors
	case "kms":
		return r.KMS.Errors
	}
	return nil
}

func arnOf(service, region, account, resource string) string {
	return "arn:aws:" + service + ":" + region + ":" + account + ":" + resource
}

// nameIn is the name of a resource given by name or by ARN; "" when the ARN is
// of another kind.
func nameIn(id, kind string) string {
	if !strings.HasPrefix(id, "arn:") {
		return id
	}
	_, name, _ := strings.Cut(id, ":"+kind+"/")
	return name
}

// filled is an output with defaults for what the data leaves out.
func filled(output, defaults map[string]any) map[string]any {
	out := make(map[string]any, len(defaults)+len(output))
	maps.Copy(out, defaults)
	maps.Copy(out, output)
	return out
}
