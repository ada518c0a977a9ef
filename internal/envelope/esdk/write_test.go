package esdk

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/sealaudit/sealaudit/internal/envelope"
	"github.com/sealaudit/sealaudit/internal/envelope/keyring"
)

// limited is a writer that takes n bytes.
type limited struct{ n int }

func (l *limited) Write(p []byte) (int, error) {
	if l.n -= len(p); l.n < 0 {
		return 0, io.ErrShortWrite
	}
	return len(p), nil
}

// TestWriteErrors: what a Writer refuses, and what it says of a failing sink.
func TestWriteErrors(t *testing.T) {
	kr := aesRing(t, "one")
	long := strings.Repeat("x", 40_000)
	for name, c := range map[string]struct {
		kr    envelope.Keyring
		opts  WriteOptions
		class error
	}{
		"suite":         {kr, WriteOptions{Suite: 0x1234}, envelope.ErrUnsupported},
		"frame length":  {kr, WriteOptions{FrameLength: -1}, envelope.ErrUnsupported},
		"reserved":      {kr, WriteOptions{Context: map[string]string{"aws-crypto-public-key": ""}}, envelope.ErrUnsupported},
		"required":      {kr, WriteOptions{Required: []string{"absent"}}, envelope.ErrUnsupported},
		"long value":    {kr, WriteOptions{Context: map[string]string{"k": long + long}}, envelope.ErrFormat},
		"long context":  {kr, WriteOptions{Context: map[string]string{"k": long, "l": long}}, envelope.ErrFormat},
		"long required": {kr, WriteOptions{Context: map[string]string{"k": long + long}, Required: []string{"k"}}, envelope.ErrFormat},
		"keyring":       {failing{envelope.ErrRefused}, WriteOptions{}, envelope.ErrRefused},
		"no keyring":    {keyring.Multi{}, WriteOptions{}, envelope.ErrNoKey},
	} {
		var out bytes.Buffer
		if _, err := NewWriter(t.Context(), &out, c.kr, c.opts); !errors.Is(err, c.class) || out.Len() > 0 {
			t.Errorf("%s: %d bytes, %v", name, out.Len(), err)
		}
	}
}

// TestFullSinks: what is said of a sink that takes no more, and of limits.
func TestFullSinks(t *testing.T) {
	kr := aesRing(t, "one")
	for _, n := range []int{0, 100, 70_000} {
		w, err := NewWriter(t.Context(), &limited{n}, kr, WriteOptions{Suite: AES256Commit, FrameLength: 1000})
		if err != nil {
			t.Fatal(err)
		}
		_, err = io.Copy(w, &endless{200_000})
		if !errors.Is(err, io.ErrShortWrite) || !errors.Is(w.Close(), io.ErrShortWrite) {
			t.Errorf("a sink of %d bytes: %v", n, err)
		}
	}
	w, err := NewWriter(t.Context(), &limited{10}, kr, WriteOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); !errors.Is(err, io.ErrShortWrite) {
		t.Errorf("closing onto a full sink: %v", err)
	}
	w, err = NewWriter(t.Context(), io.Discard, kr, WriteOptions{Unframed: true, MaxFrame: 10})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(make([]byte, 11)); !errors.Is(err, envelope.ErrUnsupported) || w.Close() == nil {
		t.Errorf("an unframed message that is too long: %v", err)
	}
	w.err, w.frame, w.m.seq = nil, 1, 1<<32-1
	if _, err := w.Write([]byte("xy")); !errors.Is(err, envelope.ErrUnsupported) {
		t.Errorf("too many frames: %v", err)
	}
	message := sealed(t, kr, WriteOptions{}, random(1, 3<<20))
	for _, most := range []int{1 << 20, 4 << 20} {
		if _, err := Open(t.Context(), &limited{10}, bytes.NewReader(message), kr, Options{MaxFrame: most}); !errors.Is(err, io.ErrShortWrite) {
			t.Errorf("opening onto a full sink: %v", err)
		}
	}
	r, err := NewReader(t.Context(), bytes.NewReader(message), kr, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if n, err := r.Read(nil); n != 0 || err != nil {
		t.Error(n, err)
	}
	if n, err := r.WriteTo(&limited{4096}); n != 4096 || !errors.Is(err, io.ErrShortWrite) {
		t.Errorf("writing to a full sink: %d, %v", n, err)
	}
}

// kmsLike makes its own data keys.
type kmsLike struct{ published }

func (k kmsLike) Generate(_ context.Context, n int, _ map[string]string) (envelope.DataKey, envelope.EncryptedDataKey, error) {
	copy(k.published, bytes.Repeat([]byte{7}, n))
	return envelope.NewDataKey(bytes.Repeat([]byte{7}, n)), envelope.EncryptedDataKey{Provider: "aws-kms"}, nil
}

// TestGenerates: a keyring that makes data keys is asked to.
func TestGenerates(t *testing.T) {
	k := kmsLike{make([]byte, 32)}
	if p, err := Verify(t.Context(), bytes.NewReader(sealed(t, k, WriteOptions{}, nil)), k, Options{}); err != nil || p.Keys[0].Provider != "aws-kms" {
		t.Errorf("%+v, %v", p, err)
	}
}
