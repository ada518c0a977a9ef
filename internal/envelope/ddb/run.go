package ddb

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"sync"

	"github.com/sealaudit/sealaudit/internal/envelope"
	"github.com/sealaudit/sealaudit/internal/envelope/ddb/legacy"
	"github.com/sealaudit/sealaudit/internal/envelope/ddb/structured"
)

// Run remembers the wrapped data keys of all items that it is told of, and the
// initialisation vectors under them, to find two that share them. It keeps
// digests under a key of its own, which is never shown; it may be used
// concurrently.
type Run struct {
	secret [32]byte
	mu     sync.Mutex
	seen   map[[16]byte][16]byte // what was seen, and in which item
}

// NewRun begins a run.
func NewRun() *Run {
	r := &Run{seen: map[[16]byte][16]byte{}}
	_, _ = rand.Read(r.secret[:]) // never fails (crypto/rand)
	return r
}

// Note looks up what an item shares with earlier ones and adds its weaknesses
// to the proof. A copy of an item, with the same header and footer, or
// description and signature, is no second use. An item that names no wrapped
// data key shares nothing that can be seen.
func (r *Run) Note(p *envelope.Proof, it Item) {
	var wrapped, ivs [][]byte
	var same []string
	switch Recognise(it) {
	case Structured:
		wrapped, ivs = structured.Uses(it)
		same = []string{structured.HeaderAttribute, structured.FooterAttribute}
	case Legacy, MetaStore:
		wrapped, ivs = legacy.Uses(it)
		same = []string{legacy.DescriptionAttribute, legacy.SignatureAttribute}
	default:
		return
	}
	item := r.digest("item", []byte(it[same[0]].Data), []byte(it[same[1]].Data))
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, key := range wrapped {
		if r.known(r.digest("wrapped", key), item) {
			p.Weak("duplicate-data-key")
		}
		for _, iv := range ivs {
			if r.known(r.digest("wrapped iv", key, iv), item) {
				p.Weak("duplicate-iv")
			}
		}
	}
}

// known reports whether a digest was seen in another item, and remembers it.
func (r *Run) known(digest, item [16]byte) bool {
	before, ok := r.seen[digest]
	if !ok {
		r.seen[digest] = item
	}
	return ok && before != item
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
