package s3ec

import (
	"encoding/binary"

	"github.com/sealaudit/sealaudit/internal/envelope"
)

// Run remembers the data keys and initialisation vectors of all objects that
// are verified with it, to find two that share them: under AES-GCM a shared
// pair reveals both plaintexts. It keeps digests under a key of its own, which
// is never shown, three for each object; it may be used concurrently.
type Run struct{ seen *envelope.Seen }

// NewRun begins a run.
func NewRun() *Run { return &Run{envelope.NewSeen()} }

// note looks up an object's keys and adds its weaknesses to the proof. The key
// and the last bytes of the body are nil where they were not read. A copy of
// an object, with the same key, vector, length and tag, is no second use.
func (r *Run) note(p *envelope.Proof, h *header, key, last []byte, size int64) {
	if r == nil {
		return
	}
	var length [8]byte
	binary.BigEndian.PutUint64(length[:], uint64(size))
	ciphertext := r.seen.Digest("ciphertext", h.contentIV(), h.message, last, length[:])
	iv := append(append([]byte{}, h.contentIV()...), h.message...)
	if r.seen.Again(r.seen.Digest("wrapped", h.wrapped), ciphertext) {
		p.Weak("duplicate-data-key")
	}
	if r.seen.Again(r.seen.Digest("wrapped iv", h.wrapped, iv), ciphertext) {
		p.Weak("duplicate-iv")
	}
	if key != nil && r.seen.Again(r.seen.Digest("key iv", key, h.contentIV()), ciphertext) {
		p.Weak("duplicate-iv")
	}
}
