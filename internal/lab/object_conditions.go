package lab

import (
	"net/http"
	"strings"
	"time"

	"github.com/sealaudit/sealaudit/internal/lab/wire"
)

// checkWrite makes the checks of a conditional write (S3 User Guide,
// "Conditional writes"; recorded by TestS3ObjectWritePrecondition).
func (l *Lab) checkWrite(q *wire.Request) *wire.Failure {
	match, none := q.String("IfMatch"), q.String("IfNoneMatch")
	if match == "" && none == "" {
		return nil
	}
	current := l.s3.shelf(q.String("Bucket")).current(q.String("Key"))
	exists := current != nil && !current.marker
	switch {
	case match != "" && none != "":
		return notModelled("If-Match,If-None-Match", "Multiple conditional request headers present in the request")
	case none != "" && none != "*":
		return notModelled("If-None-Match", "We don't accept the provided value of If-None-Match header for this API")
	case match == "*":
		return notModelled("If-None-Match", "We don't accept the provided value of If-None-Match header for this API")
	case none != "" && exists:
		return preconditionFailed("If-None-Match")
	case match != "" && !exists:
		return noSuchKey(q.String("Key"))
	case match != "" && !sameTag(match, current.etag):
		return preconditionFailed("If-Match")
	}
	return nil
}

func notModelled(header, message string) *wire.Failure {
	f := refuse(501, "NotImplemented", "A header you provided implies functionality that is not implemented")
	f.Fields = map[string]string{"Header": header, "additionalMessage": message}
	return f
}

func preconditionFailed(condition string) *wire.Failure {
	f := refuse(412, "PreconditionFailed", "At least one of the pre-conditions you specified did not hold")
	f.Fields = map[string]string{"Condition": condition}
	return f
}

// checkRead makes the checks of a conditional read, in the order of RFC 9110
// §13.2.2 (recorded by test_s3_get_object_preconditions). The members of a
// copy's source have the prefix "CopySource".
func checkRead(q *wire.Request, v *version, prefix string) *wire.Failure {
	since := func(member string) (time.Time, bool) {
		t, err := http.ParseTime(q.String(prefix + member))
		return t, err == nil && !t.After(q.Now)
	}
	match, none := q.String(prefix+"IfMatch"), q.String(prefix+"IfNoneMatch")
	if match != "" && !anyTag(match, v.etag) {
		return preconditionFailed(conditionName(prefix, "If-Match"))
	}
	if t, ok := since("IfUnmodifiedSince"); ok && match == "" && v.modified.After(t) {
		return preconditionFailed(conditionName(prefix, "If-Unmodified-Since"))
	}
	unchanged := none != "" && anyTag(none, v.etag)
	condition := "If-None-Match"
	if t, ok := since("IfModifiedSince"); ok && none == "" && !v.modified.After(t) {
		unchanged, condition = true, "If-Modified-Since"
	}
	switch {
	case !unchanged:
		return nil
	case prefix != "":
		return preconditionFailed(conditionName(prefix, condition))
	}
	f := refuse(304, "NotModified", "Not Modified")
	f.Header = map[string]string{"ETag": v.etag, "Last-Modified": httpDate(v.modified)}
	return f
}

func conditionName(prefix, header string) string {
	if prefix == "" {
		return header
	}
	return "x-amz-copy-source-" + header
}

func anyTag(list, etag string) bool {
	for tag := range strings.SplitSeq(list, ",") {
		if tag = strings.TrimSpace(tag); tag == "*" || sameTag(tag, etag) {
			return true
		}
	}
	return false
}

func sameTag(a, b string) bool { return strings.Trim(a, `"`) == strings.Trim(b, `"`) }
