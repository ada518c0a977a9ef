package lab

import (
	"strings"

	"github.com/sealaudit/sealaudit/internal/lab/wire"
)

// found is an object that a request may read.
type found struct {
	*version
	head     *objectHead
	at       spot
	customer []byte
}

// look finds the object that a request is about, and checks the key that it
// provides. Everything but the object's bytes and checksum can be told without
// asking KMS.
func (l *Lab) look(q *wire.Request, b located, key, id, prefix string) (found, *wire.Failure) {
	customer, failure := customerKey(q, prefix)
	if failure != nil {
		return found{}, failure
	}
	v, failure := l.pick(q, b.Name, key, id)
	if failure != nil {
		return found{}, failure
	}
	f := found{version: v, at: spot{region: b.region, bucket: b.Name, key: key, place: v.place}, customer: customer}
	if failure := l.forbidden(q, v.errors, f.at.arn()); failure != nil {
		return f, failure
	}
	if f.head, failure = l.head(v); failure != nil {
		return f, failure
	}
	if failure := f.head.SSE.checkCustomer(customer); failure != nil {
		return f, failure
	}
	return f, checkRead(q, v, prefix)
}

func headObject(l *Lab, q *wire.Request, b located) (map[string]any, *wire.Failure) {
	f, failure := l.look(q, b, q.String("Key"), q.String("VersionId"), "")
	if failure != nil {
		return nil, failure
	}
	part, failure := f.extent(q)
	if failure != nil {
		return nil, failure
	}
	output := f.describe(q, b.Bucket)
	part.describe(output)
	if q.String("ChecksumMode") == "" {
		return output, nil
	}
	return output, l.addChecksum(output, f, part, nil)
}

func getObject(l *Lab, q *wire.Request, b located) (map[string]any, *wire.Failure) {
	f, failure := l.look(q, b, q.String("Key"), q.String("VersionId"), "")
	if failure != nil {
		return nil, failure
	}
	part, failure := f.extent(q)
	if failure != nil {
		return nil, failure
	}
	if f.class == "GLACIER" || f.class == "DEEP_ARCHIVE" {
		refusal := refuse(403, "InvalidObjectState", "The operation is not valid for the object's storage class")
		refusal.Fields = map[string]string{"StorageClass": f.class}
		return nil, refusal
	}
	keys, failure := l.dataKeys(f.at, f.head.SSE, f.customer) // once a request, as KMS is asked once
	if failure != nil {
		return nil, failure
	}
	body, failure := l.body(f.place, f.head.Parts, keys)
	if failure != nil {
		return nil, failure
	}
	output := f.describe(q, b.Bucket)
	part.describe(output)
	output["Body"] = body[part.first : part.last+1]
	for _, member := range []string{"ContentType", "ContentLanguage", "Expires", "CacheControl", "ContentDisposition", "ContentEncoding"} {
		if v := q.String("Response" + member); v != "" {
			output[member] = v
		}
	}
	if q.String("ChecksumMode") == "" {
		return output, nil
	}
	return output, l.addChecksum(output, f, part, keys)
}

// openObject decrypts an object's bytes.
func (l *Lab) openObject(f found) ([]byte, *wire.Failure) {
	keys, failure := l.dataKeys(f.at, f.head.SSE, f.customer)
	if failure != nil {
		return nil, failure
	}
	return l.body(f.place, f.head.Parts, keys)
}

// addChecksum puts an object's checksum into an answer about the whole of it.
// The keys are the object's, nil where they were not needed yet.
func (l *Lab) addChecksum(output map[string]any, f found, e extent, keys [][]byte) *wire.Failure {
	if e.partial && !(e.number == 1 && !f.head.Parted) || len(f.head.SSE.Checksum) == 0 {
		return nil
	}
	var failure *wire.Failure
	if keys == nil {
		if keys, failure = l.dataKeys(f.at, f.head.SSE, f.customer); failure != nil {
			return failure
		}
	}
	c, failure := openChecksum(f.place, f.head.SSE.Checksum, keys)
	c.describe(output)
	return failure
}

// describe is what S3 tells of an object in headers.
func (f found) describe(q *wire.Request, b *Bucket) map[string]any {
	output := map[string]any{"ETag": f.etag, "LastModified": f.modified, "AcceptRanges": "bytes", "Metadata": f.head.Metadata}
	for member, v := range f.head.Headers {
		if member != "StorageClass" || v != "STANDARD" {
			output[member] = v
		}
	}
	f.head.SSE.describe(output, f.customer)
	if text(b.Versioning, "Status") != "" {
		output["VersionId"] = f.id
	}
	if n := len(f.head.Tags); n > 0 {
		output["TagCount"] = n
	}
	if f.head.Parted && q.String("PartNumber") != "" {
		output["PartsCount"] = len(f.head.Parts)
	}
	return output
}

func getObjectAttributes(l *Lab, q *wire.Request, b located) (map[string]any, *wire.Failure) {
	wanted := map[string]bool{}
	for name := range strings.SplitSeq(q.String("ObjectAttributes"), ",") {
		wanted[strings.TrimSpace(name)] = true
	}
	if q.String("ObjectAttributes") == "" {
		return nil, badArgument("x-amz-object-attributes", "", "The x-amz-object-attributes header specifying the attributes to be retrieved is either missing or empty")
	}
	f, failure := l.look(q, b, q.String("Key"), q.String("VersionId"), "")
	if failure != nil {
		return nil, failure
	}
	keys, failure := l.dataKeys(f.at, f.head.SSE, f.customer) // needs kms:Decrypt, whatever is asked for
	if failure != nil {
		return nil, failure
	}
	output := map[string]any{"LastModified": f.modified}
	if text(b.Versioning, "Status") != "" {
		output["VersionId"] = f.id
	}
	if wanted["ETag"] {
		output["ETag"] = strings.Trim(f.etag, `"`)
	}
	if wanted["ObjectSize"] {
		output["ObjectSize"] = int(f.size)
	}
	if wanted["StorageClass"] {
		output["StorageClass"] = f.class
	}
	if wanted["ObjectParts"] && f.head.Parted {
		output["ObjectParts"] = f.attributeParts()
	}
	c, failure := openChecksum(f.place, f.head.SSE.Checksum, keys)
	if wanted["Checksum"] && c.Value != "" {
		sums := map[string]any{}
		c.describe(sums)
		output["Checksum"] = sums
	}
	return output, failure
}

// attributeParts lists the parts of an object whose parts have checksums.
func (f found) attributeParts() map[string]any {
	parts := map[string]any{"TotalPartsCount": len(f.head.Parts)}
	var list []any
	for _, p := range f.head.Parts {
		if p.Checksum != "" && f.kind == composite {
			list = append(list, map[string]any{"PartNumber": p.Number, "Size": int(p.Size), "Checksum" + f.checksum: p.Checksum})
		}
	}
	if list != nil {
		parts["Parts"], parts["IsTruncated"], parts["MaxParts"], parts["PartNumberMarker"], parts["NextPartNumberMarker"] = list, false, 1000, 0, len(f.head.Parts)
	}
	return parts
}
