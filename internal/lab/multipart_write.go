package lab

import (
	"slices"
	"time"

	"github.com/sealaudit/sealaudit/internal/lab/wire"
)

// writeParts writes an object in parts of so many bytes.
func (l *Lab) writeParts(w writing, size int) (*version, *objectHead, *wire.Failure) {
	u := &multipart{key: w.key, at: l.newSpot(w.bucket, w.key), parts: map[int]uploaded{}}
	keys, kept, failure := l.newDataKeys(u.at, w.shield)
	if failure != nil {
		return nil, nil, failure
	}
	h := &objectHead{Modified: l.now().UTC().Truncate(time.Second), Headers: w.headers, Metadata: w.metadata, Tags: w.tags, Parted: true, SSE: kept}
	var etags []string
	for chunk := range slices.Chunk(w.body, size) {
		n := len(etags) + 1
		part := l.keepUploaded(u, n, chunk, keys, checksum{})
		etags, h.Parts = append(etags, part.etag), append(h.Parts, objectPart{Number: n, Size: part.size})
	}
	h.SSE.Checksum = sealChecksum(u.at.place, w.checksum, keys)
	v := h.indexed(w.key, u.at.place, etagOfParts(etags), w.checksum)
	v.errors = w.errors
	l.enterVersion(w.bucket, v, h)
	return v, h, nil
}
