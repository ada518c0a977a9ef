package keyring

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/sealaudit/sealaudit/internal/envelope"
)

// FuzzUnwrap: no encrypted data key makes a keyring panic, and none opens but
// those that were published.
func FuzzUnwrap(f *testing.F) {
	all, keys := messages(f)
	var rings []envelope.Keyring
	seen := map[string]bool{} // each key once: RSA is slow
	for _, m := range all {
		if id := fmt.Sprintf("%+v", m.Key); !seen[id] {
			seen[id] = true
			rings = append(rings, m.Key.keyring(f, keys))
		}
		edks, full, _ := m.parse(f)
		context, err := envelope.AppendContext(nil, full)
		if err != nil {
			f.Fatal(err)
		}
		for _, edk := range edks {
			f.Add(edk.Provider, edk.Info, edk.Ciphertext, context)
		}
	}
	type published struct{ provider, info, ciphertext string }
	known := map[published]bool{}
	for _, m := range all {
		edks, _, _ := m.parse(f)
		for _, edk := range edks {
			known[published{edk.Provider, string(edk.Info), string(edk.Ciphertext)}] = true
		}
	}
	f.Fuzz(func(t *testing.T, provider string, info, ciphertext, context []byte) {
		full, err := envelope.ParseContext(context)
		if err != nil {
			return
		}
		for _, ring := range rings {
			key, err := ring.Unwrap(ctx, envelope.EncryptedDataKey{Provider: provider, Info: info, Ciphertext: ciphertext}, full)
			if err == nil && !known[published{provider, string(info), string(ciphertext)}] {
				t.Errorf("a changed data key opens to %v", key)
			}
			if err != nil && class(err) == envelope.ErrUnavailable {
				t.Errorf("an error without a class: %v", err)
			}
		}
	})
}

// FuzzPEM: no file makes the parser panic or show its content.
func FuzzPEM(f *testing.F) {
	_, keys := messages(f)
	for _, m := range keys {
		f.Add([]byte(m.Material))
		f.Add([]byte(m.RecipientMaterial))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		if k, err := ParseRSA("ns", "n", OAEPSHA256, text); err == nil {
			if _, err := k.Wrap(ctx, envelope.NewDataKey(make([]byte, 16)), nil); err != nil && class(err) != envelope.ErrUnsupported {
				t.Error(err)
			}
		} else if len(text) > 40 && bytes.Contains([]byte(err.Error()), text) {
			t.Error("the error shows the file")
		}
		_, _ = ParseECDH(text)
	})
}

func FuzzARN(f *testing.F) {
	f.Add("arn:aws:kms:us-east-1:111122223333:key/mrk-1")
	f.Add("alias/x")
	f.Fuzz(func(t *testing.T, s string) {
		if a, err := parseARN(s); err == nil && a.String() != s {
			t.Errorf("%q is read and written as %q", s, a)
		}
	})
}

func BenchmarkUnwrap(b *testing.B) {
	for _, p := range pairs(b) {
		edk, err := p.wrap.Wrap(ctx, envelope.NewDataKey(random(32)), map[string]string{"a": "b"})
		if err != nil {
			b.Fatal(err)
		}
		b.Run(p.name, func(b *testing.B) {
			for b.Loop() {
				key, err := p.unwrap.Unwrap(ctx, edk, map[string]string{"a": "b"})
				if err != nil {
					b.Fatal(err)
				}
				key.Zero()
			}
		})
	}
	b.Run("floor: AES-256-GCM of 32 bytes", func(b *testing.B) {
		aead, _ := newGCM(random(32))
		iv := random(12)
		sealed := aead.Seal(nil, iv, random(32), nil)
		for b.Loop() {
			if _, err := aead.Open(nil, iv, sealed, nil); err != nil {
				b.Fatal(err)
			}
		}
	})
}
