package esdk

import (
	"bytes"
	"crypto/hkdf"
	"crypto/sha512"
	"testing"
)

// TestDeriveCommitting holds the derivation against crypto/hkdf.
func TestDeriveCommitting(t *testing.T) {
	for seed := range uint64(50) {
		dataKey, messageID := random(seed, 32), random(seed+100, 32)
		prk, err := hkdf.Extract(sha512.New, dataKey, messageID)
		if err != nil {
			t.Fatal(err)
		}
		key, commitment := deriveCommitting(dataKey, messageID, "\x04\x78")
		for info, got := range map[string][]byte{"\x04\x78DERIVEKEY": key, "COMMITKEY": commitment} {
			want, err := hkdf.Expand(sha512.New, prk, info, 32)
			if err != nil || !bytes.Equal(got, want) {
				t.Errorf("%s: %x, want %x, %v", info, got, want, err)
			}
		}
	}
}
