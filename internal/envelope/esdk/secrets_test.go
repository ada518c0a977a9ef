package esdk

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/sealaudit/sealaudit/internal/envelope"
	"github.com/sealaudit/sealaudit/internal/envelope/keyring"
)

// TestNoSecrets: no key, plaintext or context value in a proof or an error.
func TestNoSecrets(t *testing.T) {
	key := []byte("a wrapping key of 32 bytes, long")
	kr, err := keyring.NewAES("namespace", "one", key)
	if err != nil {
		t.Fatal(err)
	}
	secrets := []string{string(key), "the-plaintext", "the-value", "the-required"}
	opts := Options{Context: map[string]string{"required": "the-required"}}
	message := sealed(t, kr, WriteOptions{
		Context: map[string]string{"k": "the-value", "required": "the-required"}, Required: []string{"required"},
	}, []byte("the-plaintext"))
	check := func(v any) {
		b, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		for _, secret := range secrets {
			if text := string(b) + fmt.Sprintf("%v %+v", v, v); strings.Contains(text, secret) || strings.Contains(text, base64.StdEncoding.EncodeToString([]byte(secret))) {
				t.Errorf("%s holds a secret", text)
			}
		}
	}
	for at := range message {
		message[at] ^= 1
		p, err := Verify(t.Context(), bytes.NewReader(message), kr, opts)
		check(p)
		check(fmt.Sprint(err))
		message[at] ^= 1
	}
	p, err := Verify(t.Context(), bytes.NewReader(message), kr, opts)
	check(p)
	check(fmt.Sprint(err))
}

// recorded remembers the data keys that it gave.
type recorded struct {
	envelope.Keyring
	given []envelope.DataKey
}

func (r *recorded) Unwrap(ctx context.Context, edk envelope.EncryptedDataKey, pairs map[string]string) (envelope.DataKey, error) {
	key, err := r.Keyring.Unwrap(ctx, edk, pairs)
	if err == nil {
		r.given = append(r.given, key)
	}
	return key, err
}

func (r *recorded) Wrap(ctx context.Context, key envelope.DataKey, pairs map[string]string) (envelope.EncryptedDataKey, error) {
	r.given = append(r.given, key)
	return r.Keyring.Wrap(ctx, key, pairs)
}

// TestZeroed: data keys are overwritten, whether the message is right or not.
func TestZeroed(t *testing.T) {
	r := &recorded{Keyring: aesRing(t, "one")}
	for _, s := range Suites() {
		message := sealed(t, r, WriteOptions{Suite: s}, []byte("text"))
		for _, at := range []int{-1, len(message) - 1, 5} {
			if at >= 0 {
				message[at] ^= 1
			}
			_, _ = Verify(t.Context(), bytes.NewReader(message), r, Options{AllowNET400: true})
		}
	}
	if len(r.given) < 30 {
		t.Errorf("%d data keys", len(r.given))
	}
	for _, k := range r.given {
		if !bytes.Equal(k.Bytes(), make([]byte, k.Len())) {
			t.Fatal("a data key was kept")
		}
	}
}
