package legacy_test

import (
	"context"
	"errors"
	"maps"
	"testing"

	"github.com/sealaudit/sealaudit/internal/envelope"
	"github.com/sealaudit/sealaudit/internal/envelope/ddb/item"
	"github.com/sealaudit/sealaudit/internal/envelope/ddb/legacy"
)

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
