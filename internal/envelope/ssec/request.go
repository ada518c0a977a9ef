package ssec

import (
	"encoding/base64"
	"fmt"

	"github.com/sealaudit/sealaudit/internal/envelope"
)

// Error is an answer of S3 that refuses a request.
type Error struct {
	Status  int    // HTTP
	Code    string // S3's error code
	Message string
	class   error
}

// Error implements error.
func (e *Error) Error() string {
	return fmt.Sprintf("%v: %d %s: %s", e.class, e.Status, e.Code, e.Message)
}

// Unwrap is the class of package envelope: ErrWrongKey for a key that does not
// open the object, ErrRefused where the bucket blocks SSE-C, else ErrFormat.
func (e *Error) Unwrap() error { return e.class }

// The beginning of most of S3's messages about SSE-C.
const requests = "Requests specifying Server Side Encryption with Customer provided keys must provide "

func invalidArgument(message string) *Error {
	return &Error{400, "InvalidArgument", message, envelope.ErrFormat}
}

// The answers of S3, in the order in which it makes the checks. Messages are
// S3's own; [ErrNoDigest] was not seen at AWS, whose SDKs always send the
// digest, but at another implementation.
var (
	ErrIncompatible = invalidArgument("Server Side Encryption with Customer provided key is incompatible with the encryption method specified")
	ErrNoAlgorithm  = invalidArgument(requests + "a valid encryption algorithm.")
	ErrAlgorithm    = &Error{400, "InvalidEncryptionAlgorithmError", "The Encryption request you specified is not valid. Supported value: AES256.", envelope.ErrFormat}
	ErrNoSecret     = invalidArgument(requests + "an appropriate secret key.")
	ErrNoDigest     = invalidArgument(requests + "the client calculated MD5 of the secret key.")
	ErrDigest       = invalidArgument("The calculated MD5 hash of the key did not match the hash that was provided.")
	ErrSecret       = invalidArgument("The secret key was invalid for the specified algorithm.")

	ErrNoHeaders     = &Error{400, "InvalidRequest", "The object was stored using a form of Server Side Encryption. The correct parameters must be provided to retrieve the object.", envelope.ErrNoKey}
	ErrNotApplicable = &Error{400, "InvalidRequest", "The encryption parameters are not applicable to this object.", envelope.ErrFormat}
	ErrOtherKey      = &Error{403, "AccessDenied", requests + "the correct secret key.", envelope.ErrWrongKey}
	ErrOtherPart     = &Error{400, "InvalidRequest", "The provided encryption parameters did not match the ones used originally.", envelope.ErrWrongKey}
)

// CheckRequest makes S3's checks of a request's headers and gives the key; a
// request without any of them gives a key of no bytes. Its error is an [*Error].
// The caller zeroes the key.
//
// The order is S3's: the other kind of encryption, the algorithm, the key, its
// digest, its length. That a key which is no base64 counts as a key of the
// wrong length is assumed.
func CheckRequest(headers map[string]string) (envelope.DataKey, error) { return check(headers, prefix) }

// CheckCopySource is [CheckRequest] for the headers of a copy's source.
func CheckCopySource(headers map[string]string) (envelope.DataKey, error) {
	return check(headers, CopySource)
}

func check(headers map[string]string, prefix string) (envelope.DataKey, error) {
	h, err := lookup(headers)
	if err != nil {
		return envelope.DataKey{}, err
	}
	algorithm, secret, digest := h[prefix+"algorithm"], h[prefix+"key"], h[prefix+"key-md5"]
	_, other := h[Encryption]
	switch {
	case algorithm == "" && secret == "" && digest == "":
		return envelope.DataKey{}, nil
	case other && prefix != CopySource:
		return envelope.DataKey{}, ErrIncompatible
	case algorithm == "":
		return envelope.DataKey{}, ErrNoAlgorithm
	case algorithm != aes256:
		return envelope.DataKey{}, ErrAlgorithm
	case secret == "":
		return envelope.DataKey{}, ErrNoSecret
	case digest == "":
		return envelope.DataKey{}, ErrNoDigest
	case len(secret) > 1024:
		return envelope.DataKey{}, ErrSecret
	}
	key, err := base64.StdEncoding.DecodeString(secret)
	if err != nil {
		return envelope.DataKey{}, ErrSecret
	}
	out := envelope.NewDataKey(key)
	switch {
	case !equalDigest(Digest(key), digest):
		out.Zero()
		return envelope.DataKey{}, ErrDigest
	case len(key) != keyLen:
		out.Zero()
		return envelope.DataKey{}, ErrSecret
	}
	return out, nil
}

// CheckRead makes S3's checks of a request to read an object: those of
// [CheckRequest], then whether the object is of this kind, then whether the key
// is the object's. storedMD5 is the digest that S3 echoed when the object was
// written, "" for an object of another kind. The caller zeroes the key.
func CheckRead(headers map[string]string, storedMD5 string) (envelope.DataKey, error) {
	key, err := CheckRequest(headers)
	switch {
	case err != nil:
		return envelope.DataKey{}, err
	case key.Len() == 0 && storedMD5 != "":
		return envelope.DataKey{}, ErrNoHeaders
	case key.Len() == 0:
		return key, nil
	case storedMD5 == "":
		key.Zero()
		return envelope.DataKey{}, ErrNotApplicable
	case !equalDigest(Digest(key.Bytes()), storedMD5):
		key.Zero()
		return envelope.DataKey{}, ErrOtherKey
	}
	return key, nil
}
