package lab

import "github.com/sealaudit/sealaudit/internal/lab/wire"

// upload is an object that a service of the account writes: Firehose's and
// CloudTrail's deliveries.
type upload struct {
	bucket, key string
	body        []byte
	metadata    map[string]string // x-amz-meta-…
	algorithm   string            // "AES256", "aws:kms"; "" takes the bucket's default
	kmsKey      string            // for aws:kms
	by          string            // "firehose.amazonaws.com"
}

// upload stores an object as S3 does. The state is locked.
func (l *Lab) upload(u upload) *wire.Failure {
	return refuse(501, "NotImplemented", "objects")
}

func (l *Lab) seedObjects() error { return nil }
