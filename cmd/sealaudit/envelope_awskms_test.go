package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/sealaudit/sealaudit/internal/envelope"
	"github.com/sealaudit/sealaudit/internal/envelope/esdk"
	"github.com/sealaudit/sealaudit/internal/envelope/keyring"
	"github.com/sealaudit/sealaudit/internal/envelope/kms"
)

// AWS KMS opens what is under it, and is always told which key to use.
func TestEnvelopeAWSKMS(t *testing.T) {
	a, e := newAccount(t), newEnvelopes(t)
	file := a.file(e)
	second, err := a.kms.CreateKey(kms.KeySpec{})
	if err != nil {
		t.Fatal(err)
	}
	message := e.put("message", sealTrial(t, "esdk", make([]byte, 1000), e, file).parts[0].bytes)
	a.put("b/object", sealTrial(t, "s3", nil, e, file), nil)
	e.wants(exitPass, "verify", message, "--keyring", "aws-kms")
	e.wants(exitPass, "verify", message, "--from", "s3://b/object", "--keyring", "aws-kms:"+a.key)
	e.wants(exitPass, "verify", message, "--from", "s3://b/object", "--keyring", "aws-kms:"+second.ARN, "--keyring", "aws-kms:"+a.key)
	if out := e.wants(exitUnknown, "verify", "--from", "s3://b/object", "--keyring", "aws-kms"); !strings.Contains(out, "name it with --keyring aws-kms:ARN") {
		t.Error(out)
	}
	if out := e.wants(exitUnknown, "verify", message, "--keyring", "aws-kms:"+second.ARN); !strings.Contains(out, "under another KMS key") {
		t.Error(out)
	}
	e.wants(exitFail, "verify", "--from", "s3://b/object", "--keyring", "aws-kms:"+second.ARN) // IncorrectKeyException
	if slices.Contains(a.keyIDs, "") || len(a.keyIDs) < 5 {
		t.Errorf("KMS was asked with the keys %q", a.keyIDs)
	}
	opened := filepath.Join(e.dir, "opened")
	e.wants(exitPass, "open", message, "-o", opened, "--keyring", "aws-kms")
	if info, err := os.Stat(opened); err != nil || info.Size() != 1000 {
		t.Error(err)
	}
	for _, format := range []string{"esdk", "s3", "ddb", "ddb-legacy"} {
		if out := e.wants(exitPass, "roundtrip", "--format", format, "--keyring", "aws-kms:"+a.key, "--flips", "20"); !strings.Contains(out, "it came back as it was") {
			t.Errorf("%s: %s", format, out)
		}
	}
	e.wants(exitNothing, "roundtrip", "--keyring", "aws-kms")
	for says, specs := range map[string][]string{
		"once":              {"aws-kms", "aws-kms"},
		"once for each key": {"aws-kms:" + a.key, "aws-kms:" + a.key},
		"is enough":         {file, "aws-kms"},
		"give the key ARN":  {"aws-kms:alias/mine"},
	} {
		args := []string{"verify", message}
		for _, s := range specs {
			args = append(args, "--keyring", s)
		}
		if out := e.wants(exitNothing, args...); !strings.Contains(out, says) {
			t.Errorf("%v: no %q in %s", specs, says, out)
		}
	}
}

// What KMS refuses says nothing about the ciphertext; what it finds wrong
// refutes it.
func TestEnvelopeAWSKMSRefusals(t *testing.T) {
	a, e := newAccount(t), newEnvelopes(t)
	message := e.put("message", sealTrial(t, "esdk", nil, e, a.file(e)).parts[0].bytes)
	for code, want := range map[string]int{
		"AccessDeniedException": exitUnknown, "DisabledException": exitUnknown, "NotFoundException": exitUnknown,
		"KMSInvalidStateException": exitUnknown, "ExpiredTokenException": exitUnknown, "ValidationException": exitUnknown,
		"InvalidKeyUsageException": exitUnknown, "InvalidGrantTokenException": exitUnknown, "SomethingNew": exitUnknown,
		"InvalidCiphertextException": exitFail, "IncorrectKeyException": exitFail,
	} {
		a.fail("kms:Decrypt", code)
		if out := e.wants(want, "verify", message, "--keyring", "aws-kms"); !strings.Contains(out, "kms:Decrypt: "+code) {
			t.Errorf("%s: %s", code, out)
		}
	}
	for _, code := range []string{"ThrottlingException", "KMSInternalException"} {
		a.fail("kms:Decrypt", code)
		e.wants(exitUnknown, "verify", message, "--keyring", "aws-kms", "--timeout", "2s")
	}
	a.fail("kms:Decrypt", "")
	a.fail("kms:KeyId", "arn:aws:kms:eu-west-1:111122223333:key/another")
	if out := e.wants(exitFail, "verify", message, "--keyring", "aws-kms"); !strings.Contains(out, "answered with another key") {
		t.Error(out)
	}
	t.Setenv("AWS_ACCESS_KEY_ID", "")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "")
	t.Setenv("HOME", e.dir)
	if out := e.wants(exitNothing, "verify", message, "--keyring", "aws-kms"); !strings.Contains(out, "finding AWS credentials") {
		t.Error(out)
	}
	e.wants(exitUnknown, "verify", message) // AWS is not asked
}

// Only given keys are asked.
func TestEnvelopeAWSKMSAsks(t *testing.T) {
	for _, tc := range []struct {
		only []string
		id   string
		want []string
		err  error
	}{
		{nil, "a", []string{"a"}, nil}, {nil, "", nil, envelope.ErrNoKey}, {[]string{"a", "b"}, "", []string{"a", "b"}, nil},
		{[]string{"a", "b"}, "b", []string{"b"}, nil}, {[]string{"a"}, "b", nil, envelope.ErrNoKey},
	} {
		got, err := (&awsKMS{only: tc.only}).ask(tc.id)
		if !slices.Equal(got, tc.want) || (err == nil) != (tc.err == nil) {
			t.Errorf("%v %q: %v %v", tc.only, tc.id, got, err)
		}
	}
}

// RSA keys of KMS are those that a message names, curves' keys those that are
// given.
func TestEnvelopeAWSKMSPairs(t *testing.T) {
	a, e := newAccount(t), newEnvelopes(t)
	sealed := map[kms.Spec]string{}
	arns := map[kms.Spec]string{}
	for _, spec := range []kms.Spec{"RSA_2048", "ECC_NIST_P256"} {
		k, err := a.kms.CreateKey(kms.KeySpec{Spec: spec})
		if err != nil {
			t.Fatal(err)
		}
		arns[spec] = k.ARN
		keys := &envelopeKeys{ring: keyring.Multi{kmsPairs{a.kms, k.ARN}}}
		message, err := messageTrial(t.Context(), keys, []byte("plain"), esdk.Suite(0x0478), nil)
		if err != nil {
			t.Fatal(err)
		}
		sealed[spec] = e.put(string(spec), message.parts[0].bytes)
	}
	rsa, curve := sealed["RSA_2048"], sealed["ECC_NIST_P256"]
	e.wants(exitPass, "verify", rsa, "--keyring", "aws-kms")
	e.wants(exitPass, "verify", rsa, curve, "--keyring", "aws-kms:"+arns["RSA_2048"], "--keyring", "aws-kms:"+arns["ECC_NIST_P256"])
	e.wants(exitUnknown, "verify", curve, "--keyring", "aws-kms")
	e.wants(exitUnknown, "verify", rsa, "--keyring", "aws-kms:"+arns["ECC_NIST_P256"])
	a.fail("kms:GetPublicKey", "AccessDeniedException")
	if out := e.wants(exitUnknown, "verify", rsa, "--keyring", "aws-kms"); !strings.Contains(out, "allow kms:GetPublicKey") {
		t.Error(out)
	}
	a.fail("kms:GetPublicKey", "")
	a.fail("kms:DeriveSharedSecret", "DisabledException")
	e.wants(exitUnknown, "verify", curve, "--keyring", "aws-kms:"+arns["ECC_NIST_P256"])
}
