package lab

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"strings"
	"time"

	"github.com/sealaudit/sealaudit/internal/lab/wire"
)

// writeTargets writes a batch to each place in S3, and counts what came of it.
// Without any, the records went to a destination outside of the account.
func (l *Lab) writeTargets(d *delivery, targets []map[string]any, body []byte, records int, now time.Time) *wire.Failure {
	var first *wire.Failure
	for _, t := range targets {
		if failure := l.upload(d.upload(t, text(l.deliveryDescription(d), "VersionId"), body, now)); failure != nil && first == nil {
			first = failure
		}
	}
	if len(targets) == 0 {
		return nil
	}
	if first != nil {
		l.countDelivery(d, "DeliveryToS3.Success", 0)
		return first
	}
	l.countDelivery(d, "DeliveryToS3.Success", 1)
	l.countDelivery(d, "DeliveryToS3.Records", records)
	l.countDelivery(d, "DeliveryToS3.Bytes", len(body))
	return nil
}

// upload is a batch as an object: its key has the prefix, the hour in UTC, and
// a name of the delivery stream, its version, the moment and a random part
// (Firehose Developer Guide, "Amazon S3 object name format").
func (d *delivery) upload(target map[string]any, version string, body []byte, now time.Time) upload {
	now = now.UTC()
	name := d.name + "-" + version + "-" + now.Format("2006-01-02-15-04-05") + "-" + uuidOf(d.arn, now.UnixNano(), len(body), text(target, "Prefix"))
	body, suffix := compressed(text(target, "CompressionFormat"), name, body)
	u := upload{bucket: strings.TrimPrefix(text(target, "BucketARN"), "arn:aws:s3:::"), key: prefixAt(text(target, "Prefix"), now) + name + suffix,
		body: body, by: firehoseService}
	encryption, _ := target["EncryptionConfiguration"].(map[string]any)
	if with, ok := encryption["KMSEncryptionConfig"].(map[string]any); ok {
		u.algorithm, u.kmsKey = "aws:kms", text(with, "AWSKMSKeyARN")
	}
	return u
}

// compressed is a batch in a destination's format; what this can't do stays
// uncompressed.
func compressed(format, name string, body []byte) ([]byte, string) {
	var out bytes.Buffer
	switch format {
	case "GZIP":
		w := gzip.NewWriter(&out)
		_, _ = w.Write(body) // a buffer takes all
		_ = w.Close()
		return out.Bytes(), ".gz"
	case "ZIP":
		w := zip.NewWriter(&out)
		if f, err := w.Create(name); err == nil {
			_, _ = f.Write(body)
		}
		_ = w.Close()
		return out.Bytes(), ".zip"
	}
	return body, ""
}
