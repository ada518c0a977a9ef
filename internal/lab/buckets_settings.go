package lab

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/sealaudit/sealaudit/internal/lab/wire"
)

// putBucketPolicy makes some of S3's checks (recorded by
// test_bucket_policy_exc). No policy is evaluated.
func putBucketPolicy(l *Lab, q *wire.Request, b located) (map[string]any, *wire.Failure) {
	policy := q.String("Policy")
	var document struct {
		Statement json.RawMessage
	}
	if !strings.HasPrefix(policy, "{") || json.Unmarshal([]byte(policy), &document) != nil {
		return nil, refuse(400, "MalformedPolicy", "Policies must be valid JSON and the first byte must be '{'")
	}
	if len(document.Statement) == 0 {
		return nil, refuse(400, "MalformedPolicy", "Missing required field Statement")
	}
	public := isPublicPolicy(document.Statement)
	if public && b.PublicAccessBlock["BlockPublicPolicy"] == true {
		return nil, refuse(403, "AccessDenied", "User: "+l.account.Caller+" is not authorized to perform: s3:PutBucketPolicy on resource: \"arn:aws:s3:::"+b.Name+
			"\" because public policies are prevented by the BlockPublicPolicy setting in S3 Block Public Access.")
	}
	return l.changeBucket(b, func(b *Bucket) { b.Policy, b.IsPublic = policy, public })
}

// isPublicPolicy says whether a policy allows anybody something without a
// condition. S3 looks at conditions too (S3 User Guide, "The meaning of
// 'public'"); a policy that has one counts as not public here.
func isPublicPolicy(text json.RawMessage) bool {
	var list []map[string]any
	if json.Unmarshal(text, &list) != nil {
		var one map[string]any
		if json.Unmarshal(text, &one) != nil {
			return false
		}
		list = []map[string]any{one}
	}
	return slices.ContainsFunc(list, func(s map[string]any) bool {
		principal := s["Principal"]
		if of, ok := principal.(map[string]any); ok {
			principal = of["AWS"]
		}
		anybody := principal == "*"
		if many, ok := principal.([]any); ok {
			anybody = slices.Contains(many, any("*"))
		}
		return s["Effect"] == "Allow" && anybody && s["Condition"] == nil
	})
}

func deleteBucketPolicy(l *Lab, _ *wire.Request, b located) (map[string]any, *wire.Failure) {
	return l.changeBucket(b, func(b *Bucket) { b.Policy, b.IsPublic = nil, false })
}

func putPublicAccessBlock(l *Lab, q *wire.Request, b located) (map[string]any, *wire.Failure) {
	config := map[string]any{}
	for _, name := range []string{"BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"} {
		config[name] = q.Bool(name, false)
	}
	return l.changeBucket(b, func(b *Bucket) { b.PublicAccessBlock = config })
}

func deletePublicAccessBlock(l *Lab, _ *wire.Request, b located) (map[string]any, *wire.Failure) {
	return l.changeBucket(b, func(b *Bucket) { b.PublicAccessBlock = nil })
}

// putBucketVersioning turns versioning on or suspends it; it is never off again
// (recorded by test_bucket_versioning_crud).
func putBucketVersioning(l *Lab, q *wire.Request, b located) (map[string]any, *wire.Failure) {
	status := q.String("Status")
	switch status {
	case "Enabled", "Suspended":
	case "":
		return nil, refuse(400, "IllegalVersioningConfigurationException", "The Versioning element must be specified")
	default:
		return nil, malformedXML()
	}
	config := maps.Clone(b.Versioning)
	if config == nil {
		config = map[string]any{}
	}
	config["Status"] = status
	return l.changeBucket(b, func(b *Bucket) { b.Versioning = config })
}

func putBucketLogging(l *Lab, q *wire.Request, b located) (map[string]any, *wire.Failure) {
	config, _ := q.Input["LoggingEnabled"].(map[string]any)
	if config != nil {
		target := text(config, "TargetBucket")
		if _, known := l.index.buckets[target]; !known {
			f := refuse(400, "InvalidTargetBucketForLogging", "The target bucket for logging does not exist")
			f.Fields = map[string]string{"TargetBucket": target}
			return nil, f
		}
	}
	return l.changeBucket(b, func(b *Bucket) { b.Logging = config })
}

func getBucketTagging(_ *Lab, _ *wire.Request, b located) (map[string]any, *wire.Failure) {
	if len(b.Tags) == 0 {
		f := refuse(404, "NoSuchTagSet", "The TagSet does not exist")
		f.Fields = map[string]string{"BucketName": b.Name}
		return nil, f
	}
	return map[string]any{"TagSet": tagSet(b.Tags)}, nil
}

func putBucketTagging(l *Lab, q *wire.Request, b located) (map[string]any, *wire.Failure) {
	tags, failure := tagsIn(q, 50)
	if failure != nil {
		return nil, failure
	}
	l.retag(b.region, "arn:aws:s3:::"+b.Name, tags)
	return l.changeBucket(b, func(b *Bucket) { b.Tags = tags })
}

func deleteBucketTagging(l *Lab, _ *wire.Request, b located) (map[string]any, *wire.Failure) {
	l.retag(b.region, "arn:aws:s3:::"+b.Name, nil)
	return l.changeBucket(b, func(b *Bucket) { b.Tags = nil })
}
