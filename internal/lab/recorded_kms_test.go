package lab_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
	"time"
)

const (
	noKey  = "00000000-0000-4000-8000-00000000dead"
	fakeID = "134f2428cec14b25a1ae9048164dba47"
)

func b64(b []byte) string { return base64.StdEncoding.EncodeToString(b) }

// key makes a key and gives its metadata.
func (p *player) key(in document) document {
	p.Helper()
	m, ok := part(p.call("kms:CreateKey", in), "KeyMetadata").(document)
	if !ok {
		p.Fatalf("no key of %v", in)
	}
	return m
}

func (p *player) describe(id string) document {
	return p.call("kms:DescribeKey", document{"KeyId": id})
}

// imported gives a key material of its own.
func (p *player) imported(id string, material []byte, more document) document {
	p.Helper()
	in := p.call("kms:GetParametersForImport", document{"KeyId": id, "WrappingAlgorithm": "RSAES_OAEP_SHA_256", "WrappingKeySpec": "RSA_2048"})
	der, err := base64.StdEncoding.DecodeString(p.textAt(in, "PublicKey"))
	p.must("PublicKey", err)
	public, err := x509.ParsePKIXPublicKey(der)
	p.must("PublicKey", err)
	wrapped, err := rsa.EncryptOAEP(sha256.New(), rand.Reader, public.(*rsa.PublicKey), material, nil)
	p.must("wrapping", err)
	all := document{"KeyId": id, "ImportToken": in["ImportToken"], "EncryptedKeyMaterial": b64(wrapped), "ExpirationModel": "KEY_MATERIAL_DOES_NOT_EXPIRE"}
	for name, v := range more {
		all[name] = v
	}
	return p.call("kms:ImportKeyMaterial", all)
}

// TestKMSAnswersAsRecorded plays AWS KMS's own answers.
func TestKMSAnswersAsRecorded(t *testing.T) {
	scripts := map[string]func(*player){
		"test_create_key": func(p *player) { p.step("describe-key", p.key(document{"Description": "test key 123"})) },
		"test_get_key_in_different_region": func(p *player) {
			k, _ := part(p.callIn("us-west-2", "kms:CreateKey", document{"Description": "test key 123"}), "KeyMetadata").(document)
			p.step("describe-key-diff-region-with-id", p.describe(p.textAt(k, "KeyId")))
			p.step("describe-key-diff-region-with-arn", p.describe(p.textAt(k, "Arn")))
			p.step("describe-key-same-specific-region-with-id", p.callIn("us-west-2", "kms:DescribeKey", document{"KeyId": k["KeyId"]}))
			p.step("describe-key-same-specific-region-with-arn", p.callIn("us-west-2", "kms:DescribeKey", document{"KeyId": k["Arn"]}))
		},
		"test_get_key_does_not_exist": func(p *player) {
			p.step("describe-nonexistent-key-with-id", p.describe(noKey))
			p.step("describe-nonexistent-with-arn", p.describe(keyARN+noKey))
			p.step("describe-key-with-valid-id-mrk", p.describe("mrk-"+fakeID))
		},
		"test_get_key_invalid_uuid": func(p *player) {
			p.step("describe-key-with-invalid-uuid", p.describe("fake-key-id"))
			p.step("describe-key-with-invalid-uuid-2", p.describe(fakeID))
			p.step("describe-key-with-invalid-uuid-mrk", p.describe("mrk-fake-key-id"))
		},
		"test_replicate_key": func(p *player) {
			k := p.key(document{"MultiRegion": true, "Description": "test replicated key"})
			there := func() document {
				return p.callIn("us-west-2", "kms:DescribeKey", document{"KeyId": k["KeyId"]})
			}
			p.step("describe-key-from-different-region", there())
			made := p.call("kms:ReplicateKey", document{"KeyId": k["KeyId"], "ReplicaRegion": "us-west-2"})
			delete(p.replies["replicate-key"].(document), "ReplicaPolicy") // a text, which the recording shows decoded
			p.step("replicate-key", made)
			p.step("describe-key-from-region", p.describe(p.textAt(k, "KeyId")))
			p.step("describe-replicated-key", there())
		},
		"test_replicate_replica_key_should_fail": func(p *player) {
			k := p.key(document{"MultiRegion": true})
			p.call("kms:ReplicateKey", document{"KeyId": k["KeyId"], "ReplicaRegion": "us-west-2"})
			p.step("fail-replicate-non-primary-key", p.callIn("us-west-2", "kms:ReplicateKey", document{"KeyId": k["KeyId"], "ReplicaRegion": "us-east-1"}))
		},
		"test_create_alias": func(p *player) {
			p.step("create_alias", p.call("kms:CreateAlias", document{"AliasName": "alias-without", "TargetKeyId": keyA}))
		},
		"test_hmac_create_key": func(p *player) {
			k := p.key(document{"Description": "test key", "KeySpec": "HMAC_256", "KeyUsage": "GENERATE_VERIFY_MAC"})
			p.step("create-hmac-key", k)
			p.step("describe-key", part(p.describe(p.textAt(k, "KeyId")), "KeyMetadata"))
		},
		"test_hmac_create_key_invalid_operations": func(p *player) {
			p.step("create-hmac-key-without-key-usage", p.call("kms:CreateKey", document{"KeySpec": "HMAC_256"}))
			p.step("create-hmac-key-invalid-spec", p.call("kms:CreateKey", document{"KeySpec": "HMAC_random", "KeyUsage": "GENERATE_VERIFY_MAC"}))
			p.step("create-hmac-key-invalid-key-usage", p.call("kms:CreateKey", document{"KeySpec": "HMAC_256", "KeyUsage": "RANDOM"}))
		},
		"test_import_key_symmetric":               importsSymmetric,
		"test_error_messaging_for_invalid_keys":   misusesKeys,
		"test_encrypt_decrypt_encryption_context": usesContext,
		"test_generate_data_key": func(p *player) {
			p.step("generate-data-key-result", p.generate("GenerateDataKey", document{"KeySpec": "AES_256"}))
		},
		"test_generate_data_key_without_plaintext": func(p *player) {
			p.step("generate-data-key-without-plaintext", p.generate("GenerateDataKeyWithoutPlaintext", document{"KeySpec": "AES_256"}))
		},
		"test_generate_data_key_pair": func(p *player) {
			p.step("generate-data-key-pair", p.generate("GenerateDataKeyPair", document{"KeyPairSpec": "RSA_2048"}))
		},
		"test_generate_data_key_pair_without_plaintext": func(p *player) {
			p.step("generate-data-key-pair-without-plaintext", p.generate("GenerateDataKeyPairWithoutPlaintext", document{"KeyPairSpec": "RSA_2048"}))
		},
		"test_generate_data_key_pair_dry_run": func(p *player) {
			p.step("dryrun_exception", p.generate("GenerateDataKeyPair", document{"KeyPairSpec": "RSA_2048", "DryRun": true}))
		},
		"test_generate_data_key_pair_without_plaintext_dry_run": func(p *player) {
			p.step("dryrun_exception", p.generate("GenerateDataKeyPairWithoutPlaintext", document{"KeyPairSpec": "RSA_2048", "DryRun": true}))
		},
		"test_get_parameters_for_import": func(p *player) {
			p.step("response-error", p.call("kms:GetParametersForImport", document{"KeyId": keyA, "WrappingAlgorithm": "RSAES_OAEP_SHA_256", "WrappingKeySpec": "RSA_2048"}))
		},
		"test_get_parameters_for_import_raises_for_non_external_kms_keys": func(p *player) {
			p.step("get-import-parameters-error", p.call("kms:GetParametersForImport", document{"KeyId": keyA, "WrappingAlgorithm": "RSAES_OAEP_SHA_256", "WrappingKeySpec": "RSA_2048"}))
		},
		"test_create_multi_region_key": func(p *player) {
			p.step("create_multi_region_key", p.key(document{"MultiRegion": true, "Description": "test multi region key"}))
		},
		"test_non_multi_region_keys_should_not_have_multi_region_properties": func(p *player) {
			k := p.key(document{"Description": "test non multi region key"})
			p.step("non_multi_region_keys_should_not_have_multi_region_properties", k)
			if k["MultiRegionConfiguration"] != nil {
				p.Error("a single-Region key has relatives")
			}
		},
		"test_describe_with_alias_arn": func(p *player) {
			k := p.key(document{"Description": "test - description"})
			p.step("created-key", k)
			p.call("kms:CreateAlias", document{"AliasName": "alias/named", "TargetKeyId": k["KeyId"]})
			p.step("describe-key", p.describe(strings.TrimSuffix(keyARN, "key/")+"alias/named"))
		},
		"test_re_encrypt_incorrect_source_key": func(p *player) {
			p.step("incorrect-source-key", p.call("kms:ReEncrypt", document{"CiphertextBlob": p.encrypted(keyA, nil), "SourceKeyId": keyB, "DestinationKeyId": keyB}))
		},
		"test_re_encrypt[SYMMETRIC_DEFAULT-SYMMETRIC_DEFAULT]": func(p *player) {
			p.step("test_re_encrypt", p.call("kms:ReEncrypt", document{"CiphertextBlob": p.encrypted(keyA, nil), "DestinationKeyId": keyB}))
		},
		"test_re_encrypt[RSA_2048-RSAES_OAEP_SHA_256]": func(p *player) {
			of := func() any { return p.key(document{"KeySpec": "RSA_2048", "KeyUsage": "ENCRYPT_DECRYPT"})["KeyId"] }
			from, to, algorithm := of(), of(), "RSAES_OAEP_SHA_256"
			sealed := p.call("kms:Encrypt", document{"KeyId": from, "Plaintext": b64([]byte("secret")), "EncryptionAlgorithm": algorithm})
			again := p.call("kms:ReEncrypt", document{"CiphertextBlob": sealed["CiphertextBlob"], "SourceKeyId": from, "DestinationKeyId": to, "SourceEncryptionAlgorithm": algorithm, "DestinationEncryptionAlgorithm": algorithm})
			p.step("test_re_encrypt", again)
			if out := p.call("kms:Decrypt", document{"KeyId": to, "CiphertextBlob": again["CiphertextBlob"], "EncryptionAlgorithm": algorithm}); out["Plaintext"] != b64([]byte("secret")) {
				p.Error(out)
			}
		},
		"test_plaintext_size_for_encrypt": func(p *player) {
			p.step("invalid-plaintext-size-encrypt", p.call("kms:Encrypt", document{"KeyId": keyA, "Plaintext": b64(make([]byte, 4097))}))
		},
		"test_key_rotations_encryption_decryption": func(p *player) {
			blob, _ := base64.StdEncoding.DecodeString(p.encrypted(keyA, nil))
			p.call("kms:RotateKeyOnDemand", document{"KeyId": keyA})
			p.step("bad-ciphertext", p.call("kms:Decrypt", document{"KeyId": keyA, "CiphertextBlob": b64(append(blob, "bad"...))}))
		},
	}
	for _, name := range []string{"test_encryption_context_generate_data_key", "test_encryption_context_generate_data_key_without_plaintext", "test_encryption_context_generate_data_key_pair", "test_encryption_context_generate_data_key_pair_without_plaintext"} {
		scripts[name] = func(p *player) { failsWithoutContext(p, name) }
	}
	for _, n := range []int{1, 12, 44, 91, 1024} {
		scripts[fmt.Sprintf("test_generate_random[%d]", n)] = func(p *player) {
			b, err := base64.StdEncoding.DecodeString(p.textAt(p.call("kms:GenerateRandom", document{"NumberOfBytes": n}), "Plaintext"))
			p.must("Plaintext", err)
			p.step("result_length", len(b))
		}
	}
	for name, n := range map[string]any{"None": nil, "0": 0, "1025": 1025} {
		scripts["test_generate_random_invalid_number_of_bytes["+name+"]"] = func(p *player) {
			in := document{}
			if n != nil {
				in["NumberOfBytes"] = n
			}
			p.step("generate-random-exc", p.call("kms:GenerateRandom", in))
		}
	}
	playTags(scripts)
	playRotations(scripts)
	playPairs(scripts)
	play(t, "kms", scripts)
}

func (p *player) generate(operation string, in document) document {
	p.Helper()
	in["KeyId"] = keyA
	return p.call("kms:"+operation, in)
}

func (p *player) encrypted(key string, context document) string {
	p.Helper()
	return p.textAt(p.call("kms:Encrypt", document{"KeyId": key, "Plaintext": b64([]byte("secret")), "EncryptionContext": context}), "CiphertextBlob")
}

func failsWithoutContext(p *player, test string) {
	name, in, blob := "GenerateDataKey", document{"KeySpec": "AES_256"}, "CiphertextBlob"
	if strings.Contains(test, "pair") {
		name, in, blob = "GenerateDataKeyPair", document{"KeyPairSpec": "RSA_2048"}, "PrivateKeyCiphertextBlob"
	}
	if strings.Contains(test, "without") {
		name += "WithoutPlaintext"
	}
	in["EncryptionContext"] = document{"purpose": "test"}
	made := p.generate(name, in)
	p.step("decrypt-without-encryption-context", p.call("kms:Decrypt", document{"CiphertextBlob": made[blob]}))
	if opened := p.call("kms:Decrypt", document{"CiphertextBlob": made[blob], "EncryptionContext": in["EncryptionContext"]}); opened["Error"] != nil {
		p.Errorf("with its context: %v", opened)
	}
}

func usesContext(p *player) {
	context := document{"purpose": "test"}
	sealed := p.call("kms:Encrypt", document{"KeyId": keyA, "Plaintext": b64([]byte("secret")), "EncryptionContext": context})
	p.step("encrypt_response", sealed)
	p.step("decrypt_response_with_encryption_context", p.call("kms:Decrypt", document{"CiphertextBlob": sealed["CiphertextBlob"], "EncryptionContext": context}))
	p.step("decrypt_response_without_encryption_context", p.call("kms:Decrypt", document{"CiphertextBlob": sealed["CiphertextBlob"]}))
	p.step("decrypt_response_with_invalid_ciphertext", p.call("kms:Decrypt", document{"CiphertextBlob": b64([]byte("some random data")), "EncryptionContext": context}))
}

func importsSymmetric(p *player) {
	k := p.key(document{"Origin": "EXTERNAL", "Description": "external"})
	id, plain := p.textAt(k, "KeyId"), b64([]byte("x"))
	p.step("created-key", k)
	p.step("encrypt-before-import-error", p.call("kms:Encrypt", document{"KeyId": id, "Plaintext": plain}))
	p.step("describe-key-before-import", p.describe(id))
	material := make([]byte, 32)
	p.step("import-expiring-key-without-valid-to", p.imported(id, material, document{"ExpirationModel": "KEY_MATERIAL_EXPIRES"}))
	p.imported(id, material, nil)
	p.step("describe-key-after-import", p.describe(id))
	p.call("kms:DeleteImportedKeyMaterial", document{"KeyId": id})
	p.step("describe-key-after-deleted-import", p.describe(id))
	p.step("encrypt-after-delete-error", p.call("kms:Encrypt", document{"KeyId": id, "Plaintext": plain}))
	p.imported(id, material, document{"ExpirationModel": "KEY_MATERIAL_EXPIRES", "ValidTo": p.lab.Now().Add(time.Hour).Unix()})
	p.lab.Advance(2 * time.Hour)
	if m := part(p.describe(id), "KeyMetadata").(document); m["KeyState"] != "PendingImport" || m["ExpirationModel"] != nil {
		p.Errorf("expired material: %v", m)
	}
}

func misusesKeys(p *player) {
	mac := p.textAt(p.key(document{"KeySpec": "HMAC_256", "KeyUsage": "GENERATE_VERIFY_MAC"}), "KeyId")
	signer := p.textAt(p.key(document{"KeySpec": "ECC_NIST_P256", "KeyUsage": "SIGN_VERIFY"}), "KeyId")
	m := b64([]byte("m"))
	p.step("generate-mac-invalid-key-id", p.call("kms:GenerateMac", document{"KeyId": keyA, "Message": m, "MacAlgorithm": "HMAC_SHA_256"}))
	p.step("sign-invalid-key-id", p.call("kms:Sign", document{"KeyId": mac, "Message": m, "SigningAlgorithm": "RSASSA_PSS_SHA_256"}))
	p.step("verify-invalid-key-id", p.call("kms:Verify", document{"KeyId": keyA, "Message": m, "Signature": m, "SigningAlgorithm": "RSASSA_PSS_SHA_256"}))
	p.step("encrypt-invalid-key-id", p.call("kms:Encrypt", document{"KeyId": signer, "Plaintext": m}))
	p.step("decrypt-invalid-key-id", p.call("kms:Decrypt", document{"KeyId": mac, "CiphertextBlob": p.encrypted(keyA, nil)}))
}
