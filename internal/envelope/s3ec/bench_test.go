package s3ec

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"fmt"
	"io"
	"runtime"
	"testing"
	"time"
)

// BenchmarkObjects measures beside a floor in the same run: raw AES-256-GCM of
// the standard library over the same bytes. Floor and work take turns, and the
// best of each counts, so that a busy machine changes both or neither.
func BenchmarkObjects(b *testing.B) {
	keys := Keys{AES: [][]byte{bytes.Repeat([]byte{7}, 32)}}
	for _, size := range []int{1 << 10, 64 << 10, 1 << 20, 16 << 20, 64 << 20} {
		plain := random(size)
		block, _ := aes.NewCipher(keys.AES[0])
		aead, _ := cipher.NewGCM(block)
		iv := make([]byte, 12)
		ciphertext := aead.Seal(nil, iv, plain, nil)
		out := make([]byte, 0, size+16)
		open := func() error { _, err := aead.Open(out, iv, ciphertext, nil); return err }
		seal := func() error { aead.Seal(out, iv, plain, nil); return nil }
		beside := func(name string, floor, do func() error) {
			b.Run(fmt.Sprintf("%s/%d", name, size), func(b *testing.B) {
				b.SetBytes(int64(size))
				raw, own := time.Hour, time.Hour
				for b.Loop() {
					raw, own = min(raw, timed(b, floor)), min(own, timed(b, do))
				}
				b.ReportMetric(float64(raw)/float64(own)*100, "%floor")
				b.ReportMetric(float64(size)/own.Seconds()/1e6, "best-MB/s")
				b.ReportMetric(float64(size)/raw.Seconds()/1e6, "floor-MB/s")
			})
		}
		for _, version := range []string{"V2", "V3"} {
			s := sealed(b, plain, keys, SealOptions{Version: version})
			beside("verify-"+version, open, func() error { _, err := Verify(b.Context(), s(), keys, Options{}); return err })
			beside("open-"+version, open, func() error { _, err := Open(b.Context(), io.Discard, s(), keys, Options{}); return err })
		}
		beside("seal-V3", seal, func() error {
			_, _, err := Seal(b.Context(), io.Discard, bytes.NewReader(plain), keys, SealOptions{})
			return err
		})
	}
}

func timed(b *testing.B, do func() error) time.Duration {
	start := time.Now()
	if err := do(); err != nil {
		b.Fatal(err)
	}
	return time.Since(start)
}

// TestMemory: what is allocated does not grow with the body. All that is ever
// allocated bounds what is held at once.
func TestMemory(t *testing.T) {
	h := &header{suite: suiteCommit()}
	key := make([]byte, 32)
	pipe := func(size int64) io.Reader {
		r, w := io.Pipe()
		go func() {
			_, err := h.sealBody(t.Context(), w, io.LimitReader(zeros{}, size), key)
			w.CloseWithError(err)
		}()
		return r
	}
	const giB = 1 << 30
	spent := allocated(func() {
		if done, err := h.verifyBody(t.Context(), key, Object{Body: pipe(giB)}); err != nil || done.bytes != giB {
			t.Errorf("verifying: %v, %d bytes", err, done.bytes)
		}
	})
	if spent > 4<<20 {
		t.Errorf("sealing and verifying 1 GiB allocated %d MiB", spent>>20)
	}
	const part = giB / 8
	spent = allocated(func() {
		o := Object{Body: pipe(part), Size: part + tagSize}
		if done, err := h.openBody(t.Context(), io.Discard, key, o, Options{TempDir: t.TempDir()}); err != nil || done.bytes != part {
			t.Errorf("opening: %v, %d bytes", err, done.bytes)
		}
	})
	if spent > 4<<20 {
		t.Errorf("sealing and opening %d MiB allocated %d MiB", part>>20, spent>>20)
	}
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) {
	clear(b)
	return len(b), nil
}

func allocated(do func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	do()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}
