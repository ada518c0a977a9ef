package esdk

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"io"
	"testing"
	"testing/iotest"

	"github.com/sealaudit/sealaudit/internal/envelope"
	"github.com/sealaudit/sealaudit/internal/envelope/keyring"
)

// failing is a keyring of one error.
type failing struct{ err error }

func (f failing) Unwrap(context.Context, envelope.EncryptedDataKey, map[string]string) (envelope.DataKey, error) {
	return envelope.DataKey{}, f.err
}

func (f failing) Wrap(context.Context, envelope.DataKey, map[string]string) (envelope.EncryptedDataKey, error) {
	return envelope.EncryptedDataKey{}, f.err
}

// TestKeyErrors: what keys say, and what of it is said of the message.
func TestKeyErrors(t *testing.T) {
	one := aesRing(t, "one")
	other, err := keyring.NewAES("namespace", "one", make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	message := sealed(t, keyring.Multi{one, aesRing(t, "two")}, WriteOptions{}, []byte("text"))
	for name, c := range map[string]struct {
		kr      envelope.Keyring
		class   error
		verdict envelope.Verdict
	}{
		"no key":      {nothing{}, envelope.ErrNoKey, envelope.Unknown},
		"refused":     {failing{envelope.ErrRefused}, envelope.ErrRefused, envelope.Unknown},
		"unavailable": {failing{envelope.ErrUnavailable}, envelope.ErrUnavailable, envelope.Unknown},
		"unclassed":   {failing{io.ErrClosedPipe}, io.ErrClosedPipe, envelope.Unknown},
		"wrong":       {other, envelope.ErrWrongKey, envelope.Refuted},
		"wrong, one refused": {keyring.Multi{other, failing{envelope.ErrRefused}},
			envelope.ErrRefused, envelope.Unknown},
		"short": {published(make([]byte, 16)), envelope.ErrWrongKey, envelope.Refuted},
		"other": {published(make([]byte, 32)), envelope.ErrTampered, envelope.Refuted},
	} {
		p, err := Verify(t.Context(), bytes.NewReader(message), c.kr, Options{})
		if !errors.Is(err, c.class) || p.Verdict != c.verdict || p.Bytes != -1 {
			t.Errorf("%s: %+v, %v", name, p, err)
		}
		var out bytes.Buffer
		if _, err := Open(t.Context(), &out, bytes.NewReader(message), c.kr, Options{MaxFrame: 1}); !errors.Is(err, c.class) || out.Len() > 0 {
			t.Errorf("%s: open gives %v", name, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if p, err := Verify(ctx, bytes.NewReader(message), one, Options{}); !errors.Is(err, context.Canceled) || p.Verdict != envelope.Unknown {
		t.Errorf("a cancelled context: %+v, %v", p, err)
	}
}

// cancelling ends a context when a key is asked.
type cancelling struct {
	envelope.Keyring
	cancel func()
}

func (c cancelling) Unwrap(ctx context.Context, edk envelope.EncryptedDataKey, pairs map[string]string) (envelope.DataKey, error) {
	c.cancel()
	return c.Keyring.Unwrap(ctx, edk, pairs)
}

// TestCancelled: an ended context stops between two keys and while reading.
func TestCancelled(t *testing.T) {
	one := aesRing(t, "one")
	message := sealed(t, keyring.Multi{one, one}, WriteOptions{}, random(1, 100_000))
	for _, kr := range []envelope.Keyring{nothing{}, one} {
		ctx, cancel := context.WithCancel(t.Context())
		p, err := Verify(ctx, bytes.NewReader(message), cancelling{kr, cancel}, Options{})
		if !errors.Is(err, context.Canceled) || p.Verdict != envelope.Unknown {
			t.Errorf("%T: %+v, %v", kr, p, err)
		}
	}
}

// TestReadErrors: a source that fails says nothing about the message, wherever
// it fails.
func TestReadErrors(t *testing.T) {
	kr := aesRing(t, "one")
	broken := errors.New("broken")
	message := sealed(t, kr, WriteOptions{FrameLength: 10}, []byte("more than a frame"))
	text := []byte(base64.StdEncoding.EncodeToString(message))
	for _, m := range [][]byte{message, text} {
		for n := range len(m) {
			for _, failed := range []error{broken, io.ErrUnexpectedEOF} {
				if n < 4 && failed == io.ErrUnexpectedEOF { //nolint:errorlint // its own value
					continue
				}
				p, err := Verify(t.Context(), io.MultiReader(bytes.NewReader(m[:n]), iotest.ErrReader(failed)), kr, Options{})
				if !errors.Is(err, failed) || p.Verdict != envelope.Unknown {
					t.Fatalf("broken after %d of %d bytes: %+v, %v", n, len(m), p, err)
				}
			}
		}
	}
	if _, err := Verify(t.Context(), io.MultiReader(bytes.NewReader(message[:9]), iotest.ErrReader(nil)), kr, Options{}); !errors.Is(err, io.ErrNoProgress) {
		t.Errorf("a source that gives nothing: %v", err)
	}
	if _, err := ParseHeader(iotest.ErrReader(broken), 0); !errors.Is(err, broken) {
		t.Error(err)
	}
	if _, err := ParseHeader(io.MultiReader(bytes.NewReader(message[:50]), iotest.ErrReader(broken)), 0); !errors.Is(err, broken) {
		t.Error(err)
	}
	if _, err := ParseHeader(bytes.NewReader(message[:50]), 0); !errors.Is(err, envelope.ErrFormat) {
		t.Error(err)
	}
}

// edited is a header with an edit, and a tag that is not looked at.
func edited(t *testing.T, s Suite, edit func(*Header)) []byte {
	t.Helper()
	h := &Header{Suite: s, FrameLength: 4096, Context: map[string]string{}}
	h.parameters, _ = s.parameters()
	h.Version = int(h.parameters.version)
	h.MessageID = make([]byte, 16*h.Version)
	h.DataKeys = []envelope.EncryptedDataKey{{Provider: "p", Info: []byte("i"), Ciphertext: []byte("c")}}
	if h.parameters.commits {
		h.commitment = make([]byte, 32)
	}
	edit(h)
	b, err := appendHeader(nil, h)
	if err != nil {
		t.Fatal(err)
	}
	return append(b, make([]byte, ivLen+tagLen)...)
}

// TestHeaders: what a header must not be.
func TestHeaders(t *testing.T) {
	none := func(*Header) {}
	set := func(b []byte, at int, values ...byte) []byte {
		copy(b[at:], values)
		return b
	}
	v1, v2 := edited(t, AES256, none), edited(t, AES256Commit, none)
	kind := len(v1) - ivLen - tagLen - 10 // where version 1's content type is
	for name, c := range map[string]struct {
		message []byte
		class   error
	}{
		"nothing":              {nil, envelope.ErrFormat},
		"short":                {v1[:3], envelope.ErrFormat},
		"text":                 {[]byte("plain text, no message"), envelope.ErrFormat},
		"KMS":                  {[]byte{1, 2, 3, 0, 0x78, 0}, envelope.ErrFormat},
		"version 3":            {set(bytes.Clone(v2), 0, 3), envelope.ErrFormat},
		"unknown suite":        {set(bytes.Clone(v1), 2, 0x99), envelope.ErrUnsupported},
		"suite of version 2":   {set(bytes.Clone(v1), 2, 4, 0x78), envelope.ErrFormat},
		"suite of version 1":   {set(bytes.Clone(v2), 1, 0, 0x78), envelope.ErrFormat},
		"no data key":          {set(bytes.Clone(v1), 22, 0, 0), envelope.ErrFormat},
		"content type 0":       {set(bytes.Clone(v1), kind, 0), envelope.ErrFormat},
		"content type 3":       {set(bytes.Clone(v1), kind, 3), envelope.ErrFormat},
		"unframed with length": {set(bytes.Clone(v1), kind, 1), envelope.ErrFormat},
		"reserved":             {set(bytes.Clone(v1), kind+4, 1), envelope.ErrFormat},
		"IV of 16":             {set(bytes.Clone(v1), kind+5, 16), envelope.ErrFormat},
		"framed without":       {set(bytes.Clone(v1), kind+6, 0, 0, 0, 0), envelope.ErrFormat},
		"signed without key":   {edited(t, AES256CommitSigned, none), envelope.ErrFormat},
		"key without signature": {edited(t, AES256Commit, func(h *Header) { h.Context[publicKey] = "" }),
			envelope.ErrFormat},
		"context not UTF-8":  {edited(t, AES256, func(h *Header) { h.Context["\xff"] = "" }), envelope.ErrFormat},
		"provider not UTF-8": {edited(t, AES256, func(h *Header) { h.DataKeys[0].Provider = "\xff" }), envelope.ErrFormat},
		"context of 2":       {append(set(bytes.Clone(v1[:22]), 20, 0, 2), 0, 0, 0, 0), envelope.ErrFormat},
		"too large": {edited(t, AES256, func(h *Header) {
			h.DataKeys[0].Ciphertext = make([]byte, 65535)
			for range 7 {
				h.DataKeys = append(h.DataKeys, h.DataKeys...)
			}
		}), envelope.ErrUnsupported},
	} {
		p, err := Inspect(t.Context(), bytes.NewReader(c.message), Options{})
		if !errors.Is(err, c.class) || p.Verdict != envelope.Says(c.class) {
			t.Errorf("%s: %+v, %v, want %v", name, p, err, c.class)
		}
	}
	if !Recognise(v1) || !Recognise(v2) || Recognise([]byte("AQICAHg")) || !Recognise([]byte("AYABeG")) || Recognise(nil) {
		t.Error("not recognised, or too much")
	}
}

// TestPublicKeys: a public key that is none refutes.
func TestPublicKeys(t *testing.T) {
	k := published(make([]byte, 32))
	for name, text := range map[string]string{
		"not base64":   "?",
		"short":        base64.StdEncoding.EncodeToString(make([]byte, 48)),
		"not a point":  base64.StdEncoding.EncodeToString(append([]byte{2}, bytes.Repeat([]byte{255}, 48)...)),
		"uncompressed": base64.StdEncoding.EncodeToString(append([]byte{4}, make([]byte, 48)...)),
	} {
		m := &message{}
		signer, err := m.seal(t.Context(), k, WriteOptions{})
		if err != nil {
			t.Fatal(err)
		}
		m.head.Context[publicKey] = text
		m.head.auth = nil
		dataKey, err := k.Unwrap(t.Context(), envelope.EncryptedDataKey{}, nil)
		if err != nil {
			t.Fatal(err)
		}
		key, _, err := m.head.derive(dataKey.Bytes(), false)
		if err != nil {
			t.Fatal(err)
		}
		if err := m.sealHeader(key, nil); err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		w := &Writer{m: m, w: &out, signer: signer, frame: 10}
		w.out = append(append(w.out, m.head.body...), m.head.auth...)
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		if p, err := Verify(t.Context(), &out, k, Options{}); !errors.Is(err, envelope.ErrFormat) || p.Verdict != envelope.Refuted {
			t.Errorf("%s: %+v, %v", name, p.Steps, err)
		}
	}
}

// TestKeyIDs: what each provider's information says, without control bytes.
func TestKeyIDs(t *testing.T) {
	for _, c := range []struct{ provider, info, id, wrap string }{
		{"aws-kms", "arn:aws:kms:eu-west-1:1:key/k", "arn:aws:kms:eu-west-1:1:key/k", "KMS"},
		{"aws-kms-rsa", "arn", "arn", "KMS RSA-OAEP"},
		{"aws-kms-hierarchy", "branch", "branch", "AES-256-GCM, branch key"},
		{"raw-ecdh", "\x01\x00\x00\x00\x02ab\x00\x00\x00\x01c", "YWI=", "AES-256-GCM, ECDH"},
		{"aws-kms-ecdh", "\x01\xff\xff\xff\xffab", "Af////9hYg==", "ECDH"},
		{"ns", "name\x00\x00\x00\x80\x00\x00\x00\x0c123456789012", "name", "AES-GCM"},
		{"ns", "name", "name", ""},
		{"ns", "\x1b[2J", `"\x1b[2J"`, ""},
		{"ns", "\xff", `"\xff"`, ""},
	} {
		id, wrap := keyID(envelope.EncryptedDataKey{Provider: c.provider, Info: []byte(c.info)})
		if id != c.id || wrap != c.wrap {
			t.Errorf("%s %q: %q, %q", c.provider, c.info, id, wrap)
		}
	}
}
