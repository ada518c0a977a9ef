package s3ec

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"

	"errors"
	"fmt"
	"io"
	"maps"
	"math/big"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/iotest"

	"github.com/sealaudit/sealaudit/internal/envelope"
)

// localKMS makes data keys and keeps them by blob and context.
type localKMS struct {
	mu   sync.Mutex
	keys map[string]made
}

type made struct {
	key     []byte
	context map[string]string
}

func (k *localKMS) GenerateDataKey(_ context.Context, _ string, n int, context map[string]string) (envelope.DataKey, []byte, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	blob := fmt.Sprintf("blob %d", len(k.keys))
	key := random(n)
	k.keys[blob] = made{key, maps.Clone(context)}
	return envelope.NewDataKey(bytes.Clone(key)), []byte(blob), nil
}

func (k *localKMS) Decrypt(_ context.Context, _ string, blob []byte, context map[string]string) (envelope.DataKey, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	m, ok := k.keys[string(blob)]
	if !ok || !maps.Equal(m.context, context) {
		return envelope.DataKey{}, fmt.Errorf("%w: InvalidCiphertextException", envelope.ErrWrongKey)
	}
	return envelope.NewDataKey(bytes.Clone(m.key)), nil
}

var testRSA = sync.OnceValue(func() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return key
})

func allKeys() Keys {
	return Keys{KMS: &localKMS{keys: map[string]made{}}, AES: [][]byte{bytes.Repeat([]byte{7}, 32)}, RSA: []*rsa.PrivateKey{testRSA()}}
}

// sealed makes an object.
func sealed(t testing.TB, plain []byte, keys Keys, opts SealOptions) func() Object {
	t.Helper()
	var body bytes.Buffer
	metadata, instruction, err := Seal(t.Context(), &body, iotest.DataErrReader(bytes.NewReader(plain)), keys, opts)
	if err != nil {
		t.Fatal(err)
	}
	return func() Object {
		return Object{Metadata: metadata, Instruction: instruction, Body: bytes.NewReader(body.Bytes()), Size: int64(body.Len())}
	}
}

// TestRoundTrip: everything that is written opens, over sizes around the
// blocks and the pieces.
func TestRoundTrip(t *testing.T) {
	keys := allKeys()
	sizes := []int{0, 1, 15, 16, 17, 4096, pieceSize - 17, pieceSize - 16, pieceSize - 1, pieceSize, pieceSize + 1, pieceSize + 16, 3*pieceSize + 5}
	for _, version := range []string{"V2", "V3"} {
		for _, name := range []string{wrapContext, wrapGCM, wrapOAEP} {
			for _, file := range []bool{false, true} {
				for i, size := range sizes {
					context := map[string]string{"purpose": "payroll", "größe": strings.Repeat("é𝄞", i)}
					if i == 0 {
						context = nil
					}
					plain := random(size)
					object := sealed(t, plain, keys, SealOptions{Version: version, Wrap: name, Context: context, Instruction: file})
					mustOpen(t, fmt.Sprint(version, name, file, size), object, keys, plain)
					if _, err := Verify(t.Context(), object(), keys, Options{Context: map[string]string{"other": "x"}}); !errors.Is(err, envelope.ErrTampered) {
						t.Errorf("another context: %v", err)
					}
					want := context
					if want == nil {
						want = map[string]string{}
					}
					if p, err := Verify(t.Context(), object(), keys, Options{Context: want, Values: true}); err != nil || p.Context == nil && len(want) > 0 {
						t.Errorf("the expected context: %v", err)
					}
				}
			}
		}
	}
}

// TestLarge opens a body that is longer than what is held, from the caller's
// memory, from a seeker, from a stream of known and one of unknown length, and
// removes what it kept.
func TestLarge(t *testing.T) {
	keys := Keys{AES: [][]byte{bytes.Repeat([]byte{7}, 32)}}
	plain := random(memoryLent + 3*pieceSize + 7)
	for _, version := range []string{"V2", "V3"} {
		object := sealed(t, plain, keys, SealOptions{Version: version})
		for name, with := range map[string]func(Object) Object{
			"memory":         func(o Object) Object { return o },
			"seeker":         func(o Object) Object { o.Body = struct{ io.ReadSeeker }{o.Body.(*bytes.Reader)}; return o },
			"stream":         func(o Object) Object { o.Body = randomKiB{o.Body}; return o },
			"unknown length": func(o Object) Object { o.Body, o.Size = randomKiB{o.Body}, 0; return o },
		} {
			dir := t.TempDir()
			var out bytes.Buffer
			p, err := Open(t.Context(), &out, with(object()), keys, Options{TempDir: dir})
			if err != nil || !bytes.Equal(out.Bytes(), plain) || p.Verdict != envelope.Verified {
				t.Errorf("%s %s: %v, %s", version, name, err, p.Verdict)
			}
			mustBeEmpty(t, dir)
			damaged := func() Object {
				o := object()
				body, _ := io.ReadAll(o.Body)
				body[len(body)/2] ^= 1
				o.Body = bytes.NewReader(body)
				return with(o)
			}
			out.Reset()
			if _, err := Open(t.Context(), &out, damaged(), keys, Options{TempDir: dir}); !errors.Is(err, envelope.ErrTampered) || out.Len() > 0 {
				t.Errorf("%s %s, damaged: %v, %d bytes written", version, name, err, out.Len())
			}
			mustBeEmpty(t, dir)
		}
	}
	object := sealed(t, plain, keys, SealOptions{})
	if _, err := Open(t.Context(), io.Discard, object(), keys, Options{}); err != nil {
		t.Error(err)
	}
	o := object()
	o.Body = randomKiB{o.Body}
	if _, err := Open(t.Context(), io.Discard, o, keys, Options{TempDir: "/nonexistent"}); envelope.Says(err) != envelope.Unknown {
		t.Errorf("no place for the ciphertext: %v", err)
	}
}

// randomKiB cannot seek and gives its own amounts.
type randomKiB struct{ r io.Reader }

func (r randomKiB) Read(b []byte) (int, error) { return r.r.Read(b[:min(len(b), 10_007)]) }

// changing gives another body the second time it is read.
type changing struct {
	*bytes.Reader
	body  []byte
	seeks int
}

func (c *changing) Seek(offset int64, whence int) (int64, error) {
	if c.seeks++; c.seeks == 4 { // where it is, its end, its start, and again
		c.body[len(c.body)/2] ^= 1
	}
	return c.Reader.Seek(offset, whence)
}

// TestChangingBody: a body that changes between the two readings gives no
// plaintext from where it changed.
func TestChangingBody(t *testing.T) {
	keys := Keys{AES: [][]byte{bytes.Repeat([]byte{7}, 32)}}
	plain := random(memoryKnown + pieceSize)
	o := sealed(t, plain, keys, SealOptions{})()
	body, _ := io.ReadAll(o.Body)
	o.Body = &changing{Reader: bytes.NewReader(body), body: body}
	var out bytes.Buffer
	_, err := Open(t.Context(), &out, o, keys, Options{})
	if !errors.Is(err, envelope.ErrTampered) || !bytes.Equal(out.Bytes(), plain[:out.Len()]) || out.Len() > len(plain)/2 {
		t.Errorf("%v, %d bytes written", err, out.Len())
	}
}

func TestSealRefuses(t *testing.T) {
	keys := allKeys()
	weak := errors.New("throttled")
	for name, c := range map[string]struct {
		keys  Keys
		opts  SealOptions
		class error
	}{
		"format V1":              {keys, SealOptions{Version: "V1"}, envelope.ErrUnsupported},
		"an old wrap":            {keys, SealOptions{Wrap: wrapKMS}, envelope.ErrUnsupported},
		"no key":                 {Keys{}, SealOptions{}, envelope.ErrNoKey},
		"no KMS":                 {Keys{}, SealOptions{Wrap: wrapContext}, envelope.ErrNoKey},
		"no AES":                 {Keys{}, SealOptions{Wrap: wrapGCM}, envelope.ErrNoKey},
		"no RSA":                 {Keys{}, SealOptions{Wrap: wrapOAEP}, envelope.ErrNoKey},
		"a short AES key":        {Keys{AES: [][]byte{{1}}}, SealOptions{}, envelope.ErrUnsupported},
		"a reserved name":        {keys, SealOptions{Context: map[string]string{contextContent: "x"}}, envelope.ErrFormat},
		"a reserved key id":      {keys, SealOptions{Context: map[string]string{contextKeyID: "x"}}, envelope.ErrFormat},
		"no UTF-8":               {keys, SealOptions{Context: map[string]string{"a": "\xff"}}, envelope.ErrFormat},
		"much metadata":          {keys, SealOptions{Context: map[string]string{"a": strings.Repeat("b", 2048)}}, envelope.ErrUnsupported},
		"KMS refuses":            {Keys{KMS: fixedKMS{err: fmt.Errorf("%w: AccessDenied", envelope.ErrRefused)}}, SealOptions{}, envelope.ErrRefused},
		"KMS says nothing known": {Keys{KMS: fixedKMS{err: weak}}, SealOptions{}, envelope.ErrUnavailable},
		"KMS makes a short key":  {Keys{KMS: fixedKMS{key: make([]byte, 16), blob: []byte("b")}}, SealOptions{}, envelope.ErrFormat},
		"KMS makes no blob":      {Keys{KMS: fixedKMS{key: make([]byte, 32)}}, SealOptions{}, envelope.ErrFormat},
		"an RSA key of 512 bits": {Keys{RSAPublic: &rsa.PublicKey{N: new(big.Int).Rsh(testRSA().N, 1536), E: 65537}}, SealOptions{Version: "V2"}, envelope.ErrUnsupported},
	} {
		metadata, _, err := Seal(t.Context(), io.Discard, strings.NewReader("text"), c.keys, c.opts)
		if !errors.Is(err, c.class) || metadata != nil {
			t.Errorf("%s: %v, want %v", name, err, c.class)
		}
	}
	for name, src := range map[string]io.Reader{
		"cut off":     iotest.TimeoutReader(iotest.OneByteReader(strings.NewReader("text"))),
		"cut off, 2":  io.MultiReader(strings.NewReader("text"), iotest.ErrReader(io.ErrUnexpectedEOF)),
		"no progress": stuck{},
	} {
		if _, _, err := Seal(t.Context(), io.Discard, src, keys, SealOptions{}); err == nil {
			t.Errorf("%s: sealed all the same", name)
		}
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := Seal(ended, io.Discard, strings.NewReader("text"), keys, SealOptions{}); !errors.Is(err, context.Canceled) {
		t.Errorf("ended: %v", err)
	}
	for n := range 3 {
		src := onlyReader{bytes.NewReader(make([]byte, pieceSize+1))}
		if _, _, err := Seal(t.Context(), &failing{after: n}, src, keys, SealOptions{}); err == nil {
			t.Errorf("the writer failed after %d, and sealing did not", n)
		}
	}
}

type stuck struct{}

func (stuck) Read([]byte) (int, error) { return 0, nil }

// failing is a writer that fails after some writes.
type failing struct{ after int }

func (f *failing) Write(b []byte) (int, error) {
	if f.after--; f.after < 0 {
		return 0, errors.New("disk full")
	}
	return len(b), nil
}

// TestRSAPublic: a public key seals, and alone opens nothing.
func TestRSAPublic(t *testing.T) {
	public := Keys{RSAPublic: &testRSA().PublicKey}
	object := sealed(t, []byte("text"), public, SealOptions{Version: "V2"})
	mustOpen(t, "public", object, Keys{RSA: []*rsa.PrivateKey{nil, testRSA()}}, []byte("text"))
	if _, err := Verify(t.Context(), object(), public, Options{}); !errors.Is(err, envelope.ErrNoKey) {
		t.Errorf("with the public key: %v", err)
	}
	if _, err := Verify(t.Context(), object(), Keys{RSA: []*rsa.PrivateKey{nil}}, Options{}); !errors.Is(err, envelope.ErrNoKey) {
		t.Errorf("with no key: %v", err)
	}
}

// TestSeveralKeys: an old key beside a new one; one of no length at all does
// not hide the others.
func TestSeveralKeys(t *testing.T) {
	old, current := bytes.Repeat([]byte{1}, 32), bytes.Repeat([]byte{2}, 16)
	object := sealed(t, []byte("text"), Keys{AES: [][]byte{old}}, SealOptions{})
	mustOpen(t, "two keys", object, Keys{AES: [][]byte{current, {1}, old}}, []byte("text"))
	if _, err := Verify(t.Context(), object(), Keys{AES: [][]byte{current}}, Options{}); !errors.Is(err, envelope.ErrWrongKey) {
		t.Errorf("the wrong key: %v", err)
	}
}

func mustBeEmpty(t *testing.T, dir string) {
	t.Helper()
	if entries := list(t, dir); len(entries) > 0 {
		t.Errorf("left behind: %v", entries)
	}
}

func list(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}
