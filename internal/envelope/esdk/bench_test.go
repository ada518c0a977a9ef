package esdk

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha512"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"testing"
)

var sizes = []struct {
	name        string
	size, frame int
}{
	{"1KB", 1000, 4096},
	{"64KB-4K", 64 << 10, 4096},
	{"16MB-4K", 16 << 20, 4096},
	{"16MB-64K", 16 << 20, 64 << 10},
}

// BenchmarkFloor is the work that cannot be left out: AES-256-GCM in pieces of
// a frame, and for signed suites SHA-384 and one P-384 verification besides.
func BenchmarkFloor(b *testing.B) {
	block, err := aes.NewCipher(make([]byte, 32))
	if err != nil {
		b.Fatal(err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		b.Fatal(err)
	}
	var iv [12]byte
	var aad [72]byte
	key, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		b.Fatal(err)
	}
	digest := make([]byte, 48)
	signature, err := ecdsa.SignASN1(rand.Reader, key, digest)
	if err != nil {
		b.Fatal(err)
	}
	for _, s := range sizes {
		var message []byte
		for left := s.size; left > 0; left -= s.frame {
			message = aead.Seal(message, iv[:], make([]byte, min(left, s.frame)), aad[:])
		}
		for _, signed := range []bool{false, true} {
			b.Run(fmt.Sprintf("signed=%v/%s", signed, s.name), func(b *testing.B) {
				b.SetBytes(int64(s.size))
				out := make([]byte, 0, s.frame)
				for b.Loop() {
					h := sha512.New384()
					for rest := message; len(rest) > 0; {
						n := min(len(rest), s.frame+16)
						if signed {
							h.Write(rest[:n])
						}
						if _, err := aead.Open(out, iv[:], rest[:n], aad[:]); err != nil {
							b.Fatal(err)
						}
						rest = rest[n:]
					}
					if signed && !ecdsa.VerifyASN1(&key.PublicKey, digest, signature) {
						b.Fatal("signature")
					}
				}
			})
		}
	}
}

func benchmark(b *testing.B, each func(b *testing.B, s Suite, frame int, plaintext []byte)) {
	for _, s := range []Suite{AES256SHA256, AES256Commit, AES256SHA384P384, AES256CommitSigned} {
		for _, size := range sizes {
			b.Run(fmt.Sprintf("%04x/%s", uint16(s), size.name), func(b *testing.B) {
				plaintext := make([]byte, size.size)
				b.SetBytes(int64(size.size))
				b.ReportAllocs()
				each(b, s, size.frame, plaintext)
			})
		}
	}
}

func BenchmarkVerify(b *testing.B) {
	kr := aesRing(b, "one")
	benchmark(b, func(b *testing.B, s Suite, frame int, plaintext []byte) {
		message := sealed(b, kr, WriteOptions{Suite: s, FrameLength: frame}, plaintext)
		for b.Loop() {
			if _, err := Verify(b.Context(), bytes.NewReader(message), kr, Options{}); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkReader(b *testing.B) {
	kr := aesRing(b, "one")
	benchmark(b, func(b *testing.B, s Suite, frame int, plaintext []byte) {
		message := sealed(b, kr, WriteOptions{Suite: s, FrameLength: frame}, plaintext)
		for b.Loop() {
			r, err := NewReader(b.Context(), bytes.NewReader(message), kr, Options{})
			if err != nil {
				b.Fatal(err)
			}
			if _, err := r.WriteTo(io.Discard); err != nil || !r.Verified() {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkOpen(b *testing.B) {
	kr := aesRing(b, "one")
	benchmark(b, func(b *testing.B, s Suite, frame int, plaintext []byte) {
		message := sealed(b, kr, WriteOptions{Suite: s, FrameLength: frame}, plaintext)
		for b.Loop() {
			if _, err := Open(b.Context(), io.Discard, bytes.NewReader(message), kr, Options{}); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkWriter(b *testing.B) {
	kr := aesRing(b, "one")
	benchmark(b, func(b *testing.B, s Suite, frame int, plaintext []byte) {
		opts := WriteOptions{Suite: s, FrameLength: frame}
		if !s.Committing() {
			opts.Policy = ForbidEncryptAllowDecrypt
		}
		for b.Loop() {
			w, err := NewWriter(b.Context(), io.Discard, kr, opts)
			if err != nil {
				b.Fatal(err)
			}
			if _, err := w.Write(plaintext); err != nil {
				b.Fatal(err)
			}
			if err := w.Close(); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkVerifyUnframed checks a body in one piece, in chunks.
func BenchmarkVerifyUnframed(b *testing.B) {
	kr := aesRing(b, "one")
	message := sealed(b, kr, WriteOptions{Suite: AES256Commit, Unframed: true, MaxFrame: 16 << 20}, make([]byte, 16<<20))
	b.SetBytes(16 << 20)
	for b.Loop() {
		if _, err := Verify(b.Context(), bytes.NewReader(message), kr, Options{}); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkMemory writes a message of 1 GiB to a file, reads it as a stream,
// verifies and opens it, and gives the most heap that was in use meanwhile.
func BenchmarkMemory(b *testing.B) {
	kr := aesRing(b, "one")
	file, err := os.Create(filepath.Join(b.TempDir(), "message"))
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	steps := []struct {
		name string
		do   func(*heap) error
	}{
		{"write", func(h *heap) error {
			w, err := NewWriter(b.Context(), io.MultiWriter(file, h), kr, WriteOptions{})
			if err == nil {
				_, err = io.Copy(w, &endless{1 << 30})
			}
			return errors.Join(err, w.Close())
		}},
		{"reader", func(h *heap) error {
			r, err := NewReader(b.Context(), file, kr, Options{})
			if err == nil {
				_, err = r.WriteTo(h)
			}
			return err
		}},
		{"verify", func(h *heap) error {
			_, err := Verify(b.Context(), io.TeeReader(file, h), kr, Options{})
			return err
		}},
		{"open", func(h *heap) error {
			_, err := Open(b.Context(), h, file, kr, Options{})
			return err
		}},
	}
	for b.Loop() {
		for _, s := range steps {
			if _, err := file.Seek(0, io.SeekStart); err != nil {
				b.Fatal(err)
			}
			runtime.GC()
			var h heap
			if err := s.do(&h); err != nil {
				b.Fatal(s.name, err)
			}
			b.ReportMetric(float64(h.most)/(1<<20), s.name+"-peak-MiB")
		}
	}
}

// heap is a writer that looks at the heap every 8 MiB.
type heap struct{ bytes, most uint64 }

func (h *heap) Write(p []byte) (int, error) {
	before := h.bytes >> 23
	if h.bytes += uint64(len(p)); h.bytes>>23 != before || before == 0 {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		h.most = max(h.most, m.HeapInuse)
	}
	return len(p), nil
}
