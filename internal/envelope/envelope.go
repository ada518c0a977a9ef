// Package envelope opens and verifies what AWS's client-side encryption
// libraries seal, and says what it proved: AWS Encryption SDK messages
// (envelope/esdk), S3 Encryption Client objects (envelope/s3ec), items of the
// DynamoDB Encryption Client and of the AWS Database Encryption SDK
// (envelope/ddb). Keys come from a [Keyring] (envelope/keyring).
//
// Verify functions read a whole ciphertext and return a [Proof]; they never
// return plaintext. Open functions do, and only after it is authenticated;
// what a streaming reader hands out before that it calls unverified.
//
// It never sends anything anywhere, imports nothing of this program outside of
// this folder and nothing of AWS, keeps data keys only as long as they are
// used, and puts no key, no plaintext and no value of an encryption context
// into an error or a proof.
package envelope

import "errors"

// Classes of errors. Every error of this package's parsers, keyrings and
// formats wraps exactly one, so that a caller can tell a forged ciphertext
// from a key that could not be asked.
var (
	// ErrFormat: the bytes are not of the format, or break its rules before
	// any key is used: a length beyond its bounds, a duplicate entry, trailing
	// bytes.
	ErrFormat = errors.New("malformed")
	// ErrTampered: a key was used and authentication failed: a tag, a
	// signature, a key commitment or a message authentication code.
	ErrTampered = errors.New("authentication failed")
	// ErrWrongKey: the keyring has a key for this data key and it does not
	// unwrap it. For a symmetric wrap that is also what a changed wrapped key
	// or encryption context looks like.
	ErrWrongKey = errors.New("wrong key")
	// ErrNoKey: no keyring has a key for any of the data keys.
	ErrNoKey = errors.New("no key for it")
	// ErrRefused: permission or key state forbids the use of the key. It says
	// nothing about the ciphertext.
	ErrRefused = errors.New("key refused")
	// ErrUnavailable: the key could not be asked, for rate, time or network.
	// It says nothing about the ciphertext.
	ErrUnavailable = errors.New("key unavailable")
	// ErrUnsupported: a version, suite or algorithm that this package does not
	// open, or that the caller's policy excludes.
	ErrUnsupported = errors.New("unsupported")
)

// Says tells what an error says about the ciphertext: refuted when it is
// forged, damaged or not under the key, unknown when the key was not used, and
// verified when there is no error.
func Says(err error) Verdict {
	switch {
	case err == nil:
		return Verified
	case errors.Is(err, ErrRefused), errors.Is(err, ErrUnavailable), errors.Is(err, ErrNoKey), errors.Is(err, ErrUnsupported):
		return Unknown
	case errors.Is(err, ErrFormat), errors.Is(err, ErrTampered), errors.Is(err, ErrWrongKey):
		return Refuted
	}
	return Unknown // reading failed, the context ended
}
