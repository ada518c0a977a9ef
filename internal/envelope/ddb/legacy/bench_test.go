//go:build unix

package legacy_test

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"testing"

	"github.com/sealaudit/sealaudit/internal/envelope/ddb/legacy"
	"github.com/sealaudit/sealaudit/internal/envelope/turns"
)

// BenchmarkItems verifies, opens and seals items of 15 attributes, 13 of them
// encrypted, for each kind of key: items in a second of one core. Beside RSA
// stands what it alone allows: each item has a data key of its own, and so
// takes one operation with the private key that wraps it, and one with the
// public key of its signature. "inferred" has no actions given.
func BenchmarkItems(b *testing.B) {
	ctx := context.Background()
	unwrap, check := rsaFloors(b)
	for kind, p := range providers(b) {
		c := tableConfig
		c.Default = legacy.EncryptAndSign
		sealed := seal(b, p, c)
		all := map[string]func() error{
			"verify":   func() error { _, err := legacy.Verify(ctx, sealed, p, c); return err },
			"inferred": func() error { _, err := legacy.Verify(ctx, sealed, p, tableConfig); return err },
			"open":     func() error { _, err := legacy.Open(ctx, sealed, p, c); return err },
			"seal":     func() error { _, err := legacy.Seal(ctx, sample(), p, c); return err },
		}
		switch kind {
		case "static RSA":
			all["RSA-alone"] = check
		case "wrapped RSA mac":
			all["RSA-alone"] = unwrap
		case "wrapped RSA":
			all["RSA-alone"] = func() error {
				if err := unwrap(); err != nil {
					return err
				}
				return check()
			}
		}
		b.Run(kind, func(b *testing.B) {
			took := turns.Measure(b, all)
			for name, t := range took {
				b.ReportMetric(1e9/t, name+"-items/s")
			}
			b.ReportMetric(0, "ns/op") // of all together: nobody's
		})
	}
}

// rsaFloors are RSA's part of an item: unwrapping its data key, and checking
// its signature.
func rsaFloors(b *testing.B) (unwrap, check func() error) {
	_, _, wrap, sign := published(b)
	wrapped, err := rsa.EncryptOAEP(sha256.New(), rand.Reader, &wrap.PublicKey, make([]byte, 32), nil)
	if err != nil {
		b.Fatal(err)
	}
	digest := sha256.Sum256(nil)
	signature, err := rsa.SignPKCS1v15(nil, sign, crypto.SHA256, digest[:])
	if err != nil {
		b.Fatal(err)
	}
	unwrap = func() error { _, err := rsa.DecryptOAEP(sha256.New(), nil, wrap, wrapped, nil); return err }
	check = func() error { return rsa.VerifyPKCS1v15(&sign.PublicKey, crypto.SHA256, digest[:], signature) }
	return unwrap, check
}
