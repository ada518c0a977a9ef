// Package ssec checks the headers of server-side encryption with keys that the
// customer provides (SSE-C), as Amazon S3 does, and says what an object's
// headers and a key show ("Using server-side encryption with customer-provided
// keys", Amazon S3 User Guide).
//
// S3 encrypts and decrypts itself and never gives out the ciphertext, so that
// no stored byte can be verified offline. What can be shown is that the digest
// which S3 echoes is that of a key, and that a body which S3 served under the
// key is the expected one.
package ssec

import (
	"crypto/md5"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"strings"

	"github.com/sealaudit/sealaudit/internal/envelope"
)

// Names of the headers of requests and answers. The source of a copy has the
// same three under [CopySource].
const (
	Algorithm  = "x-amz-server-side-encryption-customer-algorithm" // AES256
	Key        = "x-amz-server-side-encryption-customer-key"       // base64 of 32 bytes; requests only
	KeyMD5     = "x-amz-server-side-encryption-customer-key-md5"   // base64 of the raw key's MD5
	Encryption = "x-amz-server-side-encryption"                    // of the other kinds, never beside these
	CopySource = "x-amz-copy-source-server-side-encryption-customer-"

	prefix = "x-amz-server-side-encryption-customer-"
	aes256 = "AES256"
	keyLen = 32
)

// Digest is a key's MD5 as the headers carry it. It guards against damage on
// the way and proves nothing about who has the key.
func Digest(key []byte) string {
	sum := md5.Sum(key)
	return base64.StdEncoding.EncodeToString(sum[:])
}

// Headers are the three headers of a request for a key of 32 bytes, those of a
// copy's source if asked for. They contain the key: send them over TLS, and
// never log them.
func Headers(key []byte, copySource bool) (map[string]string, error) {
	if len(key) != keyLen {
		return nil, fmt.Errorf("%w: a customer-provided key has %d bytes, this one %d", envelope.ErrUnsupported, keyLen, len(key))
	}
	headers := map[string]string{Algorithm: aes256, Key: base64.StdEncoding.EncodeToString(key), KeyMD5: Digest(key)}
	if !copySource {
		return headers, nil
	}
	source := map[string]string{}
	for name, value := range headers {
		source[CopySource+strings.TrimPrefix(name, prefix)] = value
	}
	return source, nil
}

// lookup are headers by their lower-case names. A name in two spellings is an
// error: HTTP would send both.
func lookup(headers map[string]string) (map[string]string, error) {
	out := make(map[string]string, len(headers))
	for name, value := range headers {
		name = strings.ToLower(name)
		if _, twice := out[name]; twice {
			return nil, fmt.Errorf("%w: a header is there twice", envelope.ErrFormat)
		}
		out[name] = strings.TrimSpace(value)
	}
	return out, nil
}

// equalDigest compares two digests in constant time.
func equalDigest(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }
