package lab

import (
	"context"
	"encoding/json"
	"time"

	"github.com/sealaudit/sealaudit/internal/envelope/kms"
	"github.com/sealaudit/sealaudit/internal/lab/wire"
)

// bucketKey is a bucket's key from KMS, which S3 keeps for a while to wrap the
// data keys of objects itself (S3 User Guide, "Reducing the cost of SSE-KMS
// with Amazon S3 Bucket Keys").
type bucketKey struct {
	plain, blob []byte
	arn         string // of the KMS key
	made        time.Time
}

// bucketKeyFor is how long S3 keeps one. AWS says "time-limited".
const bucketKeyFor = 5 * time.Minute

// bucketKeyFor gives the key to wrap data keys of a bucket with: the one that
// is kept, or a new one from KMS under the bucket's ARN as context.
func (l *Lab) bucketKeyFor(at spot, u use) (bucketKey, *wire.Failure) {
	u.context, u.resource = bucketContext(at, u.context), at.bucketARN()
	id := u.key
	if k, err := l.resolve(u); err == nil {
		id = k.ARN
	}
	pairs, _ := json.Marshal(u.context) // a map of texts always marshals, in order
	name := at.bucket + " " + id + " " + string(pairs)
	if kept, ok := l.kept(name, u.context); ok {
		return kept, nil
	}
	plain, blob, arn, failure := l.generate(u, 32)
	if failure != nil {
		return bucketKey{}, l.kmsRefusal(u.key, failure)
	}
	made := bucketKey{plain, blob, arn, l.now()}
	l.s3.bucketKeys[name], l.s3.bucketKeys[string(blob)] = made, made
	return made, nil
}

// openBucketKey gets the bucket key of an object that is there.
func (l *Lab) openBucketKey(at spot, s protected) ([]byte, *wire.Failure) {
	u := use{region: at.region, invokedBy: "s3.amazonaws.com", key: s.Key, context: contextOf(at.bucketARN(), s.Context), resource: at.bucketARN()}
	if kept, ok := l.kept(string(s.BucketKey), u.context); ok {
		return kept.plain, nil
	}
	plain, arn, failure := l.unwrap(u, s.BucketKey)
	if failure != nil {
		return nil, l.kmsRefusal(s.Key, failure)
	}
	l.s3.bucketKeys[string(s.BucketKey)] = bucketKey{plain, s.BucketKey, arn, l.now()}
	return plain, nil
}

// kept is a bucket key that S3 still has. It forgets one whose KMS key cannot
// be used any more, so that disabling a key tells at once; AWS leaves open how
// soon.
func (l *Lab) kept(name string, pairs map[string]string) (bucketKey, bool) {
	k, ok := l.s3.bucketKeys[name]
	if !ok {
		return k, false
	}
	key, err := l.keys.Describe(k.arn)
	if err == nil {
		_, err = l.keys.Decrypt(context.Background(), k.arn, k.blob, pairs)
	}
	region := regionOf(k.arn)
	if err != nil || key.State != kms.Enabled || l.now().Sub(k.made) >= bucketKeyFor || l.shut(region, "Decrypt", k.arn) != nil || l.shut(region, "GenerateDataKey", k.arn) != nil {
		delete(l.s3.bucketKeys, name)
		return k, false
	}
	return k, true
}

// bucketContext is an object's context with its bucket's ARN for its own.
func bucketContext(at spot, pairs map[string]string) map[string]string {
	out := contextOf(at.bucketARN(), pairs)
	if out["aws:s3:arn"] == at.arn() {
		out["aws:s3:arn"] = at.bucketARN()
	}
	return out
}
