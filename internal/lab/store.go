package lab

import (
	"bytes"
	"maps"
	"slices"
	"sync"
)

// store is what the account's disks hold, by place: "s3/REGION/BUCKET/…". What
// a service encrypts at rest is here only as ciphertext, with its wrapped data
// keys; what AWS would keep in plaintext is here in plaintext. Nothing of the
// contents of an account is kept anywhere else.
type store struct {
	mu    sync.RWMutex
	blobs map[string][]byte
}

// put keeps a copy.
func (s *store) put(place string, b []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.blobs[place] = bytes.Clone(b)
}

// get returns a copy.
func (s *store) get(place string) ([]byte, bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	b, ok := s.blobs[place]
	return bytes.Clone(b), ok
}

func (s *store) delete(place string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.blobs, place)
}

// Stored are the places of everything that the account's disks hold, sorted.
func (l *Lab) Stored() []string {
	l.store.mu.RLock()
	defer l.store.mu.RUnlock()
	return slices.Sorted(maps.Keys(l.store.blobs))
}

// Dump is a copy of everything that the account's disks hold, by place.
func (l *Lab) Dump() map[string][]byte {
	l.store.mu.RLock()
	defer l.store.mu.RUnlock()
	out := make(map[string][]byte, len(l.store.blobs))
	for place, b := range l.store.blobs {
		out[place] = bytes.Clone(b)
	}
	return out
}

// Flip changes one bit at rest, as a failing disk or an intruder would. It
// says whether there is such a bit.
func (l *Lab) Flip(place string, bit int) bool {
	l.store.mu.Lock()
	defer l.store.mu.Unlock()
	b := l.store.blobs[place]
	if bit < 0 || bit >= 8*len(b) {
		return false
	}
	b[bit/8] ^= 1 << (bit % 8)
	return true
}
