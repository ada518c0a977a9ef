package crosscheck

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"fmt"
	"io"
	"os"
	"runtime"
	"syscall"
	"testing"
	"time"

	"github.com/sealaudit/sealaudit/internal/envelope/esdk"
)

func cpu() time.Duration {
	var r syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &r)
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}

func TestCPU(t *testing.T) {
	if os.Getenv("CPU") == "" {
		t.Skip()
	}
	runtime.GOMAXPROCS(1)
	o, kr := newOfficial(t), ours(t)
	off := os.Getenv("CPU") == "2"
	for _, s := range []esdk.Suite{esdk.AES256SHA256, esdk.AES256Commit} {
		for _, c := range []struct{ size, frame int }{{1000, 4096}, {64 << 10, 4096}, {16 << 20, 4096}, {16 << 20, 65536}} {
			plaintext := make([]byte, c.size)
			message := seal(t, kr, s, c.frame, nil, nil, plaintext)
			block, _ := aes.NewCipher(make([]byte, 32))
			aead, _ := cipher.NewGCM(block)
			var iv [12]byte
			var aad [72]byte
			var m []byte
			for left := c.size; left > 0; left -= c.frame {
				m = aead.Seal(m, iv[:], make([]byte, min(left, c.frame)), aad[:])
			}
			out := make([]byte, 0, c.frame)
			fs := []struct {
				name string
				f    func()
			}{
				{"raw", func() {
					for rest := m; len(rest) > 0; {
						n := min(len(rest), c.frame+16)
						_, _ = aead.Open(out, iv[:], rest[:n], aad[:])
						rest = rest[n:]
					}
				}},
				{"reader", func() {
					r, err := esdk.NewReader(t.Context(), bytes.NewReader(message), kr, esdk.Options{})
					if err == nil {
						_, err = r.WriteTo(io.Discard)
					}
					if err != nil {
						t.Fatal(err)
					}
				}},
				{"verify", func() { _, _ = esdk.Verify(t.Context(), bytes.NewReader(message), kr, esdk.Options{}) }},
				{"open", func() {
					_, _ = esdk.Open(t.Context(), io.Discard, bytes.NewReader(message), kr, esdk.Options{})
				}},
				{"writer", func() {
					opts := esdk.WriteOptions{Suite: s, FrameLength: c.frame}
					if !s.Committing() {
						opts.Policy = esdk.ForbidEncryptAllowDecrypt
					}
					w, _ := esdk.NewWriter(t.Context(), io.Discard, kr, opts)
					_, _ = w.Write(plaintext)
					_ = w.Close()
				}},
				{"official", func() { _, _ = o.decrypt(t, message, nil, nil) }},
			}
			if !off {
				fs = fs[:5]
			}
			best := map[string]time.Duration{}
			for round := range 12 {
				for _, f := range fs {
					if f.name == "official" && round > 3 {
						continue
					}
					n, took := 0, time.Duration(0)
					for start := cpu(); took < 60*time.Millisecond; took = cpu() - start {
						for range max(1, min(200, 200000/c.size)) {
							f.f()
							n++
						}
					}
					if each := took / time.Duration(n); best[f.name] == 0 || each < best[f.name] {
						best[f.name] = each
					}
				}
			}
			fmt.Printf("%04x %8d/%5d", uint16(s), c.size, c.frame)
			for _, f := range fs {
				fmt.Printf("  %s %v (%.0f%%)", f.name, best[f.name], 100*float64(best["raw"])/float64(best[f.name]))
			}
			if off {
				fmt.Printf("  x%.0f/x%.0f/x%.0f", float64(best["official"])/float64(best["reader"]), float64(best["official"])/float64(best["verify"]), float64(best["official"])/float64(best["open"]))
			}
			fmt.Println()
		}
	}
}
