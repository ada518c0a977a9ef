package kms

import (
	"fmt"

	"github.com/sealaudit/sealaudit/internal/envelope"
)

// AWS's error codes (KMS API, "Errors" of each operation, and "Common
// Errors").
const (
	codeAccessDenied      = "AccessDeniedException"
	codeAlreadyExists     = "AlreadyExistsException"
	codeDependencyTimeout = "DependencyTimeoutException"
	codeDisabled          = "DisabledException"
	codeDryRun            = "DryRunOperationException"
	codeIncorrectKey      = "IncorrectKeyException"
	codeIncorrectMaterial = "IncorrectKeyMaterialException"
	codeInternal          = "KMSInternalException"
	codeInvalidARN        = "InvalidArnException"
	codeInvalidCiphertext = "InvalidCiphertextException"
	codeInvalidKeyUsage   = "InvalidKeyUsageException"
	codeInvalidState      = "KMSInvalidStateException"
	codeKeyUnavailable    = "KeyUnavailableException"
	codeLimitExceeded     = "LimitExceededException"
	codeNotFound          = "NotFoundException"
	codeThrottling        = "ThrottlingException"
	codeUnsupported       = "UnsupportedOperationException"
	codeValidation        = "ValidationException"
)

// errorClasses say what each code tells about a ciphertext.
//
// A key that is gone, disabled or in another state says nothing about it, and
// neither does a denial: refused. InvalidCiphertextException is a failed tag
// under every material of the key that the blob names, so the blob or the
// encryption context was changed, which KMS does not tell apart: tampered. For
// a blob that cannot be read, and for which no key was used, see
// [malformedBlob]. IncorrectKeyException is a blob of another key than the one
// asked for: wrong key.
func errorClasses() map[string]error {
	return map[string]error{
		codeAccessDenied:      envelope.ErrRefused,
		codeAlreadyExists:     envelope.ErrFormat,
		codeDependencyTimeout: envelope.ErrUnavailable,
		codeDisabled:          envelope.ErrRefused,
		codeDryRun:            envelope.ErrUnsupported,
		codeIncorrectKey:      envelope.ErrWrongKey,
		codeIncorrectMaterial: envelope.ErrWrongKey,
		codeInternal:          envelope.ErrUnavailable,
		codeInvalidARN:        envelope.ErrFormat,
		codeInvalidCiphertext: envelope.ErrTampered,
		codeInvalidKeyUsage:   envelope.ErrUnsupported,
		codeInvalidState:      envelope.ErrRefused,
		codeKeyUnavailable:    envelope.ErrUnavailable,
		codeLimitExceeded:     envelope.ErrRefused,
		codeNotFound:          envelope.ErrRefused,
		codeThrottling:        envelope.ErrUnavailable,
		codeUnsupported:       envelope.ErrUnsupported,
		codeValidation:        envelope.ErrFormat,
	}
}

// Error is an error as KMS names it. It wraps a class of package envelope.
type Error struct {
	code, message string
	class         error
}

// Code is AWS's name of the error: "DisabledException".
func (e *Error) Code() string { return e.code }

// Message is AWS's text beside the code.
func (e *Error) Message() string { return e.message }

// Error implements error.
func (e *Error) Error() string { return e.class.Error() + ": " + e.code + ": " + e.message }

// Unwrap is the class.
func (e *Error) Unwrap() error { return e.class }

func fail(code, format string, args ...any) error {
	return &Error{code, fmt.Sprintf(format, args...), errorClasses()[code]}
}

// malformedBlob is KMS's InvalidCiphertextException for a blob that it cannot
// read: its class is ErrFormat, because no key was used.
func malformedBlob(what string) error {
	return &Error{codeInvalidCiphertext, "not a ciphertext blob of this service: " + what, envelope.ErrFormat}
}
