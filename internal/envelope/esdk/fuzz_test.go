package esdk

import (
	"bytes"
	"encoding/base64"
	"errors"
	"io"
	"runtime"
	"testing"

	"github.com/sealaudit/sealaudit/internal/envelope"
)

// classed tells that an error is nil or wraps exactly one class.
func classed(t *testing.T, err error) {
	t.Helper()
	n := 0
	for _, class := range []error{envelope.ErrFormat, envelope.ErrTampered, envelope.ErrWrongKey, envelope.ErrNoKey,
		envelope.ErrRefused, envelope.ErrUnavailable, envelope.ErrUnsupported} {
		if errors.Is(err, class) {
			n++
		}
	}
	if err != nil && n != 1 {
		t.Fatalf("%d classes in %v", n, err)
	}
}

// seeds are short published messages, and a sample of each suite.
func seeds(f *testing.F) {
	f.Helper()
	for _, v := range vectors(f) {
		if len(v.message) < 2000 {
			f.Add(v.message)
		}
	}
	for _, message := range samples(f) {
		f.Add(message)
		f.Add([]byte(base64.StdEncoding.EncodeToString(message)))
	}
}

// FuzzInspect: no panic, and no more memory than a small multiple of the
// input.
func FuzzInspect(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, b []byte) {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		p, err := Inspect(t.Context(), bytes.NewReader(b), Options{})
		runtime.ReadMemStats(&after)
		classed(t, err)
		if p.Verdict == envelope.Verified {
			t.Fatalf("verified without a key: %+v", p)
		}
		if got := after.TotalAlloc - before.TotalAlloc; got > uint64(64*len(b)+1<<20) {
			t.Fatalf("%d bytes allocated for %d", got, len(b))
		}
	})
}

// FuzzHeader: a header that parses is written back to the same bytes, but for
// the order of its context.
func FuzzHeader(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, b []byte) {
		h, err := ParseHeader(bytes.NewReader(b), 16)
		classed(t, err)
		if err != nil {
			return
		}
		back, err := appendHeader(nil, &h)
		if err != nil || len(back) != len(h.body) || len(h.Context) < 2 && !bytes.Equal(back, h.body) {
			t.Fatalf("written back as %x, %v, was %x", back, err, h.body)
		}
	})
}

// FuzzVerify: nothing is right but what was sealed, and all paths agree.
func FuzzVerify(f *testing.F) {
	seeds(f)
	kr := aesRing(f, "one")
	f.Fuzz(func(t *testing.T, b []byte) {
		opts := Options{Context: map[string]string{"l": "w"}, AllowNET400: true}
		p, err := Verify(t.Context(), bytes.NewReader(b), kr, opts)
		classed(t, err)
		if (err == nil) != (p.Verdict == envelope.Verified) {
			t.Fatalf("%v, %v", p.Verdict, err)
		}
		var out bytes.Buffer
		if _, opened := Open(t.Context(), &out, bytes.NewReader(b), kr, opts); (opened == nil) != (err == nil) || opened != nil && out.Len() > 0 {
			t.Fatalf("verify %v, open %v with %d bytes", err, opened, out.Len())
		}
		r, read := NewReader(t.Context(), bytes.NewReader(b), kr, opts)
		if read == nil {
			_, read = io.Copy(io.Discard, r)
		}
		if (read == nil) != (err == nil) || r.Verified() != (err == nil) {
			t.Fatalf("verify %v, reader %v", err, read)
		}
		if err == nil && out.String() != "two frames" && out.String() != "one piece" {
			t.Fatalf("accepted %x", b)
		}
	})
}

// FuzzMutation: a change of one byte of a sample is refused.
func FuzzMutation(f *testing.F) {
	kr := aesRing(f, "one")
	all := samples(f)
	names := Suites()
	f.Add(uint8(0), false, uint16(30), uint8(1))
	f.Fuzz(func(t *testing.T, suite uint8, unframed bool, at uint16, change uint8) {
		name := names[int(suite)%len(names)].String() + " framed"
		if unframed {
			name = names[int(suite)%len(names)].String() + " unframed"
		}
		b := bytes.Clone(all[name])
		b[int(at)%len(b)] ^= change
		_, err := Verify(t.Context(), bytes.NewReader(b), kr, Options{Context: map[string]string{"l": "w"}})
		classed(t, err)
		if (err == nil) != (change == 0) {
			t.Fatalf("%s, byte %d by %x: %v", name, int(at)%len(b), change, err)
		}
	})
}

// FuzzBase64: the decoder agrees with the standard library's on what is whole.
func FuzzBase64(f *testing.F) {
	for _, s := range []string{"", "AYAB", "AgR4QQ==", "AgV4\nQUE=\r\n", "AYAB=AAA", "AYABAA==AAAA"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if _, text := recognise(b); !text {
			return
		}
		want, failed := base64.StdEncoding.DecodeString(string(b))
		r, _, err := decoded(bytes.NewReader(b))
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(r)
		if (err == nil) != (failed == nil) || err == nil && !bytes.Equal(got, want) {
			t.Fatalf("%q: %x, %v, want %x, %v", b, got, err, want, failed)
		}
		classed(t, err)
	})
}
