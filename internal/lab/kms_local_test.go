package lab_test

import (
	"strings"
	"testing"
	"time"

	"github.com/sealaudit/sealaudit/internal/lab"
)

func newPlayer(t *testing.T, options ...lab.Option) *player {
	t.Helper()
	return &player{bench: newBench(t, []lab.Bucket{{Name: "one"}}, options...)}
}

// wants fails the test unless a call was refused with a code.
func (p *player) wants(code string, out document) {
	p.Helper()
	if got := part(out, "Error", "Code"); got != code {
		p.Errorf("%v, want %s", out, code)
	}
}

// KMS Developer Guide, "Rotate AWS KMS keys": a key with automatic rotation gets
// new material every period; what the old material encrypted stays readable. A
// disabled key is not rotated. ListKeyRotations names the kind.
func TestKeysRotateByThemselves(t *testing.T) {
	p := newPlayer(t)
	on := document{"KeyId": keyA, "RotationPeriodInDays": 90}
	p.call("kms:EnableKeyRotation", on)
	blob, before := p.encrypted(keyA, nil), part(p.describe(keyA), "KeyMetadata", "CurrentKeyMaterialId")
	p.lab.Advance(91 * 24 * time.Hour)
	p.call("kms:RotateKeyOnDemand", document{"KeyId": keyA})
	rotations, _ := p.call("kms:ListKeyRotations", document{"KeyId": keyA})["Rotations"].([]any)
	if len(rotations) != 2 || part(rotations[0].(document), "RotationType") != "AUTOMATIC" || part(rotations[1].(document), "RotationType") != "ON_DEMAND" {
		t.Errorf("%v", rotations)
	}
	if after := part(p.describe(keyA), "KeyMetadata", "CurrentKeyMaterialId"); after == nil || after == before {
		t.Errorf("the material is %v, and was %v", after, before)
	}
	if out := p.call("kms:Decrypt", document{"CiphertextBlob": blob}); out["Plaintext"] != b64([]byte("secret")) || out["KeyMaterialId"] != before {
		t.Errorf("%v", out)
	}
	p.call("kms:DisableKey", document{"KeyId": keyA})
	p.lab.Advance(180 * 24 * time.Hour)
	if rotations, _ := p.call("kms:ListKeyRotations", document{"KeyId": keyA})["Rotations"].([]any); len(rotations) != 2 {
		t.Errorf("a disabled key was rotated: %v", rotations)
	}
}

// KMS Developer Guide, "AWS managed keys": nobody but AWS changes them.
func TestManagedKeysAreNotChanged(t *testing.T) {
	p := newPlayer(t)
	arn := p.textAt(p.table("managed", document{"SSESpecification": document{"Enabled": true}}), "TableDescription", "SSEDescription", "KMSMasterKeyArn")
	for _, name := range []string{"DisableKey", "ScheduleKeyDeletion", "DisableKeyRotation", "RotateKeyOnDemand"} {
		p.wants("AccessDeniedException", p.call("kms:"+name, document{"KeyId": arn}))
	}
	if out := p.describe(arn); part(out, "KeyMetadata", "KeyState") != "Enabled" {
		t.Errorf("%v", out)
	}
}

// KMS Developer Guide, "Key states of AWS KMS keys": what can be done to a key
// that waits for its deletion.
func TestKeysThatWaitForDeletion(t *testing.T) {
	p := newPlayer(t)
	p.call("kms:ScheduleKeyDeletion", document{"KeyId": keyA, "PendingWindowInDays": 7})
	for name, more := range map[string]document{
		"DisableKey": nil, "EnableKey": nil, "EnableKeyRotation": nil, "DisableKeyRotation": nil, "RotateKeyOnDemand": nil, "ScheduleKeyDeletion": nil,
		"UpdateKeyDescription": {"Description": "x"}, "TagResource": {"Tags": list(document{"TagKey": "a", "TagValue": "b"})}, "UntagResource": {"TagKeys": list("a")},
		"CreateGrant": {"GranteePrincipal": "arn:aws:iam::" + own + ":root", "Operations": list("Decrypt")}, "CreateAlias": {"AliasName": "alias/late", "TargetKeyId": keyA},
		"Encrypt": {"Plaintext": b64([]byte("x"))}, "GenerateDataKey": {"KeySpec": "AES_256"},
	} {
		in := document{"KeyId": keyA}
		for member, v := range more {
			in[member] = v
		}
		out := p.call("kms:"+name, in)
		if part(out, "Error", "Code") != "KMSInvalidStateException" || part(out, "Error", "Message") != keyARN+keyA+" is pending deletion." {
			t.Errorf("%s: %v", name, out)
		}
	}
	policy := p.call("kms:GetKeyPolicy", document{"KeyId": keyA})
	for name, in := range map[string]document{"PutKeyPolicy": {"KeyId": keyA, "Policy": policy["Policy"]}, "ListResourceTags": {"KeyId": keyA}, "CancelKeyDeletion": {"KeyId": keyA}} {
		if out := p.call("kms:"+name, in); out["Error"] != nil {
			t.Errorf("%s: %v", name, out)
		}
	}
}

// KMS API, RetireGrant and ListRetirableGrants; PutKeyPolicy.
func TestGrantsRetireAndPoliciesAreChecked(t *testing.T) {
	p := newPlayer(t)
	who := "arn:aws:iam::" + own + ":role/retires"
	grant := func() document {
		return p.call("kms:CreateGrant", document{"KeyId": keyA, "GranteePrincipal": who, "RetiringPrincipal": who, "Operations": list("Decrypt")})
	}
	first, second := grant(), grant()
	p.wants("ValidationException", p.call("kms:CreateGrant", document{"KeyId": keyA, "GranteePrincipal": who, "Operations": list("Fly")}))
	p.wants("ValidationException", p.call("kms:CreateGrant", document{"KeyId": keyA, "Operations": list("Decrypt")}))
	if grants, _ := p.call("kms:ListGrants", document{"KeyId": keyA, "GrantId": first["GrantId"]})["Grants"].([]any); len(grants) != 1 {
		t.Errorf("%v", grants)
	}
	if grants, _ := p.call("kms:ListGrants", document{"KeyId": keyA, "GranteePrincipal": who + "s"})["Grants"].([]any); len(grants) != 0 {
		t.Errorf("%v", grants)
	}
	if grants, _ := p.call("kms:ListRetirableGrants", document{"RetiringPrincipal": who})["Grants"].([]any); len(grants) != 2 {
		t.Errorf("%v", grants)
	}
	p.call("kms:RetireGrant", document{"GrantToken": first["GrantToken"]})
	p.call("kms:RetireGrant", document{"KeyId": keyARN + keyA, "GrantId": second["GrantId"]})
	if grants, _ := p.call("kms:ListGrants", document{"KeyId": keyA})["Grants"].([]any); len(grants) != 0 {
		t.Errorf("%v", grants)
	}
	for _, policy := range []string{"{}x", "{}", "nothing"} {
		p.wants("MalformedPolicyDocumentException", p.call("kms:PutKeyPolicy", document{"KeyId": keyA, "Policy": policy}))
	}
}

// KMS Developer Guide, "Multi-Region keys": a ciphertext of the primary is
// opened by the replica.
func TestReplicasOpenWhatThePrimarySealed(t *testing.T) {
	p := newPlayer(t)
	k := p.key(document{"MultiRegion": true})
	p.call("kms:ReplicateKey", document{"KeyId": k["KeyId"], "ReplicaRegion": "us-west-2"})
	blob := p.encrypted(p.textAt(k, "KeyId"), nil)
	out := p.callIn("us-west-2", "kms:Decrypt", document{"KeyId": k["KeyId"], "CiphertextBlob": blob})
	if out["Plaintext"] != b64([]byte("secret")) {
		t.Errorf("%v", out)
	}
	p.wants("AlreadyExistsException", p.call("kms:ReplicateKey", document{"KeyId": k["KeyId"], "ReplicaRegion": "us-west-2"}))
	p.wants("UnsupportedOperationException", p.call("kms:ReplicateKey", document{"KeyId": keyA, "ReplicaRegion": "us-west-2"}))
}

// KMS API, ImportKeyMaterial: a token is for one key and 24 hours, and a key
// takes only the material that it had.
func TestImportsAreChecked(t *testing.T) {
	p := newPlayer(t)
	one, two := p.textAt(p.key(document{"Origin": "EXTERNAL"}), "KeyId"), p.textAt(p.key(document{"Origin": "EXTERNAL"}), "KeyId")
	foreign := p.call("kms:GetParametersForImport", document{"KeyId": two, "WrappingAlgorithm": "RSAES_OAEP_SHA_256", "WrappingKeySpec": "RSA_2048"})
	p.wants("InvalidImportTokenException", p.imported(one, make([]byte, 32), document{"ImportToken": foreign["ImportToken"]}))
	p.wants("InvalidCiphertextException", p.imported(one, make([]byte, 32), document{"EncryptedKeyMaterial": b64(make([]byte, 256))}))
	p.wants("IncorrectKeyMaterialException", p.imported(one, make([]byte, 31), nil))
	if out := p.imported(one, make([]byte, 32), nil); out["Error"] != nil || out["KeyMaterialId"] == nil {
		t.Errorf("%v", out)
	}
	other := make([]byte, 32)
	other[0] = 1
	p.wants("IncorrectKeyMaterialException", p.imported(one, other, nil))
	p.lab.Advance(25 * time.Hour)
	p.wants("ExpiredImportTokenException", p.imported(two, make([]byte, 32), document{"ImportToken": foreign["ImportToken"]}))
}

// KMS API: operations that take only symmetric keys refuse others, and RSA keys
// name their algorithm.
func TestKeysAreUsedForWhatTheyAre(t *testing.T) {
	p := newPlayer(t)
	id := p.key(document{"KeySpec": "RSA_2048", "KeyUsage": "ENCRYPT_DECRYPT"})["KeyId"]
	p.wants("InvalidKeyUsageException", p.call("kms:GenerateDataKey", document{"KeyId": id, "KeySpec": "AES_256"}))
	p.wants("InvalidKeyUsageException", p.call("kms:GenerateDataKeyPair", document{"KeyId": id, "KeyPairSpec": "ECC_NIST_P256"}))
	p.wants("InvalidKeyUsageException", p.call("kms:Encrypt", document{"KeyId": id, "Plaintext": b64([]byte("x"))}))
	p.wants("ValidationException", p.call("kms:GenerateDataKeyPair", document{"KeyId": keyA, "KeyPairSpec": "ECC_OF_OURS"}))
	p.call("kms:DisableKey", document{"KeyId": id})
	p.wants("DisabledException", p.call("kms:Encrypt", document{"KeyId": id, "Plaintext": b64([]byte("x")), "EncryptionAlgorithm": "RSAES_OAEP_SHA_256"}))
}

// KMS Developer Guide, "Logging AWS KMS API calls with AWS CloudTrail": the
// records have no message, no code and no key material; they are read-only.
func TestRecordsOfKMSHaveNoSecrets(t *testing.T) {
	p := newPlayer(t)
	secret := b64([]byte("a very secret message"))
	id := p.key(document{"KeySpec": "ECC_NIST_P256", "KeyUsage": "SIGN_VERIFY"})["KeyId"]
	p.call("kms:Sign", document{"KeyId": id, "Message": secret, "SigningAlgorithm": "ECDSA_SHA_256"})
	mac := p.key(document{"KeySpec": "HMAC_256", "KeyUsage": "GENERATE_VERIFY_MAC"})["KeyId"]
	code := p.call("kms:GenerateMac", document{"KeyId": mac, "Message": secret, "MacAlgorithm": "HMAC_SHA_256"})
	p.call("kms:VerifyMac", document{"KeyId": mac, "Message": secret, "Mac": code["Mac"], "MacAlgorithm": "HMAC_SHA_256"})
	p.lab.Advance(20 * time.Minute)
	for _, name := range []string{"Sign", "GenerateMac", "VerifyMac"} {
		events, _ := p.call("cloudtrail:LookupEvents", document{"LookupAttributes": list(document{"AttributeKey": "EventName", "AttributeValue": name})})["Events"].([]any)
		if len(events) != 1 {
			t.Fatalf("%s: %v", name, events)
		}
		record := p.textAt(events[0].(document), "CloudTrailEvent")
		if strings.Contains(record, secret) || strings.Contains(record, p.textAt(code, "Mac")) || !strings.Contains(record, `"readOnly":true`) {
			t.Errorf("%s: %s", name, record)
		}
	}
}
