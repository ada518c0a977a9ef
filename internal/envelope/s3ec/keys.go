package s3ec

import (
	"bytes"
	"context"
	"crypto/rsa"
	"errors"
	"fmt"
	"maps"

	"github.com/sealaudit/sealaudit/internal/envelope"
)

// Keys are the wrapping keys of a caller. Those of a kind are tried in order,
// so that an old key can stand beside a new one; what is nil cannot unwrap.
type Keys struct {
	// KMS unwraps kms and kms+context.
	KMS KMS
	// KMSKeyID is the key that KMS is told to use. An object's own word for its
	// key is not: whoever wrote the object chose it.
	KMSKeyID string
	// AES are raw keys of 16, 24 or 32 bytes.
	AES [][]byte
	// RSA are private keys.
	RSA []*rsa.PrivateKey
	// RSAPublic wraps where there is no private key to do it with. It unwraps
	// nothing.
	RSAPublic *rsa.PublicKey
}

// unwrap gives the data key of an object. Its error wraps ErrNoKey when there
// is no key of the kind, ErrWrongKey when none opens it; of KMS's errors it
// keeps the class.
func (k Keys) unwrap(ctx context.Context, h *header) (envelope.DataKey, error) {
	key, err := k.open(ctx, h)
	if err != nil {
		return envelope.DataKey{}, fmt.Errorf("unwrapping the data key (%s): %w", h.wrap.name, err)
	}
	if n := key.Len(); n != 32 && (h.suite.tagged || n != 16 && n != 24) {
		key.Zero()
		return envelope.DataKey{}, fmt.Errorf("unwrapping the data key (%s): %w: it has %d bytes, which %s does not take",
			h.wrap.name, envelope.ErrWrongKey, n, h.suite.text)
	}
	return key, nil
}

func (k Keys) open(ctx context.Context, h *header) (envelope.DataKey, error) {
	switch h.wrap.provider {
	case providerKMS:
		if k.KMS == nil {
			return envelope.DataKey{}, noKey("KMS")
		}
		key, err := k.KMS.Decrypt(ctx, k.KMSKeyID, bytes.Clone(h.wrapped), maps.Clone(h.context))
		return key, classify(err)
	case providerAES:
		if len(k.AES) == 0 {
			return envelope.DataKey{}, noKey("raw AES key")
		}
		return first(k.AES, func(key []byte) ([]byte, error) { return openAES(h, key) })
	}
	if len(k.RSA) == 0 {
		return envelope.DataKey{}, noKey("private RSA key")
	}
	return first(k.RSA, func(key *rsa.PrivateKey) ([]byte, error) { return openRSA(h, key) })
}

func noKey(kind string) error {
	return fmt.Errorf("%w: no %s was given", envelope.ErrNoKey, kind)
}

// first is what the first key opens that opens anything. The error of the last
// one stands for all.
func first[K any](keys []K, open func(K) ([]byte, error)) (envelope.DataKey, error) {
	err := envelope.ErrNoKey
	for _, key := range keys {
		var b []byte
		if b, err = open(key); err == nil {
			return envelope.NewDataKey(b), nil
		}
	}
	return envelope.DataKey{}, err
}

// expect compares the encryption context with the one that the caller wants,
// leaving out what the clients add.
func (h *header) expect(want map[string]string) error {
	have := maps.Clone(h.context)
	delete(have, contextContent)
	delete(have, contextKeyID)
	if !maps.Equal(have, want) {
		return fmt.Errorf("%w: the encryption context is not the expected one; the object was sealed for another purpose, or swapped", envelope.ErrTampered)
	}
	return nil
}

// reserved finds names in a caller's encryption context that are the client's.
func reserved(context map[string]string) error {
	for _, name := range []string{contextContent, contextKeyID} {
		if _, ok := context[name]; ok {
			return fmt.Errorf("%w: the encryption context may not have %s, which the format adds itself", envelope.ErrFormat, name)
		}
	}
	return nil
}

// errWrong is the one error of a wrap that does not open, whatever the reason,
// so that it tells nothing about the padding.
func errWrong() error {
	return fmt.Errorf("%w: the key does not open it, or it was changed", envelope.ErrWrongKey)
}

// classify gives an error of a key service a class if it has none: the key
// could not be asked.
func classify(err error) error {
	if err == nil {
		return nil
	}
	for _, class := range []error{envelope.ErrFormat, envelope.ErrTampered, envelope.ErrWrongKey, envelope.ErrNoKey,
		envelope.ErrRefused, envelope.ErrUnavailable, envelope.ErrUnsupported} {
		if errors.Is(err, class) {
			return err
		}
	}
	return fmt.Errorf("%w: %w", envelope.ErrUnavailable, err)
}
