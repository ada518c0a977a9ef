package esdk

import (
	"bytes"
	"context"
	"errors"
	"io"
	"testing"
	"testing/iotest"
)

// TestInMemory: a message in the caller's memory is read there, to its end,
// and stays as it was; each way gives what it gives for a stream.
func TestInMemory(t *testing.T) {
	kr := aesRing(t, "one")
	plaintext := random(3, 300_000)
	messages := longs(t, random(5, 3<<20))
	for name, opts := range map[string]WriteOptions{
		"small frames": {Suite: AES256Commit, FrameLength: 100},
		"frames":       {FrameLength: 4096},
		"large frames": {Suite: AES256Commit, FrameLength: 70_000},
	} {
		messages[name] = sealed(t, kr, opts, plaintext)
	}
	for name, message := range messages {
		before := bytes.Clone(message)
		want, streamed := opened(t, iotest.OneByteReader(bytes.NewReader(message))), bytes.NewReader(message)
		for range 2 { // the second time after what follows the message
			if got := opened(t, streamed); !bytes.Equal(got, want) || streamed.Len() != 0 {
				t.Errorf("%s: %d bytes, want %d; %d left", name, len(got), len(want), streamed.Len())
			}
			streamed = bytes.NewReader(append([]byte("before"), message...))
			_, _ = streamed.Seek(6, io.SeekStart)
		}
		var out bytes.Buffer
		if _, err := Open(t.Context(), &out, bytes.NewReader(message), kr, Options{MaxFrame: 64 << 20}); err != nil || !bytes.Equal(out.Bytes(), want) {
			t.Errorf("%s, opened: %d bytes, %v", name, out.Len(), err)
		}
		if p, err := Verify(t.Context(), bytes.NewReader(message), kr, Options{}); err != nil || p.Bytes != int64(len(want)) {
			t.Errorf("%s, verified: %d bytes, %v", name, p.Bytes, err)
		}
		if !bytes.Equal(before, message) {
			t.Fatalf("%s: the caller's memory was changed", name)
		}
		if _, err := Verify(t.Context(), bytes.NewReader(append(message, 0)), kr, Options{}); err == nil {
			t.Errorf("%s: a byte after the end is not found", name)
		}
	}
}

func opened(t *testing.T, r io.Reader) []byte {
	t.Helper()
	d, err := NewReader(t.Context(), r, aesRing(t, "one"), Options{MaxFrame: 2 << 30})
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if _, err := d.WriteTo(&out); err != nil || !d.Verified() {
		t.Fatal(err)
	}
	return out.Bytes()
}

// TestInMemoryGoesOn: a Reader whose WriteTo failed goes on where it was.
func TestInMemoryGoesOn(t *testing.T) {
	kr := aesRing(t, "one")
	plaintext := random(3, 300_000)
	message := sealed(t, kr, WriteOptions{FrameLength: 1000}, plaintext)
	d, err := NewReader(t.Context(), bytes.NewReader(message), kr, Options{})
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	for _, some := range []int64{1, 2500, 100_000} {
		if _, err := io.CopyN(&out, d, some); err != nil {
			t.Fatal(err)
		}
		w := &limited{3210}
		n, err := d.WriteTo(io.MultiWriter(w, &out))
		if err == nil {
			t.Fatalf("a writer of 3,210 bytes took %d", n)
		}
		// The writer that was full took nothing of the frame that is kept.
	}
	if _, err := d.WriteTo(&out); err != nil || !bytes.Equal(out.Bytes(), plaintext) || !d.Verified() {
		t.Errorf("%d of %d bytes, %v", out.Len(), len(plaintext), err)
	}
}

// TestInMemoryEnds: a context that ends ends the reading of memory, too.
func TestInMemoryEnds(t *testing.T) {
	kr := aesRing(t, "one")
	message := sealed(t, kr, WriteOptions{Suite: AES256Commit, FrameLength: 4096}, make([]byte, 8<<20))
	ctx, cancel := context.WithCancel(t.Context())
	d, err := NewReader(ctx, bytes.NewReader(message), kr, Options{})
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	n, err := d.WriteTo(io.Discard)
	if !errors.Is(err, context.Canceled) || n > 2<<20 {
		t.Errorf("%d bytes, %v", n, err)
	}
}
