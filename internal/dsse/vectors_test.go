package dsse

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"encoding/hex"
	"encoding/json"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

func vectorFile(t *testing.T, name string, into any) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "fixtures", "vectors", "dsse", name))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, into); err != nil {
		t.Fatal(err)
	}
}

// compact is an envelope on one line, as a file of them has it.
func compact(t *testing.T, envelope []byte) []byte {
	t.Helper()
	var line bytes.Buffer
	if err := json.Compact(&line, envelope); err != nil {
		t.Fatal(err)
	}
	return append(line.Bytes(), '\n')
}

// The vectors of the DSSE repository: every envelope is read, its PAE is the
// published one, and it is accepted by as many keys as it should be.
func TestPublishedVectors(t *testing.T) {
	var file struct {
		Keys    map[string]struct{ Seed, Public string }
		Vectors []struct {
			ID, PAE, Expect       string
			Envelope              json.RawMessage
			TrustedKeys           []string
			Threshold             int
			SupportedPayloadTypes []string
		}
	}
	vectorFile(t, "vectors.json", &file)
	if len(file.Vectors) != 9 {
		t.Fatalf("%d vectors", len(file.Vectors))
	}
	keys := map[string]PublicKey{}
	for name, k := range file.Keys {
		raw, err := hex.DecodeString(k.Public)
		if err != nil {
			t.Fatal(err)
		}
		if keys[name], err = newPublicKey(ed25519.PublicKey(raw)); err != nil {
			t.Fatal(err)
		}
	}
	for _, v := range file.Vectors {
		t.Run(v.ID, func(t *testing.T) {
			list, err := Read(compact(t, v.Envelope))
			if err != nil {
				t.Fatal(err)
			}
			e := list[0]
			if got := hex.EncodeToString(e.PAE()); v.ID != "payload-type-swapped" && got != v.PAE {
				t.Errorf("the PAE is %s, want %s", got, v.PAE)
			}
			good := map[string]bool{}
			for _, s := range e.Signatures {
				for _, name := range v.TrustedKeys {
					if keys[name].Verify(e.PAE(), s.Sig) {
						good[name] = true
					}
				}
			}
			accepted := len(good) >= v.Threshold && slices.Contains(v.SupportedPayloadTypes, e.PayloadType)
			if accepted != (v.Expect == "accept") {
				t.Errorf("accepted: %t, want %s", accepted, v.Expect)
			}
		})
	}
}

// The signatures of the vectors are those that we make with their keys.
func TestSignaturesAreThePublishedOnes(t *testing.T) {
	var file struct {
		Keys    map[string]struct{ Seed string }
		Vectors []struct {
			ID, PAE  string
			Envelope json.RawMessage
		}
	}
	vectorFile(t, "vectors.json", &file)
	for _, v := range file.Vectors {
		list, err := Read(compact(t, v.Envelope))
		if err != nil {
			t.Fatal(err)
		}
		pae, err := hex.DecodeString(v.PAE)
		if err != nil {
			t.Fatal(err)
		}
		name := list[0].Signatures[0].KeyID
		if name == "" {
			name = "A"
		}
		seed, err := hex.DecodeString(file.Keys[name].Seed)
		if err != nil {
			t.Fatal(err)
		}
		key := PrivateKey{key: ed25519.NewKeyFromSeed(seed)}
		if got := key.Sign(pae); !bytes.Equal(got, list[0].Signatures[0].Sig) {
			t.Errorf("%s: another signature", v.ID)
		}
	}
}

// The example of protocol.md is signed with ECDSA P-256, r and s one after the
// other.
func TestProtocolExample(t *testing.T) {
	var file struct {
		Payload, PayloadType, PAE string
		Key                       struct{ X, Y string }
		Envelope                  json.RawMessage
	}
	vectorFile(t, "protocol.json", &file)
	list, err := Read(compact(t, file.Envelope))
	if err != nil {
		t.Fatal(err)
	}
	e := list[0]
	if string(e.Payload) != file.Payload || e.PayloadType != file.PayloadType || string(e.PAE()) != file.PAE {
		t.Fatalf("read as %q", e.PAE())
	}
	x, okX := new(big.Int).SetString(file.Key.X, 10)
	y, okY := new(big.Int).SetString(file.Key.Y, 10)
	if !okX || !okY {
		t.Fatal("no numbers")
	}
	point, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), slices.Concat([]byte{4}, x.FillBytes(make([]byte, 32)), y.FillBytes(make([]byte, 32))))
	if err != nil {
		t.Fatal(err)
	}
	key, err := newPublicKey(point)
	if err != nil {
		t.Fatal(err)
	}
	sig := e.Signatures[0].Sig
	if !key.Verify(e.PAE(), sig) {
		t.Error("the published signature is refused")
	}
	if key.Verify(append(e.PAE(), ' '), sig) || key.Verify(e.PAE(), sig[:63]) {
		t.Error("a wrong signature is accepted")
	}
}
