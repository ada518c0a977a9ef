package lab

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"github.com/sealaudit/sealaudit/internal/lab/wire"
)

// objectHead is what the disk has of one version beside its bytes: its system
// and user metadata, which S3 does not encrypt, and how the bytes are
// protected. It is kept in plaintext with a code that authenticates it.
type objectHead struct {
	Modified time.Time
	Headers  map[string]string // by member: ContentType …
	Metadata map[string]string // of the user
	Tags     map[string]string
	Parts    []objectPart
	Parted   bool // was written in parts
	SSE      protected
}

// objectPart is one piece of an object's bytes on the disk. An object that was
// written at once has one.
type objectPart struct {
	Number   int
	Size     int64
	Checksum string // "" unless the upload has one for each part
}

func partPlace(place string, n int) string { return place + "/" + strconv.Itoa(n) }

func (h *objectHead) size() (n int64) {
	for _, p := range h.Parts {
		n += p.Size
	}
	return n
}

// keepHead writes a head.
func (l *Lab) keepHead(place string, h *objectHead) {
	b, err := json.Marshal(h)
	if err != nil {
		b = nil // a head has nothing that JSON can't hold
	}
	l.store.put(place+"/head", append(l.s3.mac(place, b), b...))
}

// head reads a version's head. What was changed on the disk is an internal
// error.
func (l *Lab) head(v *version) (*objectHead, *wire.Failure) {
	b, _ := l.store.get(v.place + "/head")
	if len(b) < sha256.Size || !hmac.Equal(b[:sha256.Size], l.s3.mac(v.place, b[sha256.Size:])) {
		return nil, internalError()
	}
	h := &objectHead{}
	if err := json.Unmarshal(b[sha256.Size:], h); err != nil {
		return nil, internalError()
	}
	return h, nil
}

// keepPart writes a piece of an object, encrypted once under each key. Without
// keys it stays in plaintext, with a code against damage.
func (l *Lab) keepPart(place string, n int, plain []byte, keys [][]byte) {
	at := partPlace(place, n)
	if len(keys) == 0 {
		l.store.put(at, append(l.s3.mac(at, plain), plain...))
		return
	}
	for i, key := range keys {
		plain = lock(key, plain, at+" layer "+strconv.Itoa(i))
	}
	l.store.put(at, plain)
}

// part reads a piece.
func (l *Lab) part(place string, p objectPart, keys [][]byte) ([]byte, *wire.Failure) {
	at := partPlace(place, p.Number)
	b, ok := l.store.get(at)
	if len(keys) == 0 {
		if len(b) < sha256.Size || !hmac.Equal(b[:sha256.Size], l.s3.mac(at, b[sha256.Size:])) {
			return nil, internalError()
		}
		b = b[sha256.Size:]
	}
	for i := len(keys) - 1; i >= 0 && ok; i-- {
		b, ok = unlock(keys[i], b, at+" layer "+strconv.Itoa(i))
	}
	if !ok || int64(len(b)) != p.Size {
		return nil, internalError()
	}
	return b, nil
}

// body reads all pieces.
func (l *Lab) body(place string, parts []objectPart, keys [][]byte) ([]byte, *wire.Failure) {
	if len(parts) == 1 {
		return l.part(place, parts[0], keys)
	}
	var all bytes.Buffer
	for _, p := range parts {
		b, failure := l.part(place, p, keys)
		if failure != nil {
			return nil, failure
		}
		all.Write(b)
	}
	return all.Bytes(), nil
}

// internalError is what S3 says when its disks fail.
func internalError() *wire.Failure {
	return refuse(500, "InternalError", "We encountered an internal error. Please try again.")
}

func httpDate(t time.Time) string { return t.UTC().Format(http.TimeFormat) }
