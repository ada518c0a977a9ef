package lab

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"time"
)

// s3State is what S3 has beside its disks: the keys that AWS owns, the keys
// that it keeps for a while, and the index of its disks. The state is locked.
type s3State struct {
	masters    []masterKey // of SSE-S3, oldest first; the last one encrypts
	integrity  []byte      // authenticates what is on the disks in plaintext
	bucketKeys map[string]bucketKey
	shelves    map[string]*shelf // by bucket
}

// masterKey is a key that S3 owns and rotates (S3 User Guide, "Using
// server-side encryption with Amazon S3 managed keys": it encrypts each
// object's key itself with a key that it regularly rotates).
type masterKey struct {
	key  []byte
	made time.Time
}

// masterFor is how long S3 encrypts under one of its keys. AWS says "regularly".
const masterFor = 90 * 24 * time.Hour

func newS3State() s3State {
	return s3State{integrity: randomBytes(32), bucketKeys: map[string]bucketKey{}, shelves: map[string]*shelf{}}
}

// master is the number of the key that encrypts now.
func (s *s3State) master(now time.Time) int {
	if n := len(s.masters); n == 0 || now.Sub(s.masters[n-1].made) >= masterFor {
		s.masters = append(s.masters, masterKey{randomBytes(32), now})
	}
	return len(s.masters) - 1
}

// shelf is a bucket's part of the index, made when it is first asked for.
func (s *s3State) shelf(bucket string) *shelf {
	if s.shelves[bucket] == nil {
		s.shelves[bucket] = &shelf{objects: map[string][]*version{}, uploads: map[string]*multipart{}}
	}
	return s.shelves[bucket]
}

// mac authenticates what S3 keeps in plaintext at a place.
func (s *s3State) mac(place string, b []byte) []byte {
	h := hmac.New(sha256.New, s.integrity)
	h.Write([]byte(place))
	h.Write([]byte{0})
	h.Write(b)
	return h.Sum(nil)
}

func randomBytes(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails
	return b
}

// lock encrypts with AES-256-GCM under a fresh nonce, which it puts first.
func lock(key, plain []byte, about string) []byte {
	aead := gcm(key)
	nonce := randomBytes(aead.NonceSize())
	out := make([]byte, len(nonce), len(nonce)+len(plain)+aead.Overhead())
	copy(out, nonce)
	return aead.Seal(out, nonce, plain, []byte(about))
}

// unlock undoes lock, unless anything was changed.
func unlock(key, locked []byte, about string) ([]byte, bool) {
	aead := gcm(key)
	n := aead.NonceSize()
	if len(locked) < n {
		return nil, false
	}
	plain, err := aead.Open(nil, locked[:n], locked[n:], []byte(about))
	return plain, err == nil
}

// gcm is AES-256-GCM under one of the account's keys, which have 32 bytes.
func gcm(key []byte) cipher.AEAD {
	block, err := aes.NewCipher(key)
	if err != nil {
		panic("lab: a key has not 32 bytes") // ours alone
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		panic("lab: AES-GCM is not available")
	}
	return aead
}
