package rego

import (
	"crypto/sha256"
	"sync"
)

// memoSize bounds how many verdicts a policy remembers. A policy that sees
// more different resources is evaluated for each of the rest.
const memoSize = 1 << 16

// longKey is the length in bytes from which a key is replaced by its digest,
// so that large facts, such as a bucket's policy, are not kept.
const longKey = 256

// memo remembers what a policy said of a resource that looks the same to it.
type memo struct {
	mu   sync.RWMutex
	said map[string]*verdict
}

// shorten makes a long key short. Keys begin with a mark of a read, never with
// the "#" that tells a digest.
func shorten(key []byte) []byte {
	if len(key) < longKey {
		return key
	}
	sum := sha256.Sum256(key)
	return append(append(key[:0], '#'), sum[:]...)
}

func (m *memo) get(key []byte) *verdict {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return m.said[string(key)]
}

func (m *memo) put(key []byte, v *verdict) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.said == nil {
		m.said = map[string]*verdict{}
	}
	if len(m.said) < memoSize {
		m.said[string(key)] = v
	}
}
