package lab

import (
	"encoding/json"
	"slices"
	"strings"
)

// letsTrail says whether a bucket's policy lets CloudTrail look at the bucket
// and write a trail's files into it (CloudTrail User Guide, "Amazon S3 bucket
// policy for CloudTrail"). Deny statements are not looked at: their deliveries
// fail.
func (l *Lab) letsTrail(bucket, prefix, trailARN string) bool {
	var policy struct{ Statement []statement }
	if text := policyText(l.index.buckets[bucket].Policy); text == "" || json.Unmarshal([]byte(text), &policy) != nil {
		return false
	}
	if prefix != "" {
		prefix += "/"
	}
	resource := "arn:aws:s3:::" + bucket
	file := resource + "/" + prefix + "AWSLogs/" + l.account.ID + "/CloudTrail/"
	lets := func(action, resource string) bool {
		return slices.ContainsFunc(policy.Statement, func(s statement) bool { return s.letsService(trailService, action, resource, l.account.ID, trailARN) })
	}
	return lets("s3:GetBucketAcl", resource) && lets("s3:PutObject", file)
}

// letsService says whether a statement allows a service an action for one of
// the account's resources.
func (s statement) letsService(service, action, resource, account, source string) bool {
	like := func(subject string) func(string) bool {
		return func(pattern string) bool { return isLike(pattern, subject) }
	}
	if s.Effect != "Allow" || s.NotAction != nil || s.NotResource != nil || s.NotPrincipal != nil || !isService(s.Principal, service) ||
		!slices.ContainsFunc(s.Action, func(pattern string) bool { return isLike(strings.ToLower(pattern), strings.ToLower(action)) }) ||
		!slices.ContainsFunc(s.Resource, like(resource)) {
		return false
	}
	// What CloudTrail's requests have. Another key is not among it.
	have := map[string]string{"s3:x-amz-acl": "bucket-owner-full-control", "aws:sourcearn": source, "aws:sourceaccount": account, "aws:securetransport": "true"}
	for operator, conditions := range s.Condition {
		for key, values := range conditions {
			value, known := have[strings.ToLower(key)]
			is := slices.Contains(values, value)
			if strings.HasSuffix(operator, "Like") || strings.HasPrefix(operator, "Arn") {
				is = slices.ContainsFunc(values, like(value))
			}
			if !known || !is || strings.Contains(operator, "Not") {
				return false
			}
		}
	}
	return true
}

func isService(principal any, service string) bool {
	m, ok := principal.(map[string]any)
	if !ok {
		return principal == "*"
	}
	list, _ := m["Service"].([]any)
	return m["Service"] == service || m["AWS"] == "*" || slices.Contains(list, any(service))
}
