package keyring

import (
	"context"
	"fmt"

	"github.com/sealaudit/sealaudit/internal/envelope"
)

// Multi asks several keyrings (AWS Encryption SDK specification,
// framework/multi-keyring.md). A key that does not open it is not fatal while
// another keyring does.
type Multi []envelope.Keyring

// Unwrap asks the keyrings in order and returns the first data key. When all
// fail, the error is [Join] of theirs.
func (m Multi) Unwrap(ctx context.Context, edk envelope.EncryptedDataKey, encryptionContext map[string]string) (envelope.DataKey, error) {
	var errs []error
	for _, k := range m {
		if err := ended(ctx); err != nil {
			return envelope.DataKey{}, Join(append(errs, err)...)
		}
		key, err := k.Unwrap(ctx, edk, encryptionContext)
		if err == nil {
			return key, nil
		}
		errs = append(errs, err)
	}
	if len(errs) == 0 {
		return envelope.DataKey{}, fmt.Errorf("%w: the keyring is empty; give it a key", envelope.ErrNoKey)
	}
	return envelope.DataKey{}, Join(errs...)
}

// Wrap wraps with the first keyring, the generator. [Multi.WrapAll] wraps with
// each.
func (m Multi) Wrap(ctx context.Context, key envelope.DataKey, encryptionContext map[string]string) (envelope.EncryptedDataKey, error) {
	if len(m) == 0 {
		return envelope.EncryptedDataKey{}, fmt.Errorf("%w: the keyring is empty; give it a key", envelope.ErrNoKey)
	}
	return m[0].Wrap(ctx, key, encryptionContext)
}

// WrapAll wraps a data key with each keyring, in order; one that cannot fails
// all, as the specification has it.
func (m Multi) WrapAll(ctx context.Context, key envelope.DataKey, encryptionContext map[string]string) ([]envelope.EncryptedDataKey, error) {
	if len(m) == 0 {
		return nil, fmt.Errorf("%w: the keyring is empty; give it a key", envelope.ErrNoKey)
	}
	edks := make([]envelope.EncryptedDataKey, 0, len(m))
	for i, k := range m {
		edk, err := k.Wrap(ctx, key, encryptionContext)
		if err != nil {
			return nil, fmt.Errorf("wrapping with keyring %d of %d: %w", i+1, len(m), err)
		}
		edks = append(edks, edk)
	}
	return edks, nil
}

// joined is what several keys said about one data key.
type joined struct {
	text string
	most []error // those of the most informative class
}

func (j *joined) Error() string   { return j.text }
func (j *joined) Unwrap() []error { return j.most }

// Join joins what several keys, or several encrypted data keys, said, so that
// errors.Is finds one class only: the most informative. In this order:
//
//	ErrUnavailable  asking again may open it
//	ErrRefused      another key may open it, but may not be used
//	ErrUnsupported  another key may open it, but not here
//	ErrTampered     a key was used and a commitment failed
//	ErrWrongKey     a key was used and does not open it
//	ErrFormat       a wrapped key is malformed
//	ErrNoKey        no key fits
//
// The first three say nothing about the ciphertext, and come first because a
// refusal must never make a ciphertext look forged. The text has all errors
// but those of ErrNoKey, unless there are no others. Nil errors do not count;
// of none the error is nil.
func Join(errs ...error) error {
	by := map[error][]error{}
	for _, err := range errs {
		if err != nil {
			by[class(err)] = append(by[class(err)], classed(err))
		}
	}
	var most []error
	var texts []error
	for _, c := range classes() {
		if most == nil {
			most = by[c]
		}
		if c != envelope.ErrNoKey || texts == nil { //nolint:errorlint // classes are compared as themselves
			texts = append(texts, by[c]...)
		}
	}
	switch len(texts) {
	case 0:
		return nil
	case 1:
		return texts[0]
	}
	return &joined{oneLine(texts), most}
}

func oneLine(errs []error) string {
	seen := map[string]bool{}
	text := ""
	for _, err := range errs {
		if seen[err.Error()] {
			continue
		}
		seen[err.Error()] = true
		if text != "" {
			text += "; "
		}
		text += err.Error()
	}
	return text
}
