package s3ec

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"sync"

	"github.com/sealaudit/sealaudit/internal/envelope"
)

// Run remembers the data keys and initialisation vectors of all objects that
// are verified with it, to find two that share them: under AES-GCM a shared
// pair reveals both plaintexts. It keeps digests under a key of its own, which
// is never shown, three for each object; it may be used concurrently.
type Run struct {
	secret [32]byte
	mu     sync.Mutex
	seen   map[[16]byte][16]byte // what was seen, and in which ciphertext
}

// NewRun begins a run.
func NewRun() *Run {
	r := &Run{seen: map[[16]byte][16]byte{}}
	_, _ = rand.Read(r.secret[:]) // never fails (crypto/rand)
	return r
}

// note looks up an object's keys and adds its weaknesses to the proof. The key
// and the last bytes of the body are nil where they were not read. A copy of
// an object, with the same key, vector, length and tag, is no second use.
func (r *Run) note(p *envelope.Proof, h *header, key, last []byte, size int64) {
	if r == nil {
		return
	}
	var length [8]byte
	binary.BigEndian.PutUint64(length[:], uint64(size))
	ciphertext := r.digest("ciphertext", h.contentIV(), h.message, last, length[:])
	iv := append(append([]byte{}, h.contentIV()...), h.message...)
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.known(r.digest("wrapped", h.wrapped), ciphertext) {
		p.Weak("duplicate-data-key")
	}
	if r.known(r.digest("wrapped iv", h.wrapped, iv), ciphertext) {
		p.Weak("duplicate-iv")
	}
	if key != nil && r.known(r.digest("key iv", key, h.contentIV()), ciphertext) {
		p.Weak("duplicate-iv")
	}
}

// known reports whether a digest was seen in another ciphertext, and remembers
// it.
func (r *Run) known(digest, ciphertext [16]byte) bool {
	before, ok := r.seen[digest]
	if !ok {
		r.seen[digest] = ciphertext
	}
	return ok && before != ciphertext
}

// digest is a keyed digest of texts that cannot run into each other.
func (r *Run) digest(kind string, texts ...[]byte) (d [16]byte) {
	mac := hmac.New(sha256.New, r.secret[:])
	mac.Write([]byte(kind))
	for _, text := range texts {
		var n [8]byte
		binary.BigEndian.PutUint64(n[:], uint64(len(text)))
		mac.Write(n[:])
		mac.Write(text)
	}
	copy(d[:], mac.Sum(nil))
	return d
}
