package lab

import (
	"maps"
	"time"

	"github.com/sealaudit/sealaudit/internal/lab/wire"
)

// blockedSince is when S3 began to block SSE-C in new buckets (S3 User Guide,
// "Default SSE-C setting for new buckets FAQ").
var blockedSince = time.Date(2026, 4, 6, 0, 0, 0, 0, time.UTC)

// newEncryption is the configuration of a bucket that is made now: SSE-S3 and,
// for some time now, no SSE-C.
func newEncryption(now time.Time) map[string]any {
	rule := map[string]any{"ApplyServerSideEncryptionByDefault": map[string]any{"SSEAlgorithm": sseS3}, "BucketKeyEnabled": false}
	if !now.Before(blockedSince) {
		rule["BlockedEncryptionTypes"] = map[string]any{"EncryptionType": []any{ssec}}
	}
	return map[string]any{"Rules": []any{rule}}
}

// putBucketEncryption makes S3's checks, which do not ask KMS (recorded by
// test_s3_default_bucket_encryption_exc). What the configuration leaves out of
// the blocked types stays as it was: clients that send none see them come back.
func putBucketEncryption(l *Lab, q *wire.Request, b located) (map[string]any, *wire.Failure) {
	rules, _ := q.Input["Rules"].([]any)
	if len(rules) != 1 {
		return nil, malformedXML()
	}
	rule, _ := rules[0].(map[string]any)
	if failure := checkEncryptionRule(rule); failure != nil {
		return nil, failure
	}
	rule = maps.Clone(rule)
	old := encryptionRule(b.Bucket)
	if _, given := rule["BucketKeyEnabled"]; !given {
		rule["BucketKeyEnabled"] = false
	}
	if rule["ApplyServerSideEncryptionByDefault"] == nil {
		rule["ApplyServerSideEncryptionByDefault"] = map[string]any{"SSEAlgorithm": sseS3}
		if old["ApplyServerSideEncryptionByDefault"] != nil {
			rule["ApplyServerSideEncryptionByDefault"] = old["ApplyServerSideEncryptionByDefault"]
		}
	}
	if rule["BlockedEncryptionTypes"] == nil && old["BlockedEncryptionTypes"] != nil {
		rule["BlockedEncryptionTypes"] = old["BlockedEncryptionTypes"]
	}
	return l.changeBucket(b, func(b *Bucket) { b.Encryption, b.untouched = map[string]any{"Rules": []any{rule}}, false })
}

func checkEncryptionRule(rule map[string]any) *wire.Failure {
	apply, has := rule["ApplyServerSideEncryptionByDefault"].(map[string]any)
	blocked, blocks := rule["BlockedEncryptionTypes"].(map[string]any)
	if !has && !blocks {
		if _, ok := rule["BucketKeyEnabled"]; !ok {
			return malformedXML()
		}
	}
	if blocks {
		list, _ := blocked["EncryptionType"].([]any)
		for _, kind := range list {
			if kind != ssec && kind != "NONE" {
				return malformedXML()
			}
		}
	}
	if !has {
		return nil
	}
	switch text(apply, "SSEAlgorithm") {
	case sseS3:
		if text(apply, "KMSMasterKeyID") != "" {
			return badArgument("ApplyServerSideEncryptionByDefault", "", "a KMSMasterKeyID is not applicable if the default sse algorithm is not aws:kms or aws:kms:dsse")
		}
	case sseKMS, sseDSSE:
	default:
		return malformedXML()
	}
	return nil
}

// deleteBucketEncryption goes back to SSE-S3 (S3 API reference,
// DeleteBucketEncryption). That SSE-C stays blocked is assumed.
func deleteBucketEncryption(l *Lab, q *wire.Request, b located) (map[string]any, *wire.Failure) {
	rule := map[string]any{"ApplyServerSideEncryptionByDefault": map[string]any{"SSEAlgorithm": sseS3}, "BucketKeyEnabled": false}
	if blocked := encryptionRule(b.Bucket)["BlockedEncryptionTypes"]; blocked != nil {
		rule["BlockedEncryptionTypes"] = blocked
	}
	return l.changeBucket(b, func(b *Bucket) { b.Encryption, b.untouched = map[string]any{"Rules": []any{rule}}, true })
}

// changeBucket changes a copy of a bucket, which takes its place.
func (l *Lab) changeBucket(b located, change func(*Bucket)) (map[string]any, *wire.Failure) {
	changed := *b.Bucket
	change(&changed)
	l.index.buckets[b.Name] = located{&changed, b.region}
	return map[string]any{}, nil
}
