package crosscheck

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"fmt"
	"io"
	"testing"

	"github.com/sealaudit/sealaudit/internal/envelope/esdk"
)

// BenchmarkDecrypt and BenchmarkEncrypt have the official library, ours and
// the raw cipher beside each other, for a message of each shape.
func BenchmarkDecrypt(b *testing.B) {
	o, kr := newOfficial(b), ours(b)
	each(b, func(b *testing.B, s esdk.Suite, size, frame int) {
		plaintext := make([]byte, size)
		message := seal(b, kr, s, frame, nil, nil, plaintext)
		run(b, "official", size, func() error { _, err := o.decrypt(b, message, nil, nil); return err })
		run(b, "reader", size, func() error {
			r, err := esdk.NewReader(b.Context(), bytes.NewReader(message), kr, esdk.Options{})
			if err == nil {
				_, err = r.WriteTo(io.Discard)
			}
			return err
		})
		run(b, "verify", size, func() error {
			_, err := esdk.Verify(b.Context(), bytes.NewReader(message), kr, esdk.Options{})
			return err
		})
		run(b, "open", size, func() error {
			_, err := esdk.Open(b.Context(), io.Discard, bytes.NewReader(message), kr, esdk.Options{})
			return err
		})
		raw(b, size, frame)
	})
}

func BenchmarkEncrypt(b *testing.B) {
	o, kr := newOfficial(b), ours(b)
	each(b, func(b *testing.B, s esdk.Suite, size, frame int) {
		plaintext := make([]byte, size)
		run(b, "official", size, func() error { o.encrypt(b, s, int64(frame), nil, nil, plaintext); return nil })
		run(b, "writer", size, func() error { seal(b, kr, s, frame, nil, nil, plaintext); return nil })
	})
}

func each(b *testing.B, f func(b *testing.B, s esdk.Suite, size, frame int)) {
	for _, s := range []esdk.Suite{esdk.AES256SHA256, esdk.AES256Commit, esdk.AES256SHA384P384, esdk.AES256CommitSigned} {
		for _, c := range []struct {
			name        string
			size, frame int
		}{{"1KB", 1000, 4096}, {"64KB-4K", 64 << 10, 4096}, {"16MB-4K", 16 << 20, 4096}, {"16MB-64K", 16 << 20, 64 << 10}} {
			b.Run(fmt.Sprintf("%04x/%s", uint16(s), c.name), func(b *testing.B) { f(b, s, c.size, c.frame) })
		}
	}
}

func run(b *testing.B, name string, size int, f func() error) {
	b.Run(name, func(b *testing.B) {
		b.SetBytes(int64(size))
		b.ReportAllocs()
		for b.Loop() {
			if err := f(); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// raw opens as much under AES-256-GCM in pieces of a frame: what can't be left
// out.
func raw(b *testing.B, size, frame int) {
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
	var message []byte
	for left := size; left > 0; left -= frame {
		message = aead.Seal(message, iv[:], make([]byte, min(left, frame)), aad[:])
	}
	out := make([]byte, 0, frame)
	run(b, "raw", size, func() error {
		for rest := message; len(rest) > 0; {
			n := min(len(rest), frame+16)
			if _, err := aead.Open(out, iv[:], rest[:n], aad[:]); err != nil {
				return err
			}
			rest = rest[n:]
		}
		return nil
	})
}
