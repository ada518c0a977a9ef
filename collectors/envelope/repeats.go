package envelope

import (
	"crypto/sha256"
	"sync"
)

// Repeats finds data keys and initialisation vectors that two ciphertexts of a
// run share. A copy of a ciphertext is no second use. It keeps two digests for
// each that it is told of, and what it finds does not depend on their order.
// It is safe for concurrent use, and to be asked when all were told.
type Repeats struct {
	mu   sync.Mutex
	seen map[digest]*use
}

type digest [16]byte

// use is a data key or an initialisation vector that was seen.
type use struct {
	ciphertext digest
	twice      bool
}

// Marks are the uses of one ciphertext. The zero value is none.
type Marks struct{ key, vector *use }

// NewRepeats returns an empty one.
func NewRepeats() *Repeats { return &Repeats{seen: map[digest]*use{}} }

// Mark takes the wrapped data keys of a ciphertext (one text for all of them),
// its initialisation vector or message id, and what else tells it from others:
// its length, its tag.
func (r *Repeats) Mark(wrapped, vector []byte, more ...[]byte) Marks {
	if len(wrapped) == 0 {
		return Marks{}
	}
	ciphertext := digestOf("ciphertext", append([][]byte{vector}, more...)...)
	r.mu.Lock()
	defer r.mu.Unlock()
	m := Marks{key: r.use(digestOf("key", wrapped), ciphertext)}
	if len(vector) > 0 {
		m.vector = r.use(digestOf("vector", wrapped, vector), ciphertext)
	}
	return m
}

func (r *Repeats) use(of, ciphertext digest) *use {
	u := r.seen[of]
	if u == nil {
		u = &use{ciphertext: ciphertext}
		r.seen[of] = u
	}
	u.twice = u.twice || u.ciphertext != ciphertext
	return u
}

// Twice says whether another ciphertext has the data key, and whether one has
// the initialisation vector under the same data key.
func (m Marks) Twice() (key, vector bool) {
	return m.key != nil && m.key.twice, m.vector != nil && m.vector.twice
}

func digestOf(kind string, texts ...[]byte) (d digest) {
	b := appendText(make([]byte, 0, 256), kind)
	for _, text := range texts {
		b = appendText(b, string(text))
	}
	sum := sha256.Sum256(b)
	copy(d[:], sum[:])
	return d
}
