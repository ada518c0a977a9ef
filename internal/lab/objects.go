package lab

import (
	"time"

	"github.com/sealaudit/sealaudit/internal/lab/wire"
)

// upload is an object that a service of the account writes: Firehose's and
// CloudTrail's deliveries.
type upload struct {
	bucket, key string
	body        []byte
	metadata    map[string]string // x-amz-meta-…
	algorithm   string            // "AES256", "aws:kms"; "" takes the bucket's default
	kmsKey      string            // for aws:kms
	context     map[string]string // encryption context that the service adds
	by          string            // "firehose.amazonaws.com"
}

// upload stores an object as S3 does, in whatever region its bucket is. The
// state is locked.
func (l *Lab) upload(u upload) *wire.Failure {
	b, ok := l.index.buckets[u.bucket]
	q := &wire.Request{Service: "s3", Operation: "PutObject", Region: b.region, Now: l.now(), Input: map[string]any{"Bucket": u.bucket, "Key": u.key}}
	if !ok {
		return l.missing(q, u.bucket)
	}
	failure := l.forbidden(q, b.Errors, objectARN(q))
	if failure == nil {
		failure = l.put(u, q, b)
	}
	e := event{Time: l.now(), Region: b.region, Source: "s3.amazonaws.com", Name: "PutObject", InvokedBy: u.by, Data: true,
		Resources: []string{objectARN(q)}, Request: map[string]any{"bucketName": u.bucket, "key": u.key}}
	if failure != nil {
		e.ErrorCode, e.ErrorMessage = failure.Code, failure.Message
	}
	l.remember(e)
	return failure
}

func (l *Lab) put(u upload, q *wire.Request, b located) *wire.Failure {
	for member, v := range map[string]string{"ServerSideEncryption": u.algorithm, "SSEKMSKeyId": u.kmsKey} {
		if v != "" {
			q.Input[member] = v
		}
	}
	shield, failure := l.protectionOf(q, b)
	if failure != nil {
		return failure
	}
	shield.context = u.context
	_, _, failure = l.write(writing{bucket: b, key: u.key, body: u.body, metadata: u.metadata, shield: shield, modified: l.now().Truncate(time.Second),
		headers: map[string]string{"ContentType": "application/octet-stream"}, checksum: checksum{usualChecksum, sum(usualChecksum, u.body), fullObject}})
	return failure
}
