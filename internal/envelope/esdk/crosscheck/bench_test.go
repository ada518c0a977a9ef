//go:build unix

package crosscheck

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
	"testing"

	"github.com/sealaudit/sealaudit/internal/envelope/esdk"
	"github.com/sealaudit/sealaudit/internal/envelope/turns"
)

// BenchmarkDecrypt has ours, the official library and the floor beside each
// other for a message of each shape. Ours are the Reader, which hands out
// frame by frame, Open, which holds all until it is verified, and Verify.
// "x-official" is the official library's time over ours, "%-of-floor" the
// floor's.
func BenchmarkDecrypt(b *testing.B) {
	o, kr := newOfficial(b), ours(b)
	each(b, func(b *testing.B, s esdk.Suite, size, frame int) {
		message := seal(b, kr, s, frame, nil, nil, make([]byte, size))
		took := turns.Measure(b, map[string]func() error{
			"official": func() error { _, err := o.decrypt(b, message, nil, nil); return err },
			"floor":    floor(b, s, size, frame),
			"reader": func() error {
				r, err := esdk.NewReader(b.Context(), bytes.NewReader(message), kr, esdk.Options{})
				if err == nil {
					_, err = r.WriteTo(io.Discard)
				}
				return err
			},
			"verify": func() error {
				_, err := esdk.Verify(b.Context(), bytes.NewReader(message), kr, esdk.Options{})
				return err
			},
			"open": func() error {
				_, err := esdk.Open(b.Context(), io.Discard, bytes.NewReader(message), kr, esdk.Options{})
				return err
			},
		})
		for _, way := range []string{"reader", "open", "verify"} {
			b.ReportMetric(took["official"]/took[way], way+"-x-official")
			b.ReportMetric(100*took["floor"]/took[way], way+"-%-of-floor")
		}
		b.ReportMetric(float64(size)/took["reader"]*1e3, "reader-MB/s")
		b.ReportMetric(0, "ns/op") // of all together: nobody's
	})
}

// BenchmarkEncrypt has our Writer beside the official library, and beside our
// Reader of the message that it makes: "x-decrypt" is the Reader's time over
// the Writer's.
func BenchmarkEncrypt(b *testing.B) {
	o, kr := newOfficial(b), ours(b)
	each(b, func(b *testing.B, s esdk.Suite, size, frame int) {
		plaintext := make([]byte, size)
		message := seal(b, kr, s, frame, nil, nil, plaintext)
		opts := esdk.WriteOptions{Suite: s, FrameLength: frame}
		if !s.Committing() {
			opts.Policy = esdk.ForbidEncryptAllowDecrypt
		}
		took := turns.Measure(b, map[string]func() error{
			"official": func() error { o.encrypt(b, s, int64(frame), nil, nil, plaintext); return nil },
			"reader": func() error {
				r, err := esdk.NewReader(b.Context(), bytes.NewReader(message), kr, esdk.Options{})
				if err == nil {
					_, err = r.WriteTo(io.Discard)
				}
				return err
			},
			"writer": func() error {
				w, err := esdk.NewWriter(b.Context(), io.Discard, kr, opts)
				if err == nil {
					_, err = w.Write(plaintext)
				}
				return errors.Join(err, w.Close())
			},
		})
		b.ReportMetric(took["official"]/took["writer"], "x-official")
		b.ReportMetric(took["reader"]/took["writer"], "x-decrypt")
		b.ReportMetric(float64(size)/took["writer"]*1e3, "writer-MB/s")
		b.ReportMetric(0, "ns/op")
	})
}

func each(b *testing.B, f func(b *testing.B, s esdk.Suite, size, frame int)) {
	for _, s := range []esdk.Suite{esdk.AES256SHA256, esdk.AES256Commit, esdk.AES256SHA384P384, esdk.AES256CommitSigned} {
		for _, c := range []struct {
			name        string
			size, frame int
		}{{"1KB", 1000, 4096}, {"64KiB-in-4KiB", 64 << 10, 4096}, {"4MiB-in-4KiB", 4 << 20, 4096}, {"4MiB-in-64KiB", 4 << 20, 64 << 10}} {
			b.Run(fmt.Sprintf("%04x/%s", uint16(s), c.name), func(b *testing.B) { f(b, s, c.size, c.frame) })
		}
	}
}

// floor is what cannot be left out: AES-256-GCM in pieces of a frame, and for
// a signed suite SHA-384 over them and one verification over P-384.
func floor(b *testing.B, s esdk.Suite, size, frame int) func() error {
	block, err := aes.NewCipher(make([]byte, 32))
	if err != nil {
		b.Fatal(err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		b.Fatal(err)
	}
	key, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		b.Fatal(err)
	}
	digest := make([]byte, sha512.Size384)
	signature, err := ecdsa.SignASN1(rand.Reader, key, digest)
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
	signed := s == esdk.AES256SHA384P384 || s == esdk.AES256CommitSigned
	return func() error {
		sum := sha512.New384()
		for rest := message; len(rest) > 0; {
			n := min(len(rest), frame+16)
			if signed {
				sum.Write(rest[:n])
			}
			if _, err := aead.Open(out, iv[:], rest[:n], aad[:]); err != nil {
				return err
			}
			rest = rest[n:]
		}
		if signed && !ecdsa.VerifyASN1(&key.PublicKey, digest, signature) {
			return errors.New("the floor's signature does not verify")
		}
		return nil
	}
}
