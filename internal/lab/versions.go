package lab

import (
	"crypto/rand"
	"slices"
	"strings"
	"time"

	"github.com/sealaudit/sealaudit/internal/lab/wire"
)

// shelf indexes a bucket's objects.
type shelf struct {
	names   []string // of keys that have versions, sorted
	objects map[string][]*version
	uploads map[string]*multipart // by upload id
}

// version is one version of an object, or a delete marker. It says what a
// listing says; the rest is on the disk.
type version struct {
	key, id  string // id "null" was written without versioning
	marker   bool
	modified time.Time
	size     int64
	etag     string // quoted
	class    string // "STANDARD"
	checksum string // "CRC32"
	kind     string // of the checksum: "FULL_OBJECT"
	place    string // on the disk, before /head and the parts' numbers
	parts    []int  // on the disk
	errors   map[string]string
}

// null is the id of versions written without versioning.
const null = "null"

// current is the newest version of a key; nil for none.
func (s *shelf) current(key string) *version {
	if list := s.objects[key]; len(list) > 0 {
		return list[0]
	}
	return nil
}

func (s *shelf) find(key, id string) *version {
	for _, v := range s.objects[key] {
		if v.id == id {
			return v
		}
	}
	return nil
}

// add puts a version before all others of its key.
func (s *shelf) add(v *version) {
	if len(s.objects[v.key]) == 0 {
		i, _ := slices.BinarySearch(s.names, v.key)
		s.names = slices.Insert(s.names, i, v.key)
	}
	s.objects[v.key] = slices.Insert(s.objects[v.key], 0, v)
}

func (s *shelf) remove(v *version) {
	list := slices.DeleteFunc(s.objects[v.key], func(other *version) bool { return other == v })
	if len(list) > 0 {
		s.objects[v.key] = list
		return
	}
	delete(s.objects, v.key)
	if i, found := slices.BinarySearch(s.names, v.key); found {
		s.names = slices.Delete(s.names, i, i+1)
	}
}

// versionFor is the id of the next version in a bucket, and whether it takes
// the place of a null version (S3 User Guide, "How S3 Versioning works").
func versionFor(b *Bucket) (id string, replaces bool) {
	if text(b.Versioning, "Status") == "Enabled" {
		return newVersionID(), false
	}
	return null, true
}

// place gives a version its place in the index. What it replaces leaves the
// disk.
func (l *Lab) place(bucket string, v *version, replaces bool) {
	shelf := l.s3.shelf(bucket)
	if old := shelf.find(v.key, v.id); old != nil && replaces {
		l.discard(old)
		shelf.remove(old)
	}
	shelf.add(v)
}

// discard removes a version from the disk.
func (l *Lab) discard(v *version) {
	l.store.delete(v.place + "/head")
	for _, n := range v.parts {
		l.store.delete(partPlace(v.place, n))
	}
}

// pick is the version that a request is about: the one it names, or the
// newest. A delete marker is a failure (S3 API reference, GetObject, "Object
// deletion"; recorded: 404 with a header for the newest, 405 for one by id).
func (l *Lab) pick(q *wire.Request, bucket, key, id string) (*version, *wire.Failure) {
	shelf := l.s3.shelf(bucket)
	if id == "" {
		v := shelf.current(key)
		if v != nil && !v.marker {
			return v, nil
		}
		f := noSuchKey(key)
		if v != nil {
			f.Header = map[string]string{"x-amz-delete-marker": "true", "x-amz-version-id": v.id}
		}
		return nil, f
	}
	if !isVersionID(id) {
		return nil, invalidVersion(id)
	}
	v := shelf.find(key, id)
	switch {
	case v == nil && text(l.index.buckets[bucket].Versioning, "Status") == "":
		return nil, invalidVersion(id)
	case v == nil:
		f := refuse(404, "NoSuchVersion", "The specified version does not exist.")
		f.Fields = map[string]string{"Key": key, "VersionId": id}
		return nil, f
	case v.marker:
		f := refuse(405, "MethodNotAllowed", "The specified method is not allowed against this resource.")
		f.Fields = map[string]string{"Method": method(q), "ResourceType": "DeleteMarker"}
		f.Header = map[string]string{"x-amz-delete-marker": "true", "x-amz-version-id": v.id, "Allow": "DELETE", "Last-Modified": httpDate(v.modified)}
		return nil, f
	}
	return v, nil
}

func method(q *wire.Request) string {
	switch {
	case strings.HasPrefix(q.Operation, "Head"):
		return "HEAD"
	case strings.HasPrefix(q.Operation, "Put"), strings.Contains(q.Operation, "Copy"):
		return "PUT"
	}
	return "GET"
}

func noSuchKey(key string) *wire.Failure {
	f := refuse(404, "NoSuchKey", "The specified key does not exist.")
	f.Fields = map[string]string{"Key": key}
	return f
}

func invalidVersion(id string) *wire.Failure {
	return badArgument("versionId", id, "Invalid version id specified")
}

// badArgument is S3's InvalidArgument.
func badArgument(name, value, message string) *wire.Failure {
	f := refuse(400, "InvalidArgument", message)
	f.Fields = map[string]string{"ArgumentName": name}
	if value != "" {
		f.Fields["ArgumentValue"] = value
	}
	return f
}

const versionLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._"

// newVersionID has the form of S3's: 32 characters that say nothing.
func newVersionID() string {
	b := make([]byte, 32)
	_, _ = rand.Read(b) // never fails
	for i := range b {
		b[i] = versionLetters[b[i]%64]
	}
	return string(b)
}

func isVersionID(id string) bool {
	return id == null || len(id) == 32 && strings.Trim(id, versionLetters) == ""
}
