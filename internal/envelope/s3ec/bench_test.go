//go:build unix

package s3ec

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"github.com/sealaudit/sealaudit/internal/envelope/turns"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"testing"
)

// BenchmarkObjects has objects beside raw AES-256-GCM of the standard library
// over the same bytes: "%-of-raw" is its time over ours, opening or sealing.
// "streamed" is an object that cannot seek and is not in memory, which Open
// copies, or beyond 16 MiB keeps in a file; beside it stands the same copy with
// raw AES-256-GCM after it.
func BenchmarkObjects(b *testing.B) {
	keys := Keys{AES: [][]byte{bytes.Repeat([]byte{7}, 32)}}
	for _, version := range []string{"V2", "V3"} {
		for _, size := range []struct {
			name  string
			bytes int
		}{{"1KiB", 1 << 10}, {"64KiB", 64 << 10}, {"1MiB", 1 << 20}, {"16MiB", 16 << 20}, {"64MiB", 64 << 20}} {
			b.Run(version+"/"+size.name, func(b *testing.B) {
				plain := random(size.bytes)
				object := sealed(b, plain, keys, SealOptions{Version: version})
				streamed := func() Object {
					o := object()
					o.Body = onlyReader{o.Body}
					return o
				}
				open, seal, read := raw(keys.AES[0], plain)
				dir := Options{TempDir: b.TempDir()}
				took := turns.Measure(b, map[string]func() error{
					"raw open": open,
					"raw seal": seal,
					"raw read": read,
					"verify":   func() error { _, err := Verify(b.Context(), object(), keys, Options{}); return err },
					"open":     func() error { _, err := Open(b.Context(), io.Discard, object(), keys, Options{}); return err },
					"streamed": func() error { _, err := Open(b.Context(), io.Discard, streamed(), keys, dir); return err },
					"seal": func() error {
						_, _, err := Seal(b.Context(), io.Discard, bytes.NewReader(plain), keys, SealOptions{Version: version})
						return err
					},
				})
				for _, way := range []string{"verify", "open", "streamed"} {
					b.ReportMetric(100*took["raw open"]/took[way], way+"-%-of-raw")
				}
				b.ReportMetric(100*took["raw read"]/took["streamed"], "streamed-%-of-read-and-raw")
				b.ReportMetric(100*took["raw seal"]/took["seal"], "seal-%-of-raw")
				b.ReportMetric(took["open"]/took["seal"], "seal-x-open")
				b.ReportMetric(float64(size.bytes)/took["open"]*1e3, "open-MB/s")
				b.ReportMetric(0, "ns/op") // of all together: nobody's
			})
		}
	}
}

// raw opens and seals with the standard library alone, and opens what it has
// to read first.
func raw(key, plain []byte) (open, seal, read func() error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		panic(err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		panic(err)
	}
	iv, out := make([]byte, 12), make([]byte, 0, len(plain)+tagSize)
	ciphertext := aead.Seal(nil, iv, plain, nil)
	open = func() error { _, err := aead.Open(out, iv, ciphertext, nil); return err }
	seal = func() error { aead.Seal(out, iv, plain, nil); return nil }
	held := make([]byte, len(ciphertext))
	read = func() error {
		if _, err := io.ReadFull(onlyReader{bytes.NewReader(ciphertext)}, held); err != nil {
			return err
		}
		_, err := aead.Open(held[:0], iv, held, nil)
		return err
	}
	return open, seal, read
}

// BenchmarkMemory seals 1 GiB to a file, verifies and opens it, as a file and
// as a stream, and gives the most heap that was in use meanwhile.
func BenchmarkMemory(b *testing.B) {
	keys := Keys{AES: [][]byte{bytes.Repeat([]byte{7}, 32)}}
	path := filepath.Join(b.TempDir(), "object")
	file, err := os.Create(path)
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	var metadata map[string]string
	var object Object
	steps := []struct {
		name string
		do   func(*heap) error
	}{
		{"seal", func(h *heap) (err error) {
			metadata, _, err = Seal(b.Context(), io.MultiWriter(file, h), io.LimitReader(zeros{}, 1<<30), keys, SealOptions{})
			return err
		}},
		{"verify", func(h *heap) error {
			object.Body = io.TeeReader(file, h)
			_, err := Verify(b.Context(), object, keys, Options{})
			return err
		}},
		{"open", func(h *heap) error {
			object.Body = file
			_, err := Open(b.Context(), h, object, keys, Options{})
			return err
		}},
		{"streamed", func(h *heap) error {
			object.Body = io.TeeReader(file, h)
			_, err := Open(b.Context(), h, object, keys, Options{TempDir: b.TempDir()})
			return err
		}},
	}
	for b.Loop() {
		for _, s := range steps {
			if _, err := file.Seek(0, io.SeekStart); err != nil {
				b.Fatal(err)
			}
			object.Metadata = metadata
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
