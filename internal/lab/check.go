package lab

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// check finds what would make the endpoint answer nonsense.
func (a *Account) check() error {
	var all []error
	if len(a.ID) != 12 || a.Caller == "" {
		all = append(all, errors.New("account.yaml: Account or Caller is missing; quote the twelve digits"))
	}
	all = append(all, checkErrors("account.yaml", "", a.Errors))
	buckets := map[string]bool{}
	for _, name := range slices.Sorted(maps.Keys(a.Regions)) {
		all = append(all, a.Regions[name].check(name, buckets))
	}
	return errors.Join(all...)
}

func (r *Region) check(region string, buckets map[string]bool) error {
	var all []error
	list := func(service string, whole map[string]string, resources []Resource, member string) {
		all = append(all, checkErrors(region+"/"+service+".yaml", service, whole))
		seen := map[string]bool{}
		for i, res := range resources {
			all = append(all, checkOne(region, service, i, text(res.Output, member), seen), checkErrors(region+"/"+service+".yaml", service, res.Errors), checkRecords(region, service, res))
			if len(res.Items) > 0 && service != "dynamodb" {
				all = append(all, fmt.Errorf("%s/%s.yaml: entry %d has Items; only tables have", region, service, i+1))
			}
		}
	}
	list("kinesis", r.Kinesis.Errors, r.Kinesis.Streams, "StreamName")
	list("firehose", r.Firehose.Errors, r.Firehose.DeliveryStreams, "DeliveryStreamName")
	list("cloudwatch", r.CloudWatch.Errors, r.CloudWatch.Alarms, "AlarmName")
	list("dynamodb", r.DynamoDB.Errors, r.DynamoDB.Tables, "TableName")
	list("dax", r.DAX.Errors, r.DAX.Clusters, "ClusterName")
	list("kms", nil, r.KMS.Aliases, "AliasName")
	list("kms", nil, r.KMS.CustomKeyStores, "CustomKeyStoreId")
	list("kms", nil, r.KMS.ForeignKeys, "Arn")
	list("kms", r.KMS.Errors, resourcesOf(r.KMS.Keys, func(k Key) Resource { return Resource{Output: k.Output, Tags: k.Tags, Errors: k.Errors} }), "KeyId")
	list("cloudtrail", r.CloudTrail.Errors, resourcesOf(r.CloudTrail.Trails, func(t Trail) Resource { return Resource{Output: t.Output, Tags: t.Tags, Errors: t.Errors} }), "Name")
	all = append(all, checkErrors(region+"/s3.yaml", "s3", r.S3.Errors))
	for i, b := range r.S3.Buckets {
		all = append(all, checkOne(region, "s3", i, b.Name, buckets), checkErrors(region+"/s3.yaml", "s3", b.Errors))
		for _, o := range b.Objects {
			all = append(all, checkErrors(region+"/s3.yaml", "s3", o.Errors), o.check(region, b.Name))
		}
	}
	return errors.Join(all...)
}

func resourcesOf[T any](list []T, of func(T) Resource) []Resource {
	out := make([]Resource, len(list))
	for i, v := range list {
		out[i] = of(v)
	}
	return out
}

func checkOne(region, service string, i int, name string, seen map[string]bool) error {
	switch {
	case name == "":
		return fmt.Errorf("%s/%s.yaml: entry %d has no name; give it the member that names it in the API", region, service, i+1)
	case seen[name]:
		return fmt.Errorf("%s/%s.yaml: %s is there twice; names are unique", region, service, name)
	}
	seen[name] = true
	return nil
}

// checkErrors finds operations that are never asked, and words that mean no
// error.
func checkErrors(file, service string, faults map[string]string) error {
	known := operations()
	for _, operation := range slices.Sorted(maps.Keys(faults)) {
		word := faults[operation]
		name := operation
		if service != "" {
			name = service + ":" + operation
		}
		if known[name] == nil {
			return fmt.Errorf("%s: no operation %s; take one that the embedded account answers", file, name)
		}
		if word == "" || strings.ToLower(word) == word && word != denied && word != throttled && word != vanished {
			return fmt.Errorf("%s: %s: no error %q; take denied, throttled, vanished or an AWS error code", file, operation, word)
		}
	}
	return nil
}
