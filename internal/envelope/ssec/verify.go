package ssec

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"io"

	"github.com/sealaudit/sealaudit/internal/envelope"
)

// Format is the format's name in a proof.
const Format = "S3 SSE-C"

// Object is what S3 answered for an object, to a request with its key.
type Object struct {
	Headers map[string]string // of the answer
	Body    io.Reader         // as S3 served it, or nil if it was not asked for
	SHA256  []byte            // of the expected plaintext, or nil
}

var errServed = errors.New("not checked: S3 decrypts before it answers, and no expected digest of the plaintext was given")

// Verify says what the headers of an answer, a key and a body served under it
// show. Without an expected digest of the plaintext the verdict is unknown at
// best. The key may be nil; it is neither kept nor changed.
func Verify(ctx context.Context, obj Object, key []byte) (envelope.Proof, error) {
	p := envelope.Proof{Format: Format, Version: "1", Suite: "AES-256 by S3", Keys: []envelope.Key{{Provider: "customer"}}, Bytes: -1}
	h, err := echoed(obj.Headers)
	p.Add("header", err, "S3 says that the object is under a customer-provided key")
	if err != nil {
		return p, err
	}
	p.Keys[0].ID = h[KeyMD5]
	if err = matches(key, h[KeyMD5]); err == nil {
		p.Keys[0].Used = true
	}
	p.Add("key digest", err, "S3 echoes the MD5 of this key")
	if err != nil {
		return p, err
	}
	if obj.Body == nil || obj.SHA256 == nil {
		p.Add("body", errServed, "")
		return p, nil
	}
	n, err := sum(ctx, obj.Body, obj.SHA256)
	p.Add("body", err, "the plaintext that S3 served under the key is the expected one")
	if err == nil {
		p.Bytes = n
	}
	return p, err
}

// echoed are the headers of an answer, which names the algorithm and the
// key's digest, and no other kind of encryption.
func echoed(headers map[string]string) (map[string]string, error) {
	h, err := lookup(headers)
	if err != nil {
		return nil, err
	}
	_, other := h[Encryption]
	switch {
	case h[Algorithm] == "" && h[KeyMD5] == "":
		return nil, fmt.Errorf("%w: the answer names no customer-provided key; the object is encrypted otherwise, or S3 was not asked with a key", envelope.ErrFormat)
	case h[Algorithm] != aes256:
		return nil, fmt.Errorf("%w: the answer names another algorithm than %s", envelope.ErrUnsupported, aes256)
	case h[KeyMD5] == "":
		return nil, fmt.Errorf("%w: the answer has no digest of the key", envelope.ErrFormat)
	case other:
		return nil, fmt.Errorf("%w: the answer names a second kind of encryption, which S3 never does", envelope.ErrFormat)
	}
	return h, nil
}

func matches(key []byte, digest string) error {
	switch {
	case len(key) == 0:
		return fmt.Errorf("%w: no key was given", envelope.ErrNoKey)
	case len(key) != keyLen:
		return fmt.Errorf("%w: a customer-provided key has %d bytes, this one %d", envelope.ErrUnsupported, keyLen, len(key))
	case !equalDigest(Digest(key), digest):
		return fmt.Errorf("%w: the key's MD5 is not the one that S3 echoes", envelope.ErrWrongKey)
	}
	return nil
}

// sum compares a body with its expected digest, in pieces.
func sum(ctx context.Context, body io.Reader, want []byte) (n int64, err error) {
	digest := sha256.New()
	buf := make([]byte, 64<<10)
	defer clear(buf)
	for {
		if err := ctx.Err(); err != nil {
			return n, fmt.Errorf("reading the body: %w", err)
		}
		m, err := body.Read(buf)
		n += int64(m)
		digest.Write(buf[:m])
		if err == io.EOF {
			break
		}
		if err != nil {
			return n, fmt.Errorf("reading the body: %w", err)
		}
	}
	if subtle.ConstantTimeCompare(digest.Sum(nil), want) != 1 {
		return n, fmt.Errorf("%w: what S3 served under the key is not the expected plaintext", envelope.ErrTampered)
	}
	return n, nil
}
