package lab_test

import (
	"crypto/ecdh"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"testing"
	"time"
)

// KMS Developer Guide, "Deleting multi-Region primary keys": a primary waits for
// its replicas without a date, and its own period starts when they are gone.
func TestPrimaryWaitsForReplicas(t *testing.T) {
	p := newPlayer(t)
	made := p.call("kms:CreateKey", document{"MultiRegion": true})
	id, _ := part(made, "KeyMetadata", "KeyId").(string)
	p.call("kms:ReplicateKey", document{"KeyId": id, "ReplicaRegion": "us-east-1"})
	state := func(region string) any {
		return part(p.callIn(region, "kms:DescribeKey", document{"KeyId": id}), "KeyMetadata", "KeyState")
	}
	out := p.call("kms:ScheduleKeyDeletion", document{"KeyId": id, "PendingWindowInDays": 8})
	if out["KeyState"] != "PendingReplicaDeletion" || out["DeletionDate"] != nil || part(p.describe(id), "KeyMetadata", "PendingDeletionWindowInDays") == nil {
		t.Errorf("%v, %v", out, p.describe(id))
	}
	p.wants("KMSInvalidStateException", p.call("kms:Encrypt", document{"KeyId": id, "Plaintext": b64([]byte("x"))}))
	p.wants("KMSInvalidStateException", p.call("kms:EnableKey", document{"KeyId": id}))
	p.call("kms:CancelKeyDeletion", document{"KeyId": id})
	if got := state("eu-west-1"); got != "Disabled" || part(p.describe(id), "KeyMetadata", "PendingDeletionWindowInDays") != nil {
		t.Errorf("after cancelling: %v", p.describe(id))
	}
	p.call("kms:ScheduleKeyDeletion", document{"KeyId": id, "PendingWindowInDays": 8})
	if out := p.callIn("us-east-1", "kms:ScheduleKeyDeletion", document{"KeyId": id, "PendingWindowInDays": 7}); out["KeyState"] != "PendingDeletion" {
		t.Errorf("the replica: %v", out)
	}
	p.lab.Advance(7*24*time.Hour + time.Hour)
	if got := p.describe(id); part(got, "KeyMetadata", "KeyState") != "PendingDeletion" || part(got, "KeyMetadata", "DeletionDate") == nil {
		t.Errorf("after the replica: %v", got)
	}
	p.wants("NotFoundException", p.callIn("us-east-1", "kms:DescribeKey", document{"KeyId": id}))
	p.lab.Advance(8 * 24 * time.Hour)
	p.wants("NotFoundException", p.describe(id))
}

// KMS API reference, CreateGrant: a named grant that is asked for again is the
// same one; operations that the key can't do are refused.
func TestGrantsAgain(t *testing.T) {
	p := newPlayer(t)
	grant := func(name, operation string) document {
		return p.call("kms:CreateGrant", document{"KeyId": keyA, "GranteePrincipal": "arn:aws:iam::" + own + ":role/r", "Operations": list(operation), "Name": name})
	}
	first := grant("n", "Decrypt")["GrantId"]
	if first == nil || grant("n", "Decrypt")["GrantId"] != first || grant("n", "Encrypt")["GrantId"] == first || grant("m", "Decrypt")["GrantId"] == first {
		t.Error("a named grant is not one grant")
	}
	p.wants("ValidationException", grant("s", "Sign"))
}

// KMS API reference, DeriveSharedSecret; refusals as test_derive_shared_secret
// recorded them.
func TestDeriveSharedSecret(t *testing.T) {
	p := newPlayer(t)
	own, err := ecdh.P256().GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKIXPublicKey(own.PublicKey())
	if err != nil {
		t.Fatal(err)
	}
	other, _ := ecdh.P384().GenerateKey(rand.Reader)
	wrong, _ := x509.MarshalPKIXPublicKey(other.PublicKey())
	id := part(p.call("kms:CreateKey", document{"KeySpec": "ECC_NIST_P256", "KeyUsage": "KEY_AGREEMENT"}), "KeyMetadata", "KeyId")
	derive := func(key any, algorithm string, public []byte) document {
		return p.call("kms:DeriveSharedSecret", document{"KeyId": key, "KeyAgreementAlgorithm": algorithm, "PublicKey": b64(public)})
	}
	spki, err := base64.StdEncoding.DecodeString(p.textAt(p.call("kms:GetPublicKey", document{"KeyId": id}), "PublicKey"))
	if err != nil {
		t.Fatal(err)
	}
	theirs, err := x509.ParsePKIXPublicKey(spki)
	if err != nil {
		t.Fatal(err)
	}
	point, err := theirs.(interface {
		ECDH() (*ecdh.PublicKey, error)
	}).ECDH()
	if err != nil {
		t.Fatal(err)
	}
	want, err := own.ECDH(point)
	if err != nil {
		t.Fatal(err)
	}
	if out := derive(id, "ECDH", der); out["SharedSecret"] != b64(want) || out["KeyOrigin"] != "AWS_KMS" {
		t.Errorf("%v", out)
	}
	signs := part(p.call("kms:CreateKey", document{"KeySpec": "ECC_NIST_P256", "KeyUsage": "SIGN_VERIFY"}), "KeyMetadata", "KeyId")
	p.wants("InvalidKeyUsageException", derive(signs, "ECDH", der))
	p.wants("ValidationException", derive(id, "ECDH", wrong))
	p.wants("ValidationException", derive(id, "ECDH", []byte("none")))
	p.wants("ValidationException", derive(id, "DH", der))
}
