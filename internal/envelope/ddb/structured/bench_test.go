package structured_test

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"testing"

	"github.com/sealaudit/sealaudit/internal/envelope/ddb/structured"
)

// BenchmarkVerify verifies published items, and items of 16 attributes, 14 of
// them encrypted, under a branch key.
func BenchmarkVerify(b *testing.B) {
	ctx, k := context.Background(), branchKey(b)
	for _, name := range []string{"all unsigned", "mixed 2 unsigned", "all"} {
		c := configs()[name]
		sealed := seal(b, sample(), c, k)
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := structured.Verify(ctx, sealed, k, c); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "items/s")
		})
	}
	for _, v := range all(b) {
		if v.negative || v.name != "decrypt_dotnet_33.json/7 Basic Without Sig" && v.name != "decrypt_dotnet_33.json/6 Basic With Sig" {
			continue
		}
		b.Run(v.name, func(b *testing.B) {
			for b.Loop() {
				if _, err := structured.Verify(ctx, v.stored, k, v.config); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "items/s")
		})
	}
}

// BenchmarkFloor is what cannot be avoided: one AES-GCM of an item's size, and
// for signed items one P-384 verification.
func BenchmarkFloor(b *testing.B) {
	b.Run("AES-GCM", func(b *testing.B) {
		block, err := aes.NewCipher(make([]byte, 32))
		if err != nil {
			b.Fatal(err)
		}
		aead, err := cipher.NewGCM(block)
		if err != nil {
			b.Fatal(err)
		}
		nonce := make([]byte, 12)
		sealed := aead.Seal(nil, nonce, make([]byte, 600), nil)
		out := make([]byte, 0, len(sealed))
		for b.Loop() {
			if _, err := aead.Open(out, nonce, sealed, nil); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("P-384", func(b *testing.B) {
		key, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
		if err != nil {
			b.Fatal(err)
		}
		sum := make([]byte, 48)
		signature, err := ecdsa.SignASN1(rand.Reader, key, sum)
		if err != nil {
			b.Fatal(err)
		}
		for b.Loop() {
			if !ecdsa.VerifyASN1(&key.PublicKey, sum, signature) {
				b.Fatal("not verified")
			}
		}
		b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "items/s")
	})
}
