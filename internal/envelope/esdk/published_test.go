package esdk

import (
	"bytes"
	"encoding/base64"
	"errors"
	"io"
	"math/rand/v2"
	"reflect"
	"testing"
	"testing/iotest"

	"github.com/sealaudit/sealaudit/internal/envelope"
)

// tally is what came of a source's messages.
type tally struct{ vectors, opened, refused, parsed int }

// TestPublishedVectors opens every published message to its plaintext, and
// refuses every one made to be refused, on every path.
func TestPublishedVectors(t *testing.T) {
	got := map[string]*tally{}
	for _, v := range vectors(t) {
		n := got[v.source]
		if n == nil {
			n = &tally{}
			got[v.source] = n
		}
		n.vectors++
		switch {
		case v.keyring == nil:
			n.parsed++
			inspectOnly(t, v)
		case v.class == nil:
			n.opened++
			opens(t, v)
		default:
			n.refused++
			refused(t, v)
		}
	}
	want := map[string]*tally{
		"esdk-net-4.0.1":         {132, 99, 0, 33},
		"esdk-net-4.0.0-valid":   {5, 5, 0, 0},
		"esdk-net-4.0.0-invalid": {14, 0, 14, 0},
		"esdk-c-from-dafny":      {307, 297, 0, 10},
		"esdk-commitment-kat":    {46, 41, 5, 0},
		"esdk-javascript-static": {7, 5, 2, 0},
	}
	for source := range want {
		if got[source] == nil || *got[source] != *want[source] {
			t.Errorf("%s: %+v, want %+v", source, got[source], want[source])
		}
	}
	if len(got) != len(want) {
		t.Errorf("%d sources, want %d", len(got), len(want))
	}
}

func inspectOnly(t *testing.T, v vector) {
	t.Helper()
	p, err := Inspect(t.Context(), bytes.NewReader(v.message), Options{})
	if err != nil || p.Verdict != envelope.Unknown || p.Bytes != int64(len(v.plaintext)) || len(p.Keys) == 0 || p.Keys[0].ID == "" {
		t.Errorf("%s %s: inspect gives %+v, %v", v.source, v.name, p, err)
	}
	p, err = Verify(t.Context(), bytes.NewReader(v.message), nothing{}, Options{Context: v.context})
	if !errors.Is(err, envelope.ErrNoKey) || p.Verdict != envelope.Unknown {
		t.Errorf("%s %s: without its key: %v, %v", v.source, v.name, p.Verdict, err)
	}
}

// sources are the ways in which a message is read.
func sources(message []byte) map[string]io.Reader {
	return map[string]io.Reader{
		"whole":  bytes.NewReader(message),
		"bytes":  iotest.OneByteReader(bytes.NewReader(message)),
		"chunks": &chunked{message, rand.New(rand.NewPCG(1, uint64(len(message))))},
		"base64": iotest.HalfReader(bytes.NewReader([]byte(base64.StdEncoding.EncodeToString(message)))),
	}
}

// chunked reads in random lengths, its end with the last byte.
type chunked struct {
	b    []byte
	rand *rand.Rand
}

func (c *chunked) Read(p []byte) (int, error) {
	n := copy(p, c.b[:min(len(c.b), 1+c.rand.IntN(300))])
	if c.b = c.b[n:]; len(c.b) == 0 {
		return n, io.EOF
	}
	return n, nil
}

func opens(t *testing.T, v vector) {
	t.Helper()
	opts := Options{Context: v.context}
	for name := range sources(v.message) {
		p, err := Verify(t.Context(), sources(v.message)[name], v.keyring, opts)
		if err != nil || p.Verdict != envelope.Verified || p.Bytes != int64(len(v.plaintext)) {
			t.Fatalf("%s %s (%s): verify gives %+v, %v", v.source, v.name, name, p, err)
		}
		var out bytes.Buffer
		opened, err := Open(t.Context(), &out, sources(v.message)[name], v.keyring, opts)
		if err != nil || !bytes.Equal(out.Bytes(), v.plaintext) || !reflect.DeepEqual(p, opened) {
			t.Fatalf("%s %s (%s): open gives %d bytes, %v", v.source, v.name, name, out.Len(), err)
		}
		r, err := NewReader(t.Context(), sources(v.message)[name], v.keyring, opts)
		if err != nil || r.Verified() || r.Proof().Verdict != envelope.Unknown {
			t.Fatalf("%s %s (%s): the reader says %v at its start, %v", v.source, v.name, name, r.Proof().Verdict, err)
		}
		b, err := io.ReadAll(r)
		if err != nil || !bytes.Equal(b, v.plaintext) || !r.Verified() || !reflect.DeepEqual(p, r.Proof()) {
			t.Fatalf("%s %s (%s): the reader gives %d bytes, %v", v.source, v.name, name, len(b), err)
		}
	}
	inspectMatches(t, v)
	small := opts
	small.MaxFrame = max(1, min(len(v.plaintext)-1, 5000))
	var out bytes.Buffer
	if p, err := Open(t.Context(), &out, bytes.NewReader(v.message), v.keyring, small); err != nil || p.Verdict != envelope.Verified || !bytes.Equal(out.Bytes(), v.plaintext) {
		t.Fatalf("%s %s: opening it in two readings gives %d bytes, %v", v.source, v.name, out.Len(), err)
	}
}

func inspectMatches(t *testing.T, v vector) {
	t.Helper()
	p, err := Inspect(t.Context(), bytes.NewReader(v.message), Options{})
	if err != nil || p.Verdict != envelope.Unknown || p.Bytes != int64(len(v.plaintext)) {
		t.Fatalf("%s %s: inspect gives %+v, %v", v.source, v.name, p, err)
	}
}

func refused(t *testing.T, v vector) {
	t.Helper()
	opts := Options{Context: v.context}
	for name := range sources(v.message) {
		p, err := Verify(t.Context(), sources(v.message)[name], v.keyring, opts)
		if !errors.Is(err, v.class) || p.Verdict != envelope.Refuted {
			t.Errorf("%s %s (%s): verify gives %+v, %v, want %v", v.source, v.name, name, p, err, v.class)
		}
		var out bytes.Buffer
		if _, err = Open(t.Context(), &out, sources(v.message)[name], v.keyring, opts); !errors.Is(err, v.class) || out.Len() > 0 {
			t.Errorf("%s %s (%s): open gives %d bytes, %v, want %v", v.source, v.name, name, out.Len(), err, v.class)
		}
		r, err := NewReader(t.Context(), sources(v.message)[name], v.keyring, opts)
		if err == nil {
			_, err = io.Copy(&out, r)
		}
		if !errors.Is(err, v.class) || r.Verified() || r.Proof().Verdict != envelope.Refuted {
			t.Errorf("%s %s (%s): the reader gives %v, want %v", v.source, v.name, name, err, v.class)
		}
	}
}

// TestNET400 opens what ESDK-NET 4.0.0 wrote when asked to, and says so.
func TestNET400(t *testing.T) {
	n := 0
	for _, v := range manifest(t, "esdk-net-4.0.0-invalid", "manifest.json", nil) {
		var out bytes.Buffer
		p, err := Open(t.Context(), &out, bytes.NewReader(v.message), v.keyring, Options{Context: v.context, AllowNET400: true})
		if err != nil || !bytes.Equal(out.Bytes(), v.plaintext) || !weak(p, "net-4.0.0") {
			t.Errorf("%s: %d bytes, %+v, %v", v.name, out.Len(), p.Weaknesses, err)
		}
		v.message[len(v.message)/2] ^= 1
		if p, err = Verify(t.Context(), bytes.NewReader(v.message), v.keyring, Options{Context: v.context, AllowNET400: true}); err == nil {
			t.Errorf("%s: a changed one: %+v", v.name, p)
		}
		n++
	}
	if n != 14 {
		t.Errorf("%d messages, want 14", n)
	}
	for _, v := range manifest(t, "esdk-net-4.0.0-valid", "manifest.json", nil) {
		if p, err := Verify(t.Context(), bytes.NewReader(v.message), v.keyring, Options{Context: v.context, AllowNET400: true}); err != nil || weak(p, "net-4.0.0") {
			t.Errorf("%s: %+v, %v", v.name, p.Weaknesses, err)
		}
	}
}

func weak(p envelope.Proof, id string) bool {
	for _, w := range p.Weaknesses {
		if w.ID == id {
			return true
		}
	}
	return false
}
