package esdk

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"encoding/binary"
	"testing"

	"github.com/sealaudit/sealaudit/internal/envelope"
	"github.com/sealaudit/sealaudit/internal/envelope/keyring"
)

// pkcs1Writer wraps as keyrings of before did, and ours does not.
type pkcs1Writer struct {
	envelope.Keyring
	public *rsa.PublicKey
}

func (w pkcs1Writer) Wrap(_ context.Context, key envelope.DataKey, _ map[string]string) (envelope.EncryptedDataKey, error) {
	//lint:ignore SA1019 to be read
	b, err := rsa.EncryptPKCS1v15(rand.Reader, w.public, key.Bytes())
	return envelope.EncryptedDataKey{Provider: "ns", Info: []byte("n"), Ciphertext: b}, err
}

// A message does not say how RSA padded its data key; the keyring that opened
// it does.
func TestPaddingIsNamed(t *testing.T) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	ring := func(p keyring.Padding) envelope.Keyring {
		k, err := keyring.NewRSA("ns", "n", p, key)
		if err != nil {
			t.Fatal(err)
		}
		return k
	}
	for _, tc := range []struct {
		writes, reads envelope.Keyring
		wrap, weak    string
	}{
		{pkcs1Writer{public: &key.PublicKey}, ring(keyring.PKCS1), "RSA PKCS #1 v1.5", "pkcs1-wrap"},
		{ring(keyring.OAEPSHA1), keyring.Multi{ring(keyring.OAEPSHA256), ring(keyring.OAEPSHA1)}, "RSA-OAEP-SHA1", "sha1-wrap"},
		{ring(keyring.OAEPSHA256), ring(keyring.OAEPSHA256), "RSA-OAEP-SHA256", ""},
	} {
		b := sealed(t, tc.writes, WriteOptions{}, []byte("plain"))
		p, err := Verify(t.Context(), bytes.NewReader(b), tc.reads, Options{})
		if err != nil || p.Keys[0].Wrap != tc.wrap || weak(p, "pkcs1-wrap") != (tc.weak == "pkcs1-wrap") || weak(p, "sha1-wrap") != (tc.weak == "sha1-wrap") {
			t.Errorf("%s: %+v %v", tc.wrap, p, err)
		}
		if p, err := Inspect(t.Context(), bytes.NewReader(b), Options{}); err != nil || p.Keys[0].Wrap != "" || weak(p, tc.weak) {
			t.Errorf("%s: an inspection knows it: %+v %v", tc.wrap, p, err)
		}
	}
}

func number(n uint32) (iv [ivLen]byte) {
	binary.BigEndian.PutUint32(iv[8:], n)
	return iv
}

func TestRepeatedIVs(t *testing.T) {
	var other, third [ivLen]byte
	copy(other[:], "any 12 bytes")
	copy(third[:], "other bytes!")
	for what, tc := range map[string]struct {
		ivs           [][ivLen]byte
		stray, repeat bool
	}{
		"in order":                     {[][ivLen]byte{number(1), number(2), number(3)}, false, false},
		"one of its own":               {[][ivLen]byte{number(1), other, number(3)}, true, false},
		"all of their own":             {[][ivLen]byte{other, third, number(9)}, true, false},
		"an earlier number":            {[][ivLen]byte{number(1), number(2), number(1)}, true, true},
		"a number that is to come":     {[][ivLen]byte{number(1), number(3), number(3)}, true, true},
		"two numbers changed places":   {[][ivLen]byte{number(2), number(1), number(3)}, true, false},
		"the same twice":               {[][ivLen]byte{other, number(2), other}, true, true},
		"zero twice":                   {[][ivLen]byte{number(0), number(0)}, true, true},
		"a number after the first own": {[][ivLen]byte{number(1), other, number(3), number(3)}, true, true},
	} {
		var v ivs
		for i, iv := range tc.ivs {
			v.note(iv, uint32(i+1))
		}
		if v.stray != tc.stray || v.repeat != tc.repeat {
			t.Errorf("%s: stray %v, repeat %v", what, v.stray, v.repeat)
		}
	}
	var v ivs
	for i := range uint32(maxIVs + 10) {
		v.note(number(i+2), i+1)
	}
	if len(v.seen) != maxIVs {
		t.Errorf("%d are kept", len(v.seen))
	}
}

// Two frames under one initialisation vector are verified all the same, and
// named; no key is needed to see it.
func TestRepeatedIVInAMessage(t *testing.T) {
	k := published(make([]byte, 32))
	m := &message{}
	if _, err := m.seal(t.Context(), k, WriteOptions{Suite: AES256Commit, FrameLength: 1}); err != nil {
		t.Fatal(err)
	}
	b := append(append([]byte(nil), m.head.body...), m.head.auth...)
	iv := make([]byte, ivLen)
	iv[ivLen-1] = 1
	b = append(binary.BigEndian.AppendUint32(b, 1), iv...)
	b = m.aead.Seal(b, iv, []byte("x"), m.additional(32, regularFrame, 1))
	m.advance(1)
	b = append(binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(b, endFrame), 2), iv...)
	b = append(b, 0, 0, 0, 1)
	b = m.aead.Seal(b, iv, []byte("y"), m.additional(32, finalFrame, 1))
	p, err := Verify(t.Context(), bytes.NewReader(b), k, Options{})
	if err != nil || p.Verdict != envelope.Verified || !weak(p, "repeated-iv") || !weak(p, "frame-sequence") {
		t.Errorf("%+v, %v", p, err)
	}
	if p, err := Inspect(t.Context(), bytes.NewReader(b), Options{}); err != nil || !weak(p, "repeated-iv") {
		t.Errorf("an inspection does not see it: %+v, %v", p, err)
	}
}
