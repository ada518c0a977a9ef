package lab

import (
	"maps"
	"net/url"
	"strings"

	"github.com/sealaudit/sealaudit/internal/lab/wire"
)

// copyObject decrypts an object and writes it anew: a copy is encrypted as its
// request or its bucket says, whatever its source was (S3 User Guide, "Copying,
// moving, and renaming objects").
func copyObject(l *Lab, q *wire.Request, b located) (map[string]any, *wire.Failure) {
	source, failure := l.copySource(q)
	if failure != nil {
		return nil, failure
	}
	if failure := checkNew(q); failure != nil {
		return nil, failure
	}
	if failure := l.checkWrite(q); failure != nil {
		return nil, failure
	}
	w, failure := l.copied(q, b, source)
	if failure != nil {
		return nil, failure
	}
	v, h, failure := l.write(w)
	if failure != nil {
		return nil, failure
	}
	result := map[string]any{"ETag": v.etag, "LastModified": v.modified}
	w.checksum.describe(result)
	output := map[string]any{"CopyObjectResult": result}
	h.SSE.describe(output, w.shield.customer)
	h.SSE.describeContext(output)
	if text(b.Versioning, "Status") != "" { // also null, unlike PutObject (recorded by test_s3_copy_object_in_place_suspended_only)
		output["VersionId"] = v.id
	}
	if source.id != null {
		output["CopySourceVersionId"] = source.id
	}
	return output, nil
}

// copied is the copy to write.
func (l *Lab) copied(q *wire.Request, b located, source found) (w writing, failure *wire.Failure) {
	w = writing{bucket: b, key: q.String("Key"), headers: maps.Clone(source.head.Headers), metadata: source.head.Metadata, tags: source.head.Tags}
	replaces := q.String("MetadataDirective") == "REPLACE"
	if replaces {
		w.headers, w.metadata = storedHeaders(q), q.Metadata
	}
	delete(w.headers, "StorageClass")
	if class := q.String("StorageClass"); class != "" {
		w.headers["StorageClass"] = class
	}
	if q.String("TaggingDirective") == "REPLACE" {
		if w.tags, failure = headerTags(q.String("Tagging")); failure != nil {
			return w, failure
		}
	}
	if w.shield, failure = l.protectionOf(q, b); failure != nil {
		return w, failure
	}
	changes := replaces || q.String("StorageClass") != "" || q.String("ServerSideEncryption") != "" || w.shield.customer != nil ||
		q.String("WebsiteRedirectLocation") != "" || source.customer != nil || encryptionRule(b.Bucket) != nil && !b.untouched
	if source.at.bucket == b.Name && source.key == w.key && !changes && source.version == l.s3.shelf(b.Name).current(w.key) {
		return w, refuse(400, "InvalidRequest", "This copy request is illegal because it is trying to copy an object to itself without changing the object's metadata, storage class, website redirect location or encryption attributes.")
	}
	if w.body, failure = l.openObject(source); failure != nil {
		return w, failure
	}
	algorithm := firstOf(strings.ToUpper(q.String("ChecksumAlgorithm")), source.checksum, usualChecksum)
	if newChecksum(algorithm) == nil {
		return w, unsupportedChecksum()
	}
	w.checksum = checksum{algorithm, sum(algorithm, w.body), fullObject}
	return w, nil
}

// copySource finds the object that a copy is made of.
func (l *Lab) copySource(q *wire.Request) (found, *wire.Failure) {
	bucket, key, id, ok := parseCopySource(q.String("CopySource"))
	if !ok {
		return found{}, badArgument("x-amz-copy-source", q.String("CopySource"), "Copy Source must mention the source bucket and key: sourcebucket/sourcekey")
	}
	b, known := l.index.buckets[bucket]
	if !known {
		f := refuse(404, "NoSuchBucket", "The specified bucket does not exist")
		f.Fields = map[string]string{"BucketName": bucket}
		return found{}, f
	}
	get := &wire.Request{Service: "s3", Operation: "GetObject", Region: b.region, Input: q.Input, Secure: q.Secure, Now: q.Now}
	if failure := l.forbidden(get, b.Errors, "arn:aws:s3:::"+bucket+"/"+key); failure != nil {
		return found{}, failure
	}
	f, failure := l.look(get, b, key, id, "CopySource")
	if failure != nil && failure.Code == "MethodNotAllowed" {
		failure = refuse(400, "InvalidRequest", "The source of a copy request may not specifically refer to a delete marker by version id.")
	}
	return f, failure
}

// parseCopySource reads bucket/key?versionId=id, with an encoded key.
func parseCopySource(s string) (bucket, key, id string, ok bool) {
	s, id, _ = strings.Cut(s, "?versionId=")
	s, err := url.PathUnescape(strings.TrimPrefix(s, "/"))
	bucket, key, found := strings.Cut(s, "/")
	return bucket, key, id, err == nil && found && bucket != "" && key != ""
}
