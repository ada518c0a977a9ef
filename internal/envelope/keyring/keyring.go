// Package keyring has the keyrings of AWS's client-side encryption libraries:
// raw AES-GCM, raw RSA, raw ECDH, KMS with symmetric, RSA and elliptic-curve
// keys, hierarchical, and several in one. Each
// implements [envelope.Keyring] and says how the wrapped key of a message is
// laid out (AWS Encryption SDK specification, framework/…-keyring).
//
// A keyring has a key for an encrypted data key when provider and provider
// information say so; else Unwrap's error wraps envelope.ErrNoKey, and the next
// keyring can be asked. Keys come from their owner as bytes or from
// crypto/rsa and crypto/ecdh; no keyring writes or shows one.
package keyring

import (
	"context"
	"errors"
	"fmt"

	"github.com/sealaudit/sealaudit/internal/envelope"
)

// maxDataKey bounds what a wrapped key may hold. KMS makes data keys of at most
// 1,024 bytes (GenerateDataKey, NumberOfBytes).
const maxDataKey = 1024

// dataKey takes over b as a data key, or refuses its length.
func dataKey(b []byte) (envelope.DataKey, error) {
	if len(b) == 0 || len(b) > maxDataKey {
		clear(b)
		return envelope.DataKey{}, fmt.Errorf("%w: it wraps %d bytes; a data key has 1 to %d", envelope.ErrFormat, len(b), maxDataKey)
	}
	return envelope.NewDataKey(b), nil
}

// wrappable says that a key is one to wrap.
func wrappable(key envelope.DataKey) error {
	if key.Len() == 0 || key.Len() > maxDataKey {
		return fmt.Errorf("%w: a data key of %d bytes; one has 1 to %d", envelope.ErrFormat, key.Len(), maxDataKey)
	}
	return nil
}

// classes are the error classes from the most informative to the least, as
// [Join] prefers them.
//
// First what leaves the verdict open, because the key that could not be used
// might have opened it; of these the one that asking again may mend. Then what
// refutes: a key whose commitment failed says more than one that did not open
// it, and that more than a layout that no key was used for. Last that no key
// fits, which any other error corrects.
func classes() []error {
	return []error{envelope.ErrUnavailable, envelope.ErrRefused, envelope.ErrUnsupported,
		envelope.ErrTampered, envelope.ErrWrongKey, envelope.ErrFormat, envelope.ErrNoKey}
}

// class is the class of one error: ErrUnavailable for one that has none, a
// network error or an ended context.
func class(err error) error {
	for _, c := range classes() {
		if errors.Is(err, c) {
			return c
		}
	}
	return envelope.ErrUnavailable
}

// classed makes sure that an error wraps a class.
func classed(err error) error {
	if err == nil || errors.Is(err, class(err)) {
		return err
	}
	return fmt.Errorf("%w: %w", envelope.ErrUnavailable, err)
}

// ended is the error of a context that ended, else nil.
func ended(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("%w: %w", envelope.ErrUnavailable, err)
	}
	return nil
}
