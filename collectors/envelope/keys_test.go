package envelope

import (
	"errors"
	"testing"

	"github.com/aws/smithy-go"

	"github.com/sealaudit/sealaudit/collectors"
	"github.com/sealaudit/sealaudit/internal/awsapi"
	"github.com/sealaudit/sealaudit/internal/envelope"
)

// KMS's errors say something about the ciphertext, or nothing (KMS API
// reference, Decrypt, "Errors").
func TestDecryptErrors(t *testing.T) {
	for code, want := range map[string]error{
		"AccessDeniedException":      envelope.ErrRefused,
		"DisabledException":          envelope.ErrRefused,
		"KMSInvalidStateException":   envelope.ErrRefused,
		"NotFoundException":          envelope.ErrRefused,
		"InvalidCiphertextException": envelope.ErrTampered,
		"IncorrectKeyException":      envelope.ErrWrongKey,
		"InvalidKeyUsageException":   envelope.ErrUnsupported,
		"KeyUnavailableException":    envelope.ErrUnavailable,
		"DependencyTimeoutException": envelope.ErrUnavailable,
		"KMSInternalException":       envelope.ErrUnavailable,
		"ThrottlingException":        envelope.ErrUnavailable,
		"SomethingNewException":      envelope.ErrUnavailable,
	} {
		reason := collectors.Failed
		if code == "AccessDeniedException" {
			reason = collectors.Denied
		}
		asked := &awsapi.Error{Operation: "kms:Decrypt", Reason: reason, Err: &smithy.GenericAPIError{Code: code}}
		err := decryptError(asked)
		if got := (*awsapi.Error)(nil); !errors.Is(err, want) || !errors.As(err, &got) {
			t.Errorf("%s is %v", code, err)
		}
	}
}

// An artefact is hostile input: it can't have KMS asked anywhere it likes.
func TestKeysThatArtefactsName(t *testing.T) {
	r := NewRun(&awsapi.Session{Partition: "aws"}, nil, Options{})
	for arn, want := range map[string]string{
		"arn:aws:kms:eu-west-1:111122223333:key/1234":        "eu-west-1",
		"arn:aws:kms:us-gov-west-1:111122223333:key/mrk-1":   "us-gov-west-1",
		"arn:aws-cn:kms:cn-north-1:111122223333:key/1234":    "",
		"arn:aws:kms:evil.example/:111122223333:key/1234":    "",
		"arn:aws:kms:evil.example-1:111122223333:key/1234":   "",
		"arn:aws:kms:a@evil-example-1:111122223333:key/1234": "",
		"arn:aws:kms::111122223333:key/1234":                 "",
		"arn:aws:s3:eu-west-1:111122223333:key/1234":         "",
		"arn:aws:kms:eu-west-1:111122223333:alias/mine":      "",
		"1234": "", "": "",
	} {
		region, err := r.named(arn)
		if region != want || (err == nil) != (want != "") || err != nil && !errors.Is(err, envelope.ErrNoKey) {
			t.Errorf("%s: %q, %v", arn, region, err)
		}
	}
}

// A customer's key is not sent where others read along.
func TestKeysStayOffTheWire(t *testing.T) {
	for endpoint, may := range map[string]bool{"": true, "https://s3.example": true, "http://127.0.0.1:9000": true, "http://[::1]:9000": true,
		"http://localhost:9000": true, "http://s3.example": false, "http://10.0.0.7:9000": false, "http://localhost.example": false} {
		o := &object{regionObjects: &regionObjects{Objects: &Objects{Run: NewRun(&awsapi.Session{Endpoint: endpoint}, nil, Options{})}}}
		if err := o.mayCarryKey(); (err == nil) != may {
			t.Errorf("%q: %v", endpoint, err)
		}
	}
}
