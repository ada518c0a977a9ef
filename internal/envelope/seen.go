package envelope

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"sync"
)

// Digest stands for texts in a [Seen] and tells nothing of them.
type Digest [16]byte

// Seen remembers in which artefact a data key or an initialisation vector was
// met first, to find those that occur twice. It keeps digests under a key of
// its own, which is never shown; it may be used concurrently.
type Seen struct {
	secret [32]byte
	mu     sync.Mutex
	first  map[Digest]Digest // what was seen, and in which artefact
}

// NewSeen has seen nothing.
func NewSeen() *Seen {
	s := &Seen{first: map[Digest]Digest{}}
	_, _ = rand.Read(s.secret[:]) // never fails (crypto/rand)
	return s
}

// Again reports whether something was seen in another artefact, and remembers
// it.
func (s *Seen) Again(what, artefact Digest) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	before, ok := s.first[what]
	if !ok {
		s.first[what] = artefact
	}
	return ok && before != artefact
}

// Digest is a keyed digest of texts that cannot run into each other.
func (s *Seen) Digest(kind string, texts ...[]byte) (d Digest) {
	mac := hmac.New(sha256.New, s.secret[:])
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
