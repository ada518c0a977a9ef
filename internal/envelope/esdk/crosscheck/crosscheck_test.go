package crosscheck

import (
	"bytes"
	"crypto/rand"
	"testing"

	"github.com/sealaudit/sealaudit/internal/envelope"
	"github.com/sealaudit/sealaudit/internal/envelope/esdk"
)

// TestRoundTrip: what we write the official library opens, and the other way
// round, for every suite, sizes around frames, and contexts with and without
// required pairs.
func TestRoundTrip(t *testing.T) {
	o, kr := newOfficial(t), ours(t)
	contexts := []struct {
		pairs    map[string]string
		required []string
	}{
		{nil, nil},
		{map[string]string{"stream": "orders", "ü": "ø", "empty": ""}, nil},
		{map[string]string{"a": "1", "b": "2"}, []string{"b"}},
		{map[string]string{"a": "1", "b": "2"}, []string{"a", "b"}},
	}
	n := 0
	for _, s := range esdk.Suites() {
		for _, c := range contexts {
			for _, size := range []int{0, 1, 4095, 4096, 4097, 20_000} {
				plaintext := make([]byte, size)
				_, _ = rand.Read(plaintext)
				theirs := o.encrypt(t, s, 4096, c.pairs, c.required, plaintext)
				supplied := map[string]string{}
				for _, key := range c.required {
					supplied[key] = c.pairs[key]
				}
				var out bytes.Buffer
				p, err := esdk.Open(t.Context(), &out, bytes.NewReader(theirs), kr, esdk.Options{Context: supplied})
				if err != nil || p.Verdict != envelope.Verified || !bytes.Equal(out.Bytes(), plaintext) {
					t.Errorf("%s, %d bytes, %v: ours opens theirs: %+v, %v", s, size, c, p, err)
				}
				back, err := o.decrypt(t, seal(t, kr, s, 4096, c.pairs, c.required, plaintext), c.pairs, c.required)
				if err != nil || !bytes.Equal(back, plaintext) {
					t.Errorf("%s, %d bytes, %v: theirs opens ours: %d bytes, %v", s, size, c, len(back), err)
				}
				n += 2
			}
		}
	}
	t.Logf("%d messages", n)
	// Bodies that are not framed: theirs reads them and no longer writes them.
	for _, s := range esdk.Suites() {
		for _, size := range []int{0, 1, 20_000} {
			plaintext := make([]byte, size)
			back, err := o.decrypt(t, seal(t, kr, s, 0, nil, nil, plaintext), nil, nil)
			if err != nil || !bytes.Equal(back, plaintext) {
				t.Errorf("%s, %d bytes unframed: %v", s, size, err)
			}
		}
	}
}

func seal(tb testing.TB, kr envelope.Keyring, s esdk.Suite, frame int, pairs map[string]string, required []string, plaintext []byte) []byte {
	tb.Helper()
	opts := esdk.WriteOptions{Suite: s, FrameLength: frame, Unframed: frame == 0, Context: pairs, Required: required}
	if !s.Committing() {
		opts.Policy = esdk.ForbidEncryptAllowDecrypt
	}
	var out bytes.Buffer
	w, err := esdk.NewWriter(tb.Context(), &out, kr, opts)
	if err != nil {
		tb.Fatal(err)
	}
	if _, err := w.Write(plaintext); err != nil {
		tb.Fatal(err)
	}
	if err := w.Close(); err != nil {
		tb.Fatal(err)
	}
	return out.Bytes()
}

// TestBothRefuse: a changed message is refused by both, byte by byte.
func TestBothRefuse(t *testing.T) {
	o, kr := newOfficial(t), ours(t)
	for _, s := range []esdk.Suite{esdk.AES256, esdk.AES256SHA256, esdk.AES256Commit} {
		message := seal(t, kr, s, 10, map[string]string{"a": "1"}, nil, []byte("more than a frame"))
		for at := range message {
			message[at] ^= 1
			_, theirs := o.decrypt(t, message, nil, nil)
			_, ours := esdk.Verify(t.Context(), bytes.NewReader(message), kr, esdk.Options{})
			if theirs == nil || ours == nil {
				t.Errorf("%s with byte %d changed: theirs says %v, ours %v", s, at, theirs, ours)
			}
			message[at] ^= 1
		}
	}
}
