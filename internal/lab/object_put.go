package lab

import (
	"crypto/md5"
	"encoding/hex"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/sealaudit/sealaudit/internal/lab/wire"
)

// writing is an object on its way to the disk.
type writing struct {
	bucket   located
	key      string
	body     []byte
	headers  map[string]string // by member
	metadata map[string]string
	tags     map[string]string
	checksum checksum
	shield   protection
	modified time.Time // zero is now
	errors   map[string]string
}

func putObject(l *Lab, q *wire.Request, b located) (map[string]any, *wire.Failure) {
	w := writing{bucket: b, key: q.String("Key"), body: q.Body, headers: storedHeaders(q), metadata: q.Metadata}
	failure := checkNew(q)
	if failure == nil {
		w.tags, failure = headerTags(q.String("Tagging"))
	}
	if failure == nil {
		failure = l.checkWrite(q)
	}
	if failure == nil {
		w.shield, failure = l.protectionOf(q, b)
	}
	if failure == nil {
		w.checksum, failure = checkBody(q, usualChecksum)
	}
	if failure != nil {
		return nil, failure
	}
	v, h, failure := l.write(w)
	if failure != nil {
		return nil, failure
	}
	output := map[string]any{"ETag": v.etag}
	h.SSE.describe(output, w.shield.customer)
	h.SSE.describeContext(output)
	w.checksum.describe(output)
	tellVersion(output, v)
	return output, nil
}

// write encrypts an object and puts it on the disk.
func (l *Lab) write(w writing) (*version, *objectHead, *wire.Failure) {
	at := l.newSpot(w.bucket, w.key)
	keys, kept, failure := l.newDataKeys(at, w.shield)
	if failure != nil {
		return nil, nil, failure
	}
	modified := w.modified
	if modified.IsZero() {
		modified = l.now()
	}
	h := &objectHead{Modified: modified.UTC().Truncate(time.Second), Headers: w.headers, Metadata: w.metadata, Tags: w.tags,
		Parts: []objectPart{{Number: 1, Size: int64(len(w.body))}}, SSE: kept}
	l.keepPart(at.place, 1, w.body, keys)
	h.SSE.Checksum = sealChecksum(at.place, w.checksum, keys)
	v := h.indexed(w.key, at.place, etagOf(w.body, w.shield.algorithm), w.checksum)
	v.errors = w.errors
	l.enterVersion(w.bucket, v, h)
	return v, h, nil
}

// newSpot is a place on the disk that nothing had before.
func (l *Lab) newSpot(b located, key string) spot {
	return spot{region: b.region, bucket: b.Name, key: key, place: "s3/" + b.Name + "/" + key + "/" + hex.EncodeToString(randomBytes(8))}
}

// indexed is a version as listings know it.
func (h *objectHead) indexed(key, place, etag string, c checksum) *version {
	v := &version{key: key, modified: h.Modified, size: h.size(), etag: etag, class: firstOf(h.Headers["StorageClass"], "STANDARD"), place: place}
	if c.Value != "" {
		v.checksum, v.kind = c.Algorithm, c.Type
	}
	for _, p := range h.Parts {
		v.parts = append(v.parts, p.Number)
	}
	return v
}

// enterVersion makes a version the newest of its key.
func (l *Lab) enterVersion(b located, v *version, h *objectHead) {
	var replaces bool
	v.id, replaces = versionFor(b.Bucket)
	l.place(b.Name, v, replaces)
	l.keepHead(v.place, h)
}

// tellVersion puts a new version's id into an answer, if it has one of its own.
func tellVersion(output map[string]any, v *version) {
	if v.id != null {
		output["VersionId"] = v.id
	}
}

// systemHeaders are the members that S3 stores with an object and gives back.
func systemHeaders() []string {
	return []string{"ContentType", "CacheControl", "ContentDisposition", "ContentEncoding", "ContentLanguage", "Expires", "WebsiteRedirectLocation", "StorageClass"}
}

func storedHeaders(q *wire.Request) map[string]string {
	headers := map[string]string{}
	for _, member := range systemHeaders() {
		if v := q.String(member); v != "" {
			headers[member] = v
		}
	}
	if headers["ContentType"] == "" {
		headers["ContentType"] = "binary/octet-stream"
	}
	return headers
}

// maxMetadata is what S3 keeps of user metadata, in bytes of names and values.
const maxMetadata = 2 << 10

// checkNew finds what S3 refuses in a new object's key, metadata and storage
// class.
func checkNew(q *wire.Request) *wire.Failure {
	size := 0
	for name, value := range q.Metadata {
		size += len(name) + len(value)
	}
	switch {
	case len(q.String("Key")) > 1024:
		f := refuse(400, "KeyTooLongError", "Your key is too long")
		f.Fields = map[string]string{"MaxSizeAllowed": "1024"}
		return f
	case size > maxMetadata:
		f := refuse(400, "MetadataTooLarge", "Your metadata headers exceed the maximum allowed metadata size")
		f.Fields = map[string]string{"MaxSizeAllowed": "2048"}
		return f
	}
	if failure := checkACL(q); failure != nil {
		return failure
	}
	switch q.String("StorageClass") {
	case "", "STANDARD", "REDUCED_REDUNDANCY", "STANDARD_IA", "ONEZONE_IA", "INTELLIGENT_TIERING", "GLACIER", "DEEP_ARCHIVE", "GLACIER_IR":
		return nil
	}
	return refuse(400, "InvalidStorageClass", "The storage class you specified is not valid")
}

// headerTags are the tags that a header brings, as a query.
func headerTags(header string) (map[string]string, *wire.Failure) {
	if header == "" {
		return nil, nil
	}
	values, err := url.ParseQuery(header)
	tags := map[string]string{}
	for name, list := range values {
		if len(list) != 1 || strings.ContainsAny(list[0], ",=") {
			err = url.EscapeError(name)
		}
		tags[name] = list[0]
	}
	if err != nil {
		return nil, badArgument("x-amz-tagging", header, "The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query parameters without tag name duplicates.")
	}
	if len(tags) > 10 {
		return nil, refuse(400, "BadRequest", "Object tags cannot be greater than 10")
	}
	return tags, nil
}

// etagOfParts is the entity tag of an object that was written in parts.
func etagOfParts(etags []string) string {
	h := md5.New()
	for _, etag := range etags {
		b, _ := hex.DecodeString(strings.Trim(etag, `"`)) // our own
		h.Write(b)
	}
	return `"` + hex.EncodeToString(h.Sum(nil)) + "-" + strconv.Itoa(len(etags)) + `"`
}
