package cloudtrail

import (
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws/arn"

	"github.com/sealaudit/sealaudit/collectors"
)

// named is a resource that a service used a key for.
type named struct{ arn, name string }

// resource is what the use was for, and the principal of the service. Only the
// asking service's own part of the context counts: whoever writes to S3 may add
// any other. It is false for a use by nobody of these, or for something that is
// no such resource of the account and region. A bucket's ARN says neither: it
// may be another account's.
func (u *use) resource(scope collectors.Scope) (of named, principal string, ok bool) {
	service := u.service()
	switch service {
	case "s3":
		of, ok = bucketOf(scope, u.context(s3Context))
	case "kinesis":
		of, ok = ownOf(scope, u.context(kinesisContext), "kinesis", "stream/")
	case "dynamodb":
		table := "arn:" + scope.Partition + ":dynamodb:" + scope.Region + ":" + u.context(accountContext) + ":table/" + u.context(tableContext)
		of, ok = ownOf(scope, table, "dynamodb", "table/")
	case "cloudtrail":
		scope.Region = "" // a trail writes for all regions, under a key of its bucket's
		of, ok = ownOf(scope, u.context(trailContext), "cloudtrail", "trail/")
	case "firehose":
		of, ok = u.deliveryStream(scope)
	}
	return of, service + ".amazonaws.com", ok
}

func (u *use) context(key string) string {
	text, _ := u.asked.Context[key].(string)
	return text
}

// deliveryStream is Firehose's. Its context is opaque ("You must not take a
// dependency on its format or content": Firehose Developer Guide, "Server-side
// encryption with Direct PUT"), so that only a whole ARN counts, which the
// record's resources or some value of the context may be.
func (u *use) deliveryStream(scope collectors.Scope) (named, bool) {
	var texts []string
	for _, r := range u.Resources {
		texts = append(texts, r.ARN)
	}
	for _, key := range slices.Sorted(maps.Keys(u.asked.Context)) {
		texts = append(texts, u.context(key))
	}
	for _, text := range texts {
		if of, ok := ownOf(scope, text, "firehose", "deliverystream/"); ok {
			return of, true
		}
	}
	return named{}, false
}

// resourceName is what any of these may be called: no more than that goes into
// evidence.
var resourceName = regexp.MustCompile(`^[A-Za-z0-9_.-]{1,255}$`)

// bucketOf is the bucket of an object's ARN, or of its own.
func bucketOf(scope collectors.Scope, text string) (named, bool) {
	a, err := arn.Parse(text)
	bucket, _, _ := strings.Cut(a.Resource, "/")
	if err != nil || a.Partition != scope.Partition || a.Service != "s3" || a.Region != "" || a.AccountID != "" || !resourceName.MatchString(bucket) {
		return named{}, false
	}
	a.Resource = bucket
	return named{a.String(), bucket}, true
}

// ownOf is a resource of the account, and of the region if the scope has one.
func ownOf(scope collectors.Scope, text, service, kind string) (named, bool) {
	a, err := arn.Parse(text)
	name, ofKind := strings.CutPrefix(a.Resource, kind)
	inRegion := a.Region == scope.Region || scope.Region == "" && regionName.MatchString(a.Region)
	if err != nil || !ofKind || a.Partition != scope.Partition || a.Service != service || a.AccountID != scope.Account || !inRegion || !resourceName.MatchString(name) {
		return named{}, false
	}
	return named{a.String(), name}, true
}
