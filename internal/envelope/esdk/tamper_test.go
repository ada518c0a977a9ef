package esdk

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"io"
	"testing"

	"github.com/sealaudit/sealaudit/internal/envelope"
)

// samples are a message of each suite, framed and not, short enough to change
// at every bit.
func samples(t testing.TB) map[string][]byte {
	t.Helper()
	kr := aesRing(t, "one")
	out := map[string][]byte{}
	for _, s := range Suites() {
		opts := WriteOptions{Suite: s, FrameLength: 7, Context: map[string]string{"k": "v", "l": "w"}, Required: []string{"l"}}
		out[s.String()+" framed"] = sealed(t, kr, opts, []byte("two frames"))
		opts.Unframed = true
		out[s.String()+" unframed"] = sealed(t, kr, opts, []byte("one piece"))
	}
	return out
}

// accepted tells whether any path says that a message is right or writes of it.
func accepted(t testing.TB, kr envelope.Keyring, message []byte, opts Options) bool {
	t.Helper()
	p, err := Verify(t.Context(), bytes.NewReader(message), kr, opts)
	if (err == nil) != (p.Verdict == envelope.Verified) {
		t.Fatalf("the verdict is %v and the error %v", p.Verdict, err)
	}
	var out bytes.Buffer
	_, opened := Open(t.Context(), &out, bytes.NewReader(message), kr, opts)
	if (opened == nil) != (err == nil) || opened != nil && out.Len() > 0 {
		t.Fatalf("verify says %v, open %v with %d bytes", err, opened, out.Len())
	}
	return err == nil
}

// TestEveryBit flips every bit of a message of each suite, cuts it at every
// byte and appends to it: all is refused.
func TestEveryBit(t *testing.T) {
	kr := aesRing(t, "one")
	opts := Options{Context: map[string]string{"l": "w"}}
	for name, message := range samples(t) {
		if !accepted(t, kr, message, opts) {
			t.Fatalf("%s is refused", name)
		}
		for bit := range 8 * len(message) {
			message[bit/8] ^= 1 << (bit % 8)
			p, err := Verify(t.Context(), bytes.NewReader(message), kr, opts)
			if err == nil || p.Verdict == envelope.Verified || bit%16 == 0 && accepted(t, kr, message, opts) {
				t.Errorf("%s with bit %d flipped is accepted", name, bit)
			}
			message[bit/8] ^= 1 << (bit % 8)
		}
		for n := range len(message) {
			p, err := Verify(t.Context(), bytes.NewReader(message[:n]), kr, opts)
			if !errors.Is(err, envelope.ErrFormat) || p.Verdict != envelope.Refuted {
				t.Errorf("%s cut after %d bytes: %v", name, n, err)
			}
		}
		_, err := Verify(t.Context(), bytes.NewReader(append(message, 0)), kr, opts)
		if !errors.Is(err, envelope.ErrFormat) {
			t.Errorf("%s with a byte more: %v", name, err)
		}
	}
}

// TestBase64Bits flips every bit of a message in base64. Harmless is only what
// the decoder does not read: the unused bits before the padding, which decode
// to the same message.
func TestBase64Bits(t *testing.T) {
	kr := aesRing(t, "one")
	message := sealed(t, kr, WriteOptions{Suite: AES256Commit}, []byte("text"))
	for len(message)%3 != 2 {
		message = sealed(t, kr, WriteOptions{Suite: AES256Commit, Context: map[string]string{"k": string(make([]byte, len(message)%3))}}, []byte("texts"))
	}
	text := []byte(base64.StdEncoding.EncodeToString(message))
	harmless := 0
	for bit := range 8 * len(text) {
		text[bit/8] ^= 1 << (bit % 8)
		if accepted(t, kr, text, Options{}) {
			harmless++
			if same, err := base64.StdEncoding.DecodeString(string(text)); err != nil || !bytes.Equal(same, message) {
				t.Errorf("bit %d flipped is another message and accepted", bit)
			}
		}
		text[bit/8] ^= 1 << (bit % 8)
	}
	if harmless > 16 {
		t.Errorf("%d harmless bits", harmless)
	}
	for _, more := range []string{"\n", "\r\n\r\n"} {
		if !accepted(t, kr, append(bytes.Clone(text), more...), Options{}) {
			t.Errorf("the base64 with %q after it is refused", more)
		}
	}
	for _, more := range []string{"A", "AAAA", "=", "\nAAAA"} {
		if accepted(t, kr, append(bytes.Clone(text), more...), Options{}) {
			t.Errorf("the base64 with %q after it is accepted", more)
		}
	}
}

// frames cuts a message of regular frames of n bytes after its header.
func frames(t *testing.T, message []byte, n int) (header []byte, frames [][]byte, final []byte) {
	t.Helper()
	h, err := ParseHeader(bytes.NewReader(message), 0)
	if err != nil {
		t.Fatal(err)
	}
	at := len(h.body) + len(h.auth)
	header, message = message[:at], message[at:]
	for binary.BigEndian.Uint32(message) != endFrame {
		frames = append(frames, message[:n+4+ivLen+tagLen])
		message = message[n+4+ivLen+tagLen:]
	}
	return header, frames, message
}

// TestFrames: frames left out, doubled, swapped or after the end are refused.
func TestFrames(t *testing.T) {
	kr := aesRing(t, "one")
	h, f, end := frames(t, sealed(t, kr, WriteOptions{Suite: AES256Commit, FrameLength: 5}, random(1, 22)), 5)
	if len(f) != 4 {
		t.Fatalf("%d frames", len(f))
	}
	join := func(parts ...[]byte) []byte { return bytes.Join(parts, nil) }
	if !accepted(t, kr, join(h, f[0], f[1], f[2], f[3], end), Options{}) {
		t.Fatal("the frames as they were are refused")
	}
	for name, message := range map[string][]byte{
		"none":            h,
		"no final":        join(h, f[0], f[1], f[2], f[3]),
		"only final":      join(h, end),
		"first left out":  join(h, f[1], f[2], f[3], end),
		"last left out":   join(h, f[0], f[1], f[2], end),
		"swapped":         join(h, f[0], f[2], f[1], f[3], end),
		"doubled":         join(h, f[0], f[0], f[1], f[2], f[3], end),
		"final twice":     join(h, f[0], f[1], f[2], f[3], end, end),
		"after the final": join(h, f[0], f[1], f[2], end, f[3]),
	} {
		if p, err := Verify(t.Context(), bytes.NewReader(message), kr, Options{}); !errors.Is(err, envelope.ErrFormat) || p.Verdict != envelope.Refuted || accepted(t, kr, message, Options{}) {
			t.Errorf("%s: %+v, %v", name, p.Steps, err)
		}
		if p, err := Inspect(t.Context(), bytes.NewReader(message), Options{}); !errors.Is(err, envelope.ErrFormat) || p.Verdict != envelope.Refuted {
			t.Errorf("%s: inspect gives %+v, %v", name, p.Steps, err)
		}
	}
}

// TestReaderUnverified: what a reader hands out is not final before the end,
// and nothing of a forged frame comes out.
func TestReaderUnverified(t *testing.T) {
	kr := aesRing(t, "one")
	plaintext := random(5, 30)
	for _, s := range []Suite{AES256Commit, AES256CommitSigned} {
		h, f, end := frames(t, sealed(t, kr, WriteOptions{Suite: s, FrameLength: 10}, plaintext), 10)
		f[1][20] ^= 1
		r, err := NewReader(t.Context(), bytes.NewReader(bytes.Join([][]byte{h, f[0], f[1], end}, nil)), kr, Options{})
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(r)
		if !errors.Is(err, envelope.ErrTampered) || !bytes.Equal(got, plaintext[:10]) || r.Verified() || r.Proof().Verdict != envelope.Refuted {
			t.Errorf("%s: %d bytes, %v, %v", s, len(got), err, r.Proof())
		}
		if _, again := r.Read(make([]byte, 1)); !errors.Is(again, envelope.ErrTampered) {
			t.Errorf("%s: and then %v", s, again)
		}
		f[1][20] ^= 1
		end[len(end)-1] ^= 1
		r, err = NewReader(t.Context(), bytes.NewReader(bytes.Join([][]byte{h, f[0], f[1], end}, nil)), kr, Options{})
		if err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		if _, err := r.WriteTo(&out); !errors.Is(err, envelope.ErrTampered) || r.Verified() {
			t.Errorf("%s: a changed last byte: %v", s, err)
		}
	}
}

// TestStrayIV: an initialisation vector that is not the sequence number is a
// weakness, not a failure.
func TestStrayIV(t *testing.T) {
	k := published(make([]byte, 32))
	m := &message{}
	if _, err := m.seal(t.Context(), k, WriteOptions{Suite: AES256Commit}); err != nil {
		t.Fatal(err)
	}
	b := append(append([]byte(nil), m.head.body...), m.head.auth...)
	b = binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(b, endFrame), 1)
	iv := []byte("any 12 bytes")
	b = append(append(b, iv...), 0, 0, 0, 1)
	b = m.aead.Seal(b, iv, []byte("x"), m.additional(32, finalFrame, 1))
	p, err := Verify(t.Context(), bytes.NewReader(b), k, Options{})
	if err != nil || p.Verdict != envelope.Verified || !weak(p, "frame-sequence") {
		t.Errorf("%+v, %v", p, err)
	}
}
