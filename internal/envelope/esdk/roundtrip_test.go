package esdk

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/sealaudit/sealaudit/internal/envelope"
	"github.com/sealaudit/sealaudit/internal/envelope/keyring"
)

// aesRing is a raw AES keyring of a key that counts.
func aesRing(t testing.TB, name string) *keyring.AES {
	t.Helper()
	key := make([]byte, 32)
	copy(key, name)
	k, err := keyring.NewAES("namespace", name, key)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// sealed is a message that the Writer made of plaintext.
func sealed(t testing.TB, kr envelope.Keyring, opts WriteOptions, plaintext []byte) []byte {
	t.Helper()
	if s := opts.Suite; s != 0 && !s.Committing() {
		opts.Policy = ForbidEncryptAllowDecrypt
	}
	var out bytes.Buffer
	w, err := NewWriter(t.Context(), &out, kr, opts)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(w, bytes.NewReader(plaintext)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func random(seed uint64, n int) []byte {
	b := make([]byte, n)
	r := rand.New(rand.NewPCG(seed, 7))
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

// TestRoundTrip seals and opens every suite over sizes around frames, contexts
// with and without required pairs, framed and not.
func TestRoundTrip(t *testing.T) {
	contexts := []WriteOptions{
		{},
		{Context: map[string]string{"stream": "orders", "ü": "", "": "empty key"}},
		{Context: map[string]string{"a": "1", "b": "2", "c": "3"}, Required: []string{"b", "c"}},
	}
	kr := aesRing(t, "one")
	for _, s := range Suites() {
		for _, c := range contexts {
			for _, frame := range []int{0, 1, 16, 100} {
				for _, size := range []int{0, 1, 15, 16, 17, 99, 100, 101, 200, 250} {
					c.Suite, c.FrameLength, c.Unframed = s, frame, frame == 0
					roundTrip(t, kr, c, random(uint64(size), size))
				}
			}
		}
		for _, size := range []int{4095, 4096, 4097, 3*4096 + 1, 300_000} {
			roundTrip(t, kr, WriteOptions{Suite: s}, random(9, size))
		}
	}
}

func roundTrip(t *testing.T, kr envelope.Keyring, opts WriteOptions, plaintext []byte) {
	t.Helper()
	message := sealed(t, kr, opts, plaintext)
	supplied := map[string]string{}
	for _, key := range opts.Required {
		supplied[key] = opts.Context[key]
	}
	var out bytes.Buffer
	p, err := Open(t.Context(), &out, bytes.NewReader(message), kr, Options{Context: supplied})
	if err != nil || !bytes.Equal(out.Bytes(), plaintext) || p.Verdict != envelope.Verified || weak(p, "frame-sequence") {
		t.Fatalf("%+v, %d bytes: %d bytes, %+v, %v", opts, len(plaintext), out.Len(), p, err)
	}
	if p.Suite != opts.Suite.String() || p.Signed != opts.Suite.Signed() || p.Committing != opts.Suite.Committing() ||
		p.Bytes != int64(len(plaintext)) || !p.Keys[0].Used || p.Keys[0].ID != "one" || p.Keys[0].Wrap != "AES-GCM" {
		t.Fatalf("%+v: the proof is %+v", opts, p)
	}
	again, err := Verify(t.Context(), bytes.NewReader(message), kr, Options{Context: opts.Context})
	if err != nil || again.Verdict != envelope.Verified {
		t.Fatalf("%+v: with the whole context: %v", opts, err)
	}
	if len(opts.Required) > 0 {
		if p, err = Verify(t.Context(), bytes.NewReader(message), kr, Options{}); !errors.Is(err, envelope.ErrWrongKey) || p.Verdict != envelope.Refuted {
			t.Fatalf("%+v: without the required pairs: %+v, %v", opts, p, err)
		}
	}
}

// TestRequiredAuthenticated: a keyring that ignores the context still does not
// let a required pair be left out or changed.
func TestRequiredAuthenticated(t *testing.T) {
	k := published(make([]byte, 32))
	message := sealed(t, k, WriteOptions{Context: map[string]string{"a": "1"}, Required: []string{"a"}}, []byte("text"))
	for _, c := range []map[string]string{nil, {"a": "2"}, {"a": "1", "b": "2"}, {"A": "1"}} {
		if p, err := Verify(t.Context(), bytes.NewReader(message), k, Options{Context: c}); !errors.Is(err, envelope.ErrTampered) || p.Verdict != envelope.Refuted {
			t.Errorf("%v: %+v, %v", c, p, err)
		}
	}
	if _, err := Verify(t.Context(), bytes.NewReader(message), k, Options{Context: map[string]string{"a": "1"}}); err != nil {
		t.Error(err)
	}
}

// TestWriterChunks: how the plaintext is cut does not matter, and the frames
// are the specification's.
func TestWriterChunks(t *testing.T) {
	kr := aesRing(t, "one")
	plaintext := random(3, 1000)
	for size := range 300 {
		var out bytes.Buffer
		w, err := NewWriter(t.Context(), &out, kr, WriteOptions{Suite: AES256Commit, FrameLength: 100})
		if err != nil {
			t.Fatal(err)
		}
		for rest := plaintext; len(rest) > 0; {
			n, err := w.Write(rest[:min(len(rest), size+1)])
			if err != nil {
				t.Fatal(err)
			}
			rest = rest[n:]
		}
		if err := errors.Join(w.Close(), w.Close()); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte("x")); !errors.Is(err, errClosed) {
			t.Fatalf("a write after Close: %v", err)
		}
		h, err := ParseHeader(bytes.NewReader(out.Bytes()), 0)
		if err != nil {
			t.Fatal(err)
		}
		if got, want := out.Len(), len(h.body)+len(h.auth)+1000+10*(4+ivLen+tagLen)+8; got != want {
			t.Fatalf("pieces of %d: a message of %d bytes, want %d", size+1, got, want)
		}
		var back bytes.Buffer
		if _, err := Open(t.Context(), &back, &out, kr, Options{}); err != nil || !bytes.Equal(back.Bytes(), plaintext) {
			t.Fatalf("pieces of %d: %v", size+1, err)
		}
	}
}

// TestSeveralDataKeys: each keyring opens a message of several, and the proof
// says which did.
func TestSeveralDataKeys(t *testing.T) {
	one, two := aesRing(t, "one"), aesRing(t, "two")
	message := sealed(t, keyring.Multi{one, two}, WriteOptions{}, []byte("text"))
	for i, kr := range []envelope.Keyring{one, two} {
		p, err := Verify(t.Context(), bytes.NewReader(message), kr, Options{MaxDataKeys: 2})
		if err != nil || len(p.Keys) != 2 || p.Keys[i].Used != true || p.Keys[1-i].Used {
			t.Errorf("keyring %d: %+v, %v", i, p.Keys, err)
		}
	}
	p, err := Verify(t.Context(), bytes.NewReader(message), one, Options{MaxDataKeys: 1})
	if !errors.Is(err, envelope.ErrUnsupported) || len(p.Keys) != 0 || p.Verdict != envelope.Unknown {
		t.Errorf("more data keys than allowed: %+v, %v", p, err)
	}
	many := make(keyring.Multi, 17)
	for i := range many {
		many[i] = one
	}
	if p, err := Inspect(t.Context(), bytes.NewReader(sealed(t, many, WriteOptions{}, nil)), Options{}); err != nil || !weak(p, "many-data-keys") {
		t.Errorf("17 data keys: %+v, %v", p.Weaknesses, err)
	}
}

// TestWeaknesses: each suite's weaknesses, and no others.
func TestWeaknesses(t *testing.T) {
	kr := aesRing(t, "one")
	for _, s := range Suites() {
		p, err := Inspect(t.Context(), bytes.NewReader(sealed(t, kr, WriteOptions{Suite: s}, []byte("text"))), Options{})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, w := range p.Weaknesses {
			got = append(got, w.ID)
			if w.Detail == "" {
				t.Errorf("%s has no detail", w.ID)
			}
		}
		var want []string
		if s < AES256Commit {
			want = append(want, "not-committing")
		}
		if s < AES128SHA256 {
			want = append(want, "no-key-derivation")
		}
		if !strings.Contains(s.String(), "ECDSA") {
			want = append(want, "unsigned")
		}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%s: %v, want %v", s, got, want)
		}
	}
}

// TestPolicies holds writing and reading to the commitment policies.
func TestPolicies(t *testing.T) {
	kr := aesRing(t, "one")
	plain, committed := sealed(t, kr, WriteOptions{Suite: AES256SHA256}, nil), sealed(t, kr, WriteOptions{Suite: AES256Commit}, nil)
	for _, c := range []struct {
		policy                 CommitmentPolicy
		name                   string
		writes, writesCommit   bool
		readsPlain, readCommit bool
	}{
		{RequireEncryptAllowDecrypt, "REQUIRE_ENCRYPT_ALLOW_DECRYPT", false, true, true, true},
		{RequireEncryptRequireDecrypt, "REQUIRE_ENCRYPT_REQUIRE_DECRYPT", false, true, false, true},
		{ForbidEncryptAllowDecrypt, "FORBID_ENCRYPT_ALLOW_DECRYPT", true, false, true, true},
	} {
		if c.policy.String() != c.name {
			t.Errorf("%v, want %v", c.policy, c.name)
		}
		for s, want := range map[Suite]bool{AES256SHA256: c.writes, AES256Commit: c.writesCommit} {
			_, err := NewWriter(t.Context(), io.Discard, kr, WriteOptions{Suite: s, Policy: c.policy})
			if (err == nil) != want || err != nil && !errors.Is(err, envelope.ErrUnsupported) {
				t.Errorf("%v writes %s: %v", c.policy, s, err)
			}
		}
		for want, message := range map[*bool][]byte{&c.readsPlain: plain, &c.readCommit: committed} {
			p, err := Verify(t.Context(), bytes.NewReader(message), kr, Options{Policy: c.policy})
			if (err == nil) != *want || err != nil && (!errors.Is(err, envelope.ErrUnsupported) || p.Verdict != envelope.Unknown) {
				t.Errorf("%v reads: %v", c.policy, err)
			}
		}
	}
}

// TestContextReported: keys always, values on request only.
func TestContextReported(t *testing.T) {
	kr := aesRing(t, "one")
	message := sealed(t, kr, WriteOptions{Suite: AES256Commit, Context: map[string]string{"tenant": "blue"}}, nil)
	for _, values := range []bool{false, true} {
		p, err := Verify(t.Context(), bytes.NewReader(message), kr, Options{Values: values})
		want := map[bool]envelope.Pair{false: {Key: "tenant"}, true: {Key: "tenant", Value: "blue"}}[values]
		if err != nil || len(p.Context) != 1 || p.Context[0] != want {
			t.Errorf("values %v: %+v, %v", values, p.Context, err)
		}
	}
	p, err := Verify(t.Context(), bytes.NewReader(message), kr, Options{Context: map[string]string{"tenant": "red"}})
	if !errors.Is(err, envelope.ErrTampered) || p.Verdict != envelope.Refuted {
		t.Errorf("another tenant: %+v, %v", p, err)
	}
	p, err = Verify(t.Context(), bytes.NewReader(message), kr, Options{Context: map[string]string{"aws-crypto-x": ""}})
	if !errors.Is(err, envelope.ErrUnsupported) || p.Verdict != envelope.Unknown {
		t.Errorf("a reserved key: %+v, %v", p, err)
	}
	h, err := ParseHeader(bytes.NewReader(message), 0)
	if err != nil || !maps.Equal(h.Context, map[string]string{"tenant": "blue"}) || h.Suite != AES256Commit || h.FrameLength != 4096 || len(h.MessageID) != 32 {
		t.Errorf("the header is %+v, %v", h, err)
	}
}
