//go:build unix

package structured_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"errors"
	"testing"

	"github.com/sealaudit/sealaudit/internal/envelope"
	"github.com/sealaudit/sealaudit/internal/envelope/ddb/structured"
	"github.com/sealaudit/sealaudit/internal/envelope/turns"
)

// BenchmarkItems verifies, opens and seals items of 16 attributes, 14 of them
// encrypted, under a branch key: items in a second of one core. Beside signed
// ones stands what their one verification over P-384 alone allows.
func BenchmarkItems(b *testing.B) {
	ctx, k := context.Background(), branchKey(b)
	for _, kind := range []struct{ name, config string }{
		{"HMAC", "all unsigned"}, {"HMAC, 2 attributes unsigned", "mixed 2 unsigned"}, {"signed", "all"},
	} {
		c := configs()[kind.config]
		sealed := seal(b, sample(), c, k)
		all := map[string]func() error{
			"verify": func() error { _, err := structured.Verify(ctx, sealed, k, c); return err },
			"open":   func() error { _, err := structured.Open(ctx, sealed, k, c); return err },
			"seal": func() error {
				_, err := structured.Seal(ctx, sample(), []envelope.Keyring{k}, c)
				return err
			},
		}
		if kind.name == "signed" {
			all["P-384-alone"] = verification(b)
		}
		b.Run(kind.name, func(b *testing.B) {
			for name, t := range turns.Measure(b, all) {
				b.ReportMetric(1e9/t, name+"-items/s")
			}
			b.ReportMetric(0, "ns/op") // of all together: nobody's
		})
	}
}

// verification is one verification over P-384.
func verification(b *testing.B) func() error {
	key, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		b.Fatal(err)
	}
	sum := make([]byte, 48)
	signature, err := ecdsa.SignASN1(rand.Reader, key, sum)
	if err != nil {
		b.Fatal(err)
	}
	return func() error {
		if !ecdsa.VerifyASN1(&key.PublicKey, sum, signature) {
			return errors.New("not verified")
		}
		return nil
	}
}
