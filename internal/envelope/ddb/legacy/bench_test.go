package legacy_test

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"errors"
	"maps"
	"testing"

	"github.com/sealaudit/sealaudit/internal/envelope"
	"github.com/sealaudit/sealaudit/internal/envelope/ddb/item"
	"github.com/sealaudit/sealaudit/internal/envelope/ddb/legacy"
)

// BenchmarkVerify verifies items of 15 attributes, 13 of them encrypted.
func BenchmarkVerify(b *testing.B) {
	ctx := context.Background()
	for kind, p := range providers(b) {
		c := tableConfig
		c.Default = legacy.EncryptAndSign
		sealed := seal(b, p, c)
		for name, c := range map[string]legacy.Config{"given": c, "inferred": tableConfig} {
			b.Run(kind+"/"+name, func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					if _, err := legacy.Verify(ctx, sealed, p, c); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "items/s")
			})
		}
	}
}

// BenchmarkFloor is one AES-GCM of an item's size, and nothing else.
func BenchmarkFloor(b *testing.B) {
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
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "items/s")
}

// What verifies opens, what is not of a class fails, and nothing but the
// original opens under the given actions.
func FuzzVerify(f *testing.F) {
	ctx := context.Background()
	aesKey, mac, _, _ := published(f)
	p := legacy.Wrapped{AES: aesKey, Signing: legacy.Signing{HMAC: mac}}
	c := tableConfig
	c.Default = legacy.EncryptAndSign
	plain := item.Item{"id": item.Text("7"), "when": item.Number("1"), "s": item.Text("text")}
	sealed, err := legacy.Seal(ctx, plain, p, c)
	if err != nil {
		f.Fatal(err)
	}
	f.Add([]byte(sealed[legacy.DescriptionAttribute].Data), []byte(sealed[legacy.SignatureAttribute].Data), []byte(sealed["s"].Data), "7")
	f.Fuzz(func(t *testing.T, description, signature, value []byte, id string) {
		it := maps.Clone(sealed)
		it[legacy.DescriptionAttribute], it[legacy.SignatureAttribute] = item.Bytes(description), item.Bytes(signature)
		it["s"], it["id"] = item.Bytes(value), item.Text(id)
		proof, err := legacy.Verify(ctx, it, p, c)
		opened, openErr := legacy.Open(ctx, it, p, c)
		if (err == nil) != (openErr == nil) || (err == nil) != (proof.Verdict == envelope.Verified) {
			t.Fatalf("%v, %v, %s", err, openErr, proof.Verdict)
		}
		if err == nil && !item.Equal(opened, plain) {
			t.Fatalf("opened to %v", opened)
		}
		if err != nil && envelope.Says(err) == envelope.Unknown && !errors.Is(err, envelope.ErrNoKey) && !errors.Is(err, envelope.ErrUnsupported) {
			t.Fatalf("not of a class: %v", err)
		}
	})
}
