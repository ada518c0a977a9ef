package lab

import (
	"strings"

	"github.com/sealaudit/sealaudit/internal/lab/wire"
)

func listBuckets(l *Lab, q *wire.Request) answer {
	only, prefix := q.String("BucketRegion"), q.String("Prefix")
	if only != "" && only != q.Region {
		return answer{failure: refuse(400, "InvalidArgument", "Argument value "+only+" is not supported for the region endpoint.")}
	}
	var names []string
	for _, name := range l.index.names {
		if strings.HasPrefix(name, prefix) && (only == "" || l.index.buckets[name].region == only) {
			names = append(names, name)
		}
	}
	how := listing{token: "ContinuationToken", size: "MaxBuckets", usual: 10000, most: 10000, badCode: "InvalidArgument"}
	first, end, next, failure := l.page(q, how, len(names))
	if failure != nil {
		return answer{failure: failure}
	}
	paged := len(q.Input) > 0 // S3 tells the region only to those who page or filter
	list := make([]any, 0, end-first)
	for _, name := range names[first:end] {
		b := l.index.buckets[name]
		entry := map[string]any{"Name": name, "CreationDate": created()}
		if b.CreationDate != nil {
			entry["CreationDate"] = b.CreationDate
		}
		if paged {
			entry["BucketRegion"] = b.region
		}
		list = append(list, entry)
	}
	output := map[string]any{"Buckets": list, "Owner": map[string]any{"ID": ownerID}}
	if next != "" {
		output["ContinuationToken"] = next
	}
	return answer{output: output}
}

// ofBucket makes an operation of what one bucket answers to it. A nil output
// is a refusal with the code: the setting is absent.
func ofBucket(code, message string, output func(*Bucket) map[string]any) operation {
	return func(l *Lab, q *wire.Request) answer {
		name := q.String("Bucket")
		a := answer{resource: "arn:aws:s3:::" + name}
		b, ok := l.index.buckets[name]
		if !ok {
			a.failure = l.missing(q, name)
			return a
		}
		if b.region != q.Region && q.Operation != "GetBucketLocation" {
			a.location = b.region
			a.failure = elsewhereIn(b.region, name)
			return a
		}
		if a.failure = l.otherOwner(q); a.failure != nil {
			return a
		}
		a.errors = b.Errors
		if a.output = output(b.Bucket); a.output == nil {
			a.failure = refuse(404, code, message)
			a.failure.Fields = map[string]string{"BucketName": name}
		}
		if q.Operation == "GetBucketLocation" {
			a.output = location(b.region)
		}
		return a
	}
}

// location is null for us-east-1.
func location(region string) map[string]any {
	if region == "us-east-1" {
		return map[string]any{}
	}
	return map[string]any{"LocationConstraint": region}
}

// within wraps a configuration, when there is one.
func within(name string, config map[string]any) map[string]any {
	if config == nil {
		return nil
	}
	return map[string]any{name: config}
}

// bucketOperations are S3's calls on one bucket, with the error of each for a
// setting that is absent.
func bucketOperations() map[string]operation {
	noPolicy := "The bucket policy does not exist"
	return map[string]operation{
		"s3:GetBucketEncryption": ofBucket("", "", func(b *Bucket) map[string]any {
			if b.Encryption != nil {
				return within("ServerSideEncryptionConfiguration", b.Encryption)
			}
			sse := map[string]any{"ApplyServerSideEncryptionByDefault": map[string]any{"SSEAlgorithm": "AES256"}, "BucketKeyEnabled": false}
			return within("ServerSideEncryptionConfiguration", map[string]any{"Rules": []any{sse}})
		}),
		"s3:GetBucketPolicy": ofBucket("NoSuchBucketPolicy", noPolicy, func(b *Bucket) map[string]any {
			if policy := policyText(b.Policy); policy != "" {
				return map[string]any{"Policy": policy}
			}
			return nil
		}),
		"s3:GetBucketPolicyStatus": ofBucket("NoSuchBucketPolicy", noPolicy, func(b *Bucket) map[string]any {
			if policyText(b.Policy) == "" {
				return nil
			}
			return within("PolicyStatus", map[string]any{"IsPublic": b.IsPublic})
		}),
		"s3:GetPublicAccessBlock": ofBucket("NoSuchPublicAccessBlockConfiguration", "The public access block configuration was not found", func(b *Bucket) map[string]any {
			return within("PublicAccessBlockConfiguration", b.PublicAccessBlock)
		}),
		"s3:GetBucketReplication": ofBucket("ReplicationConfigurationNotFoundError", "The replication configuration was not found", func(b *Bucket) map[string]any {
			return within("ReplicationConfiguration", b.Replication)
		}),
		"s3:GetBucketVersioning": ofBucket("", "", func(b *Bucket) map[string]any { return filled(b.Versioning, map[string]any{}) }),
		"s3:GetBucketLogging": ofBucket("", "", func(b *Bucket) map[string]any {
			if b.Logging == nil {
				return map[string]any{}
			}
			return within("LoggingEnabled", b.Logging)
		}),
		"s3:GetBucketLocation": ofBucket("", "", func(*Bucket) map[string]any { return map[string]any{} }),
	}
}

// policyText is a policy as AWS returns it; Load has turned documents into
// text, and so does this for accounts that are built in code.
func policyText(policy any) string {
	s, err := document(policy, "Policy")
	if err != nil {
		return ""
	}
	out, _ := s.(string)
	return out
}
