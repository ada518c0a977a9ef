package lab

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/sealaudit/sealaudit/internal/lab/wire"
)

// Ago is a time that moves with the clock: so long before the answer, or
// after it when negative. In files it is "now-2h" or "now+3d".
type Ago = wire.Ago

// settle turns the values of a decoded file into those that are served:
// relative times, and policies that are written as documents.
func settle(into any) error {
	switch s := into.(type) {
	case *Account:
		return settleAll("PublicAccessBlock", s.PublicAccessBlock)
	case *S3:
		return settleBuckets(s.Buckets)
	case *Kinesis:
		return settleResources("Streams", s.Streams)
	case *Firehose:
		return settleResources("DeliveryStreams", s.DeliveryStreams)
	case *DynamoDB:
		return settleResources("Tables", s.Tables)
	case *DAX:
		return settleResources("Clusters", s.Clusters)
	case *CloudWatch:
		if err := settleMetrics(s.Metrics); err != nil {
			return err
		}
		return settleResources("Alarms", s.Alarms)
	case *CloudTrail:
		for i, t := range s.Trails {
			if err := settleAll(place("Trails", i), t.Output, t.Status, t.Selectors); err != nil {
				return err
			}
		}
		return nil
	case *KMS:
		return settleKMS(s)
	}
	return nil
}

func place(list string, i int) string { return list + "[" + strconv.Itoa(i) + "]" }

func settleResources(list string, resources []Resource) error {
	for i, r := range resources {
		if err := settleAll(place(list, i), r.Output); err != nil {
			return err
		}
		if err := settleRecords(place(list, i), r.Records); err != nil {
			return err
		}
	}
	return nil
}

func settleBuckets(buckets []Bucket) (err error) {
	for i := range buckets {
		b, where := &buckets[i], place("Buckets", i)
		if err := settleAll(where, b.Encryption, b.PublicAccessBlock, b.Versioning, b.Replication, b.Logging); err != nil {
			return err
		}
		if b.CreationDate, err = value(b.CreationDate, where+".CreationDate"); err != nil {
			return err
		}
		if b.Policy, err = document(b.Policy, where+".Policy"); err != nil {
			return err
		}
		for j := range b.Objects {
			if b.Objects[j].LastModified, err = value(b.Objects[j].LastModified, where+"."+place("Objects", j)); err != nil {
				return err
			}
		}
	}
	return nil
}

func settleMetrics(metrics []Metric) (err error) {
	for i, m := range metrics {
		for j := range m.Sums {
			if m.Sums[j].Timestamp, err = value(m.Sums[j].Timestamp, place("Metrics", i)); err != nil {
				return err
			}
		}
	}
	return nil
}

func settleKMS(s *KMS) (err error) {
	for i := range s.Keys {
		k, where := &s.Keys[i], place("Keys", i)
		if err := settleAll(where, append(k.Grants, k.Output, k.Rotation)...); err != nil {
			return err
		}
		if k.Policy, err = document(k.Policy, where+".Policy"); err != nil {
			return err
		}
	}
	for list, resources := range map[string][]Resource{"Aliases": s.Aliases, "CustomKeyStores": s.CustomKeyStores, "ForeignKeys": s.ForeignKeys} {
		if err := settleResources(list, resources); err != nil {
			return err
		}
	}
	return nil
}

func settleAll(where string, outputs ...map[string]any) error {
	for _, output := range outputs {
		if _, err := value(output, where); err != nil {
			return err
		}
	}
	return nil
}

// value settles one value in place, and returns what stands for it.
func value(v any, where string) (any, error) {
	switch v := v.(type) {
	case map[string]any:
		for name, member := range v {
			settled, err := value(member, where+"."+name)
			if err != nil {
				return nil, err
			}
			v[name] = settled
		}
		return v, nil
	case []any:
		for i, member := range v {
			settled, err := value(member, where+"["+strconv.Itoa(i)+"]")
			if err != nil {
				return nil, err
			}
			v[i] = settled
		}
		return v, nil
	case string:
		return moment(v, where)
	case nil, bool, int, float64, time.Time:
		return v, nil
	}
	return nil, fmt.Errorf("%s: a value of type %T can't be sent; quote it, or name members with text", where, v)
}

// moment reads "now", "now-90m", "now+7d"; another text is itself.
func moment(s, where string) (any, error) {
	rest, relative := strings.CutPrefix(s, "now")
	switch {
	case !relative, rest != "" && rest[0] != '-' && rest[0] != '+':
		return s, nil
	case rest == "":
		return Ago(0), nil
	}
	unit := time.Duration(1)
	if days, ok := strings.CutSuffix(rest, "d"); ok {
		rest, unit = days+"h", 24
	}
	d, err := time.ParseDuration(rest)
	if err != nil {
		return nil, fmt.Errorf("%s: %q is no time; write now-2h, now+3d or a date", where, s)
	}
	return Ago(-d * unit), nil
}

// document is a policy as text: JSON of a document, and a text as it is, which
// may be no JSON at all.
func document(v any, where string) (any, error) {
	switch v.(type) {
	case nil, string:
		return v, nil
	}
	body, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("%s: %w; write it as JSON text", where, err)
	}
	return string(body), nil
}
