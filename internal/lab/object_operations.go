package lab

import (
	"github.com/sealaudit/sealaudit/internal/lab/wire"
)

// objectOperations are S3's calls on objects.
func objectOperations() map[string]operation {
	return map[string]operation{
		"s3:PutObject":           onBucket(writes, putObject),
		"s3:CopyObject":          onBucket(writes, copyObject),
		"s3:GetObject":           onBucket(reads, getObject),
		"s3:HeadObject":          onBucket(reads, headObject),
		"s3:GetObjectAttributes": onBucket(reads, getObjectAttributes),
		"s3:DeleteObject":        onBucket(writes, deleteObject),
		"s3:DeleteObjects":       onBucket(writes, deleteObjects),
		"s3:ListObjects":         onBucket(reads, listObjects),
		"s3:ListObjectsV2":       onBucket(reads, listObjectsV2),
		"s3:ListObjectVersions":  onBucket(reads, listObjectVersions),
		"s3:GetObjectTagging":    onBucket(reads, getObjectTagging),
		"s3:PutObjectTagging":    onBucket(writes, putObjectTagging),
		"s3:DeleteObjectTagging": onBucket(writes, deleteObjectTagging),

		"s3:CreateMultipartUpload":   onBucket(writes, createMultipartUpload),
		"s3:UploadPart":              onBucket(writes, uploadPart),
		"s3:UploadPartCopy":          onBucket(writes, uploadPartCopy),
		"s3:CompleteMultipartUpload": onBucket(writes, completeMultipartUpload),
		"s3:AbortMultipartUpload":    onBucket(writes, abortMultipartUpload),
		"s3:ListParts":               onBucket(reads, listParts),
		"s3:ListMultipartUploads":    onBucket(reads, listMultipartUploads),
	}
}

const (
	reads  = false
	writes = true
)

// onBucket makes an operation on a bucket or an object in it, which S3 refuses
// where there is no such bucket, it is in another region or of another owner,
// or its data says so.
func onBucket(mutates bool, do func(*Lab, *wire.Request, located) (map[string]any, *wire.Failure)) operation {
	return func(l *Lab, q *wire.Request) answer {
		name := q.String("Bucket")
		a := answer{resource: "arn:aws:s3:::" + name, mutates: mutates}
		if q.String("Key") != "" {
			a.resource = objectARN(q)
		}
		b, ok := l.index.buckets[name]
		if !ok {
			a.failure = l.missing(q, name)
			return a
		}
		if b.region != q.Region {
			a.location = b.region
			a.failure = elsewhereIn(b.region, name)
			return a
		}
		if a.failure = l.otherOwner(q); a.failure != nil {
			return a
		}
		a.errors = b.Errors
		if a.failure = l.forbidden(q, b.Errors, a.resource); a.failure == nil {
			a.failure = l.deniedByPolicy(q, b)
		}
		if a.failure != nil {
			return a
		}
		a.output, a.failure = do(l, q, b)
		return a
	}
}

// otherOwner refuses a request that expects the bucket to be another account's
// (S3 User Guide, "Verifying bucket ownership with bucket owner condition").
func (l *Lab) otherOwner(q *wire.Request) *wire.Failure {
	if owner := q.String("ExpectedBucketOwner"); owner != "" && owner != l.account.ID {
		return refuse(403, "AccessDenied", "Access Denied")
	}
	return nil
}

// forbidden is the failure that the data asks for on a request: on its
// operation, or on the one whose permission it needs (S3 User Guide, "Required
// permissions for Amazon S3 API operations").
func (l *Lab) forbidden(q *wire.Request, errors map[string]string, resource string) *wire.Failure {
	if failure := l.barred(q, errors, resource); failure != nil {
		return failure
	}
	lends := permission(q.Operation)
	word := firstOf(errors[lends], l.set.deny["s3:"+lends])
	if p := l.index.regions[q.Region]; p != nil {
		word = firstOf(word, p.data.S3.Errors[lends])
	}
	if word == "" {
		return nil
	}
	return l.failure(q, word, resource)
}

// permission is the operation that lends its permission to another.
func permission(operation string) string {
	switch operation {
	case "HeadObject", "GetObjectAttributes":
		return "GetObject"
	case "CopyObject", "CreateMultipartUpload", "UploadPart", "UploadPartCopy", "CompleteMultipartUpload":
		return "PutObject"
	case "DeleteObjects":
		return "DeleteObject"
	case "ListObjects", "HeadBucket":
		return "ListObjectsV2"
	}
	return operation
}

// elsewhereIn is S3's refusal in a region that is not the bucket's.
func elsewhereIn(region, bucket string) *wire.Failure {
	f := refuse(301, "PermanentRedirect", "The bucket you are attempting to access must be addressed using the specified endpoint.")
	f.Fields = map[string]string{"Bucket": bucket, "Endpoint": "s3." + region + ".amazonaws.com"}
	return f
}

func objectARN(q *wire.Request) string {
	return "arn:aws:s3:::" + q.String("Bucket") + "/" + q.String("Key")
}
