package esdk

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"errors"
	"io"
	"runtime"
	"testing"

	"github.com/sealaudit/sealaudit/internal/envelope"
)

// TestPieceGCM holds the chunked GCM against the standard library's.
func TestPieceGCM(t *testing.T) {
	for _, keyLen := range []int{16, 24, 32} {
		block, err := aes.NewCipher(random(1, keyLen))
		if err != nil {
			t.Fatal(err)
		}
		aead, err := cipher.NewGCM(block)
		if err != nil {
			t.Fatal(err)
		}
		for _, n := range []int{0, 1, 15, 16, 17, 31, 32, 33, 48, 63, 64, 65, 200} {
			for _, aadLen := range []int{0, 1, 15, 16, 17, 79} {
				for _, size := range []int{16, 32, 48, 256} {
					iv, aad, plaintext := random(2, 12), random(3, aadLen), random(4, n)
					ciphertext := aead.Seal(nil, iv, plaintext, aad)
					g := newPieceGCM(block, aead, iv, aad)
					var got []byte
					for rest := bytes.Clone(ciphertext[:n]); len(rest) > 0; {
						part := rest[:min(size, len(rest))]
						g.absorb(part)
						g.stream.XORKeyStream(part, part)
						got, rest = append(got, part...), rest[len(part):]
					}
					tag := ciphertext[n:]
					if !g.verify(tag) || !bytes.Equal(got, plaintext) {
						t.Fatalf("%d bytes under %d of aad in chunks of %d", n, aadLen, size)
					}
					tag[5] ^= 1
					if g.verify(tag) {
						t.Fatal("a changed tag is accepted")
					}
				}
			}
		}
	}
}

// longs are messages of pieces that are checked in chunks.
func longs(t testing.TB, plaintext []byte) map[string][]byte {
	kr := aesRing(t, "one")
	return map[string][]byte{
		"unframed":        sealed(t, kr, WriteOptions{Suite: AES256Commit, Unframed: true}, plaintext),
		"unframed signed": sealed(t, kr, WriteOptions{Unframed: true}, plaintext),
		"unframed v1":     sealed(t, kr, WriteOptions{Suite: AES192SHA384P384, Unframed: true}, plaintext),
		"long frames":     sealed(t, kr, WriteOptions{Suite: AES256Commit, FrameLength: 2<<20 - 5}, plaintext),
		"one frame":       sealed(t, kr, WriteOptions{Suite: AES256, FrameLength: 1 << 30}, plaintext),
	}
}

// TestLongPieces: what is checked in chunks is checked as well, and what has
// to be held is bounded.
func TestLongPieces(t *testing.T) {
	kr := aesRing(t, "one")
	plaintext := random(8, 5<<20+3)
	for name, message := range longs(t, plaintext) {
		p, err := Verify(t.Context(), bytes.NewReader(message), kr, Options{})
		if err != nil || p.Bytes != int64(len(plaintext)) {
			t.Errorf("%s: %+v, %v", name, p, err)
		}
		if p, err = Inspect(t.Context(), bytes.NewReader(message), Options{}); err != nil || p.Bytes != int64(len(plaintext)) {
			t.Errorf("%s: inspect gives %+v, %v", name, p, err)
		}
		for _, most := range []int{1 << 20, 3 << 20, 8 << 20} {
			var out bytes.Buffer
			p, err = Open(t.Context(), &out, bytes.NewReader(message), kr, Options{MaxFrame: most})
			if err != nil || !bytes.Equal(out.Bytes(), plaintext) || p.Verdict != envelope.Verified {
				t.Errorf("%s, holding %d: %d bytes, %+v, %v", name, most, out.Len(), p, err)
			}
		}
		var out bytes.Buffer
		p, err = Open(t.Context(), &out, io.MultiReader(bytes.NewReader(message)), kr, Options{MaxFrame: 1 << 20})
		if !errors.Is(err, envelope.ErrUnsupported) || out.Len() > 0 || p.Verdict != envelope.Unknown {
			t.Errorf("%s from a stream: %d bytes, %v", name, out.Len(), err)
		}
		for _, at := range []int{len(message) / 2, len(message) - 200, 400} {
			message[at] ^= 4
			var out bytes.Buffer
			p, err = Verify(t.Context(), bytes.NewReader(message), kr, Options{})
			_, opened := Open(t.Context(), &out, bytes.NewReader(message), kr, Options{MaxFrame: 1 << 20})
			if !errors.Is(err, envelope.ErrTampered) || !errors.Is(opened, envelope.ErrTampered) || out.Len() > 0 || p.Verdict != envelope.Refuted {
				t.Errorf("%s, byte %d changed: %v; %d bytes, %v", name, at, err, out.Len(), opened)
			}
			message[at] ^= 4
		}
		if _, err = Verify(t.Context(), bytes.NewReader(message[:len(message)/2]), kr, Options{}); !errors.Is(err, envelope.ErrFormat) {
			t.Errorf("%s, half of it: %v", name, err)
		}
	}
}

// changing is a file that is another one once it was read to its end.
type changing struct {
	*bytes.Reader
	then []byte
}

func (c *changing) Seek(offset int64, whence int) (int64, error) {
	if whence == io.SeekStart && c.Len() == 0 {
		c.Reader = bytes.NewReader(c.then)
	}
	return c.Reader.Seek(offset, whence)
}

// TestChangedBetweenReadings: a file that changes between the two readings
// releases nothing that was not verified.
func TestChangedBetweenReadings(t *testing.T) {
	kr := aesRing(t, "one")
	plaintext := random(8, 5<<20)
	for name, message := range longs(t, plaintext) {
		h, err := ParseHeader(bytes.NewReader(message), 0)
		if err != nil {
			t.Fatal(err)
		}
		head := len(h.body) + len(h.auth)
		for _, at := range []int{head + 8, head + 100, len(message) / 2, len(message) - 300} {
			then := bytes.Clone(message)
			then[at] ^= 0x10
			var out bytes.Buffer
			p, err := Open(t.Context(), &out, &changing{bytes.NewReader(message), then}, kr, Options{MaxFrame: 1 << 20})
			if err == nil || p.Verdict != envelope.Refuted || !bytes.HasPrefix(plaintext, out.Bytes()) {
				t.Errorf("%s, byte %d: %d bytes, %v", name, at, out.Len(), err)
			}
		}
	}
}

// endless is a message that claims much and gives nothing but zeros.
type endless struct{ n int64 }

func (e *endless) Read(p []byte) (int, error) {
	n := int(min(int64(len(p)), e.n))
	if e.n -= int64(n); n == 0 {
		return 0, io.EOF
	}
	clear(p[:n])
	return n, nil
}

// TestHostileLengths: a length allocates nothing before its bytes are there.
func TestHostileLengths(t *testing.T) {
	kr := published(make([]byte, 32))
	for name, opts := range map[string]WriteOptions{
		"frames": {Suite: AES256Commit, FrameLength: 1<<32 - 1},
	} {
		m := &message{}
		if _, err := m.seal(t.Context(), kr, opts); err != nil {
			t.Fatal(err)
		}
		head := append(append(m.head.body, m.head.auth...), 0, 0, 0, 1)
		for _, arrives := range []int64{0, 1000, 100_000} {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			r, err := NewReader(t.Context(), io.MultiReader(bytes.NewReader(head), &endless{arrives}), kr, Options{MaxFrame: 1 << 33})
			if err != nil {
				t.Fatal(err)
			}
			_, err = io.Copy(io.Discard, r)
			runtime.ReadMemStats(&after)
			if !errors.Is(err, envelope.ErrFormat) {
				t.Errorf("%s, %d bytes: %v", name, arrives, err)
			}
			if got := after.TotalAlloc - before.TotalAlloc; got > uint64(8*arrives+200_000) {
				t.Errorf("%s: %d bytes allocated for %d", name, got, arrives)
			}
		}
	}
}

// zeros is plaintext that takes no memory.
type zeros struct{ io.Reader }

// TestBoundedMemory verifies and streams a message much longer than what is
// held at once.
func TestBoundedMemory(t *testing.T) {
	const size = 64 << 20
	kr := aesRing(t, "one")
	for _, opts := range []WriteOptions{{Suite: AES256Commit}, {Suite: AES256Commit, FrameLength: 1 << 16}, {Suite: AES256Commit, FrameLength: 3 << 20}} {
		for path, read := range map[string]func(io.Reader) (int64, error){
			"verify": func(r io.Reader) (int64, error) {
				p, err := Verify(t.Context(), r, kr, Options{})
				return p.Bytes, err
			},
			"reader": func(r io.Reader) (int64, error) {
				d, err := NewReader(t.Context(), r, kr, Options{})
				if err != nil {
					return 0, err
				}
				return io.Copy(io.Discard, d)
			},
		} {
			in, out := io.Pipe()
			go func() {
				w, err := NewWriter(t.Context(), out, kr, opts)
				if err == nil {
					if _, err = io.Copy(w, zeros{&endless{size}}); err == nil {
						err = w.Close()
					}
				}
				_ = out.CloseWithError(err)
			}()
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			n, err := read(in)
			runtime.ReadMemStats(&after)
			if got := after.TotalAlloc - before.TotalAlloc; err != nil || n != size || got > 32<<20 {
				t.Errorf("%s in frames of %d: %d bytes, %v, %d allocated in all", path, opts.FrameLength, n, err, got)
			}
		}
	}
}
