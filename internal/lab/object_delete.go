package lab

import (
	"time"

	"github.com/sealaudit/sealaudit/internal/lab/wire"
)

func deleteObject(l *Lab, q *wire.Request, b located) (map[string]any, *wire.Failure) {
	if failure := l.checkDelete(q, q.String("Key"), q.String("IfMatch")); failure != nil {
		return nil, failure
	}
	id := q.String("VersionId")
	if id != "" && (!isVersionID(id) || text(b.Versioning, "Status") == "" && id != null) {
		return nil, invalidVersion(id)
	}
	return l.remove(b, q.String("Key"), id), nil
}

// remove deletes a version by id, or makes a key's newest version go: for good
// without versioning, else behind a delete marker, which takes the null
// version's place while versioning is suspended (S3 User Guide, "Deleting
// object versions from a versioning-enabled bucket").
func (l *Lab) remove(b located, key, id string) map[string]any {
	shelf, output := l.s3.shelf(b.Name), map[string]any{}
	if id != "" {
		output["VersionId"] = id
		if v := shelf.find(key, id); v != nil {
			if v.marker {
				output["DeleteMarker"] = true
			}
			l.discard(v)
			shelf.remove(v)
		}
		return output
	}
	if text(b.Versioning, "Status") == "" {
		if v := shelf.current(key); v != nil {
			l.discard(v)
			shelf.remove(v)
		}
		return output
	}
	v := &version{key: key, marker: true, modified: l.now().UTC().Truncate(time.Second)}
	var replaces bool
	v.id, replaces = versionFor(b.Bucket)
	l.place(b.Name, v, replaces)
	output["DeleteMarker"], output["VersionId"] = true, v.id
	return output
}

func (l *Lab) checkDelete(q *wire.Request, key, match string) *wire.Failure {
	if match == "" || match == "*" {
		return nil
	}
	v := l.s3.shelf(q.String("Bucket")).current(key)
	switch {
	case v == nil || v.marker:
		return noSuchKey(key)
	case !sameTag(match, v.etag):
		return preconditionFailed("If-Match")
	}
	return nil
}

// maxDelete is the most keys of one DeleteObjects.
const maxDelete = 1000

func deleteObjects(l *Lab, q *wire.Request, b located) (map[string]any, *wire.Failure) {
	list, _ := q.Input["Objects"].([]any)
	if len(list) == 0 || len(list) > maxDelete {
		return nil, malformedXML()
	}
	if failure := checkMD5(q); failure != nil {
		return nil, failure
	}
	deleted, errors := []any{}, []any{}
	for _, v := range list {
		entry, _ := v.(map[string]any)
		key, id := text(entry, "Key"), text(entry, "VersionId")
		if failure := l.checkDelete(q, key, text(entry, "ETag")); failure != nil {
			errors = append(errors, map[string]any{"Key": key, "Code": failure.Code, "Message": failure.Message})
			continue
		}
		if id != "" && (!isVersionID(id) || text(b.Versioning, "Status") == "" && id != null) {
			errors = append(errors, map[string]any{"Key": key, "VersionId": id, "Code": "NoSuchVersion", "Message": "The specified version does not exist."})
			continue
		}
		done := l.remove(b, key, id)
		gone := map[string]any{"Key": key}
		if id != "" {
			gone["VersionId"] = id
		}
		if done["DeleteMarker"] == true {
			gone["DeleteMarker"], gone["DeleteMarkerVersionId"] = true, done["VersionId"]
		}
		deleted = append(deleted, gone)
	}
	output := map[string]any{"Errors": errors}
	if !q.Bool("Quiet", false) {
		output["Deleted"] = deleted
	}
	return output, nil
}

func malformedXML() *wire.Failure {
	return refuse(400, "MalformedXML", "The XML you provided was not well-formed or did not validate against our published schema")
}
