package s3ec

import (
	"bytes"
	"context"
	"errors"
	"io"
	"runtime"
	"strings"
	"testing"

	"github.com/sealaudit/sealaudit/internal/envelope"
)

// readers are the ways in which the same bytes come: lent or copied.
func readers(b []byte) map[string]io.Reader {
	skipped := bytes.NewReader(append([]byte("skipped"), b...))
	_, _ = io.CopyN(io.Discard, skipped, 7)
	return map[string]io.Reader{
		"memory":        bytes.NewReader(b),
		"what is left":  skipped,
		"a buffer":      bytes.NewBuffer(bytes.Clone(b)),
		"a seeker":      strings.NewReader(string(b)),
		"a stream":      onlyReader{bytes.NewReader(b)},
		"a slow stream": randomKiB{bytes.NewReader(b)},
	}
}

// TestLent: what is read from the caller's memory is sealed, verified and
// opened like what is copied, is read to its end and stays as it was.
func TestLent(t *testing.T) {
	keys := Keys{AES: [][]byte{bytes.Repeat([]byte{7}, 32)}}
	for _, size := range []int{0, 1, 16, 4097, pieceSize, pieceSize + 1, 2 * pieceSize, 2*pieceSize + 17, lentSize, 2*lentSize + 5} {
		plain := random(size)
		for _, version := range []string{"V2", "V3"} {
			for from, src := range readers(plain) {
				var body bytes.Buffer
				metadata, _, err := Seal(t.Context(), &body, src, keys, SealOptions{Version: version})
				if err != nil {
					t.Fatal(err)
				}
				before := bytes.Clone(body.Bytes())
				for to, r := range readers(body.Bytes()) {
					o := Object{Metadata: metadata, Body: r, Size: int64(len(before))}
					var out bytes.Buffer
					if _, err := Open(t.Context(), &out, o, keys, Options{}); err != nil || !bytes.Equal(out.Bytes(), plain) {
						t.Errorf("%s, %d bytes from %s, opened from %s: %v", version, size, from, to, err)
					}
					if n, _ := r.Read(make([]byte, 1)); n > 0 {
						t.Errorf("%s is not read to its end", to)
					}
					o.Body = readers(before)[to]
					if p, err := Verify(t.Context(), o, keys, Options{}); err != nil || p.Bytes != int64(size) {
						t.Errorf("%s, %d bytes from %s, verified from %s: %v, %d", version, size, from, to, err, p.Bytes)
					}
				}
				if !bytes.Equal(before, body.Bytes()) {
					t.Fatal("the caller's memory was changed")
				}
			}
		}
	}
}

// TestLentRefused: no byte is written of a body in memory that is damaged at
// any place, cut off, or longer than the store says.
func TestLentRefused(t *testing.T) {
	keys := Keys{AES: [][]byte{bytes.Repeat([]byte{7}, 32)}}
	o := sealed(t, random(memoryLent+2*pieceSize+5), keys, SealOptions{})()
	body, _ := io.ReadAll(o.Body)
	try := func(name string, b []byte, size int64, class error) {
		t.Helper()
		o.Size = size
		var out bytes.Buffer
		o.Body = bytes.NewReader(b)
		if _, err := Open(t.Context(), &out, o, keys, Options{}); !errors.Is(err, class) || out.Len() > 0 {
			t.Errorf("%s, opened: %v, %d bytes; want %v", name, err, out.Len(), class)
		}
		o.Body = bytes.NewReader(b)
		if _, err := Verify(t.Context(), o, keys, Options{}); !errors.Is(err, class) {
			t.Errorf("%s, verified: %v; want %v", name, err, class)
		}
	}
	for _, at := range []int{0, pieceSize + 3, 2*pieceSize - 1, 2 * pieceSize, 3 * pieceSize, len(body) / 2, len(body) - 17, len(body) - 16, len(body) - 1} {
		body[at] ^= 0x20
		try("a changed byte", body, int64(len(body)), envelope.ErrTampered)
		body[at] ^= 0x20
	}
	try("half of it", body[:len(body)/2], 0, envelope.ErrTampered)
	try("a piece cut off", body[:len(body)-1], int64(len(body)), io.ErrUnexpectedEOF)
	try("a byte too many", body, int64(len(body)-1), io.ErrUnexpectedEOF)
	try("half a tag", body[:8], 0, envelope.ErrFormat)
	try("nothing", nil, 0, envelope.ErrFormat)
}

// endingContext ends after it was asked some times.
type endingContext struct {
	context.Context
	after int
}

func (c *endingContext) Err() error {
	if c.after--; c.after < 0 {
		return context.Canceled
	}
	return nil
}

// TestLentEnds: an end of the context and a failing writer are told of,
// wherever they come.
func TestLentEnds(t *testing.T) {
	keys := Keys{AES: [][]byte{bytes.Repeat([]byte{7}, 32)}}
	object := sealed(t, random(memoryLent+2*pieceSize), keys, SealOptions{})
	open := func(ctx context.Context, dst io.Writer) error {
		_, err := Open(ctx, dst, object(), keys, Options{})
		return err
	}
	for n := range 5 { // once at first, for two pieces that are read, for two that are written
		if err := open(&endingContext{t.Context(), n}, io.Discard); !errors.Is(err, context.Canceled) {
			t.Errorf("ended after %d: %v", n, err)
		}
	}
	for n := range 3 {
		if err := open(t.Context(), &failing{after: n}); err == nil {
			t.Errorf("the writer failed after %d, and opening did not", n)
		}
	}
	if err := open(&endingContext{t.Context(), 5}, &failing{after: 3}); err != nil {
		t.Error(err)
	}
	for n := range 3 {
		src := bytes.NewReader(make([]byte, lentSize+1))
		if _, _, err := Seal(t.Context(), &failing{after: n}, src, keys, SealOptions{}); err == nil {
			t.Errorf("the writer failed after %d, and sealing did not", n)
		}
	}
	if _, err := Verify(&endingContext{t.Context(), 1}, object(), keys, Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("verifying: %v", err)
	}
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
