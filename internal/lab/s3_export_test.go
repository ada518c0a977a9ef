package lab

import (
	"fmt"
	"maps"
	"slices"
	"time"
)

// KeyUses are the calls of KMS that S3 made: the operation and the context.
func (l *Lab) KeyUses() []string {
	l.state.Lock()
	defer l.state.Unlock()
	var out []string
	for _, e := range l.events {
		if e.InvokedBy != "s3.amazonaws.com" {
			continue
		}
		line := e.Name
		context, _ := e.Request["encryptionContext"].(map[string]string)
		for _, name := range slices.Sorted(maps.Keys(context)) {
			line += fmt.Sprintf(" %s=%s", name, context[name])
		}
		out = append(out, line)
	}
	return out
}

// BucketKeyTime is how long S3 keeps a bucket key.
func BucketKeyTime() time.Duration { return bucketKeyFor }

// MasterKeys is how many keys of its own S3 has had.
func (l *Lab) MasterKeys() int { return len(l.s3.masters) }

// Skip moves the clock on without living through the time.
func (l *Lab) Skip(d time.Duration) { l.ahead.Add(int64(d)) }

// Deliver stores an object as a service of the account does.
func (l *Lab) Deliver(bucket, key string, body []byte, algorithm, kmsKey string) error {
	l.state.Lock()
	defer l.state.Unlock()
	if f := l.upload(upload{bucket: bucket, key: key, body: body, algorithm: algorithm, kmsKey: kmsKey, by: "firehose.amazonaws.com"}); f != nil {
		return f
	}
	return nil
}
