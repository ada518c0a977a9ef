package lab

import (
	"strconv"

	"github.com/sealaudit/sealaudit/internal/lab/wire"
)

// uploadPartCopy makes a part of an object that is there, or of a range of it
// (recorded by test_upload_part_copy_range).
func uploadPartCopy(l *Lab, q *wire.Request, b located) (map[string]any, *wire.Failure) {
	u, n, keys, customer, failure := l.partOf(q, b)
	if failure != nil {
		return nil, failure
	}
	source, failure := l.copySource(q)
	if failure != nil {
		return nil, failure
	}
	first, last, failure := copyRange(q.String("CopySourceRange"), source.size)
	if failure != nil {
		return nil, failure
	}
	body, failure := l.openObject(source)
	if failure != nil {
		return nil, failure
	}
	body = body[first:last]
	var c checksum
	if u.algorithm != "" {
		c = checksum{u.algorithm, sum(u.algorithm, body), u.kind}
	}
	part := l.keepUploaded(u, n, body, keys, c)
	result := map[string]any{"ETag": part.etag, "LastModified": part.modified}
	c.describe(result)
	delete(result, "ChecksumType")
	output := map[string]any{"CopyPartResult": result}
	u.head.SSE.describe(output, customer)
	if source.id != null {
		output["CopySourceVersionId"] = source.id
	}
	return output, nil
}

// copyRange reads the range of a part's source: its first byte, and the one
// after its last.
func copyRange(asked string, size int64) (first, end int64, failure *wire.Failure) {
	if asked == "" {
		return 0, size, nil
	}
	first, last, ok := parseRange(asked)
	switch {
	case !ok || first < 0 || last < 0:
		return 0, 0, badArgument("x-amz-copy-source-range", asked, "The x-amz-copy-source-range value must be of the form bytes=first-last where first and last are the zero-based offsets of the first and last bytes to copy")
	case first >= size:
		return 0, 0, refuse(400, "InvalidRequest", "The specified copy range is invalid for the source object size")
	case last >= size:
		return 0, 0, badArgument("x-amz-copy-source-range", asked, "Range specified is not valid for source object of size: "+strconv.FormatInt(size, 10))
	}
	return first, last + 1, nil
}
