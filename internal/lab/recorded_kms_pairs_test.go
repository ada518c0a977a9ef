package lab_test

import (
	"crypto/sha512"
	"strings"
)

func playPairs(scripts map[string]func(*player)) {
	m := b64([]byte("a message"))
	for _, at := range []string{"RSA_2048-RSASSA_PSS_SHA_256", "RSA_2048-RSASSA_PSS_SHA_384", "RSA_2048-RSASSA_PSS_SHA_512", "ECC_NIST_P256-ECDSA_SHA_256", "ECC_NIST_P384-ECDSA_SHA_384"} {
		spec, algorithm, _ := strings.Cut(at, "-")
		scripts["test_sign_verify["+at+"]"] = func(p *player) {
			id := p.textAt(p.key(document{"KeySpec": spec, "KeyUsage": "SIGN_VERIFY"}), "KeyId")
			in := func(more document) document {
				all := document{"KeyId": id, "Message": m, "SigningAlgorithm": algorithm}
				for name, v := range more {
					all[name] = v
				}
				return all
			}
			signed := p.call("kms:Sign", in(nil))
			p.step("signature", signed)
			p.step("verification", p.call("kms:Verify", in(document{"Signature": signed["Signature"]})))
			p.step("bad-digest", p.call("kms:Sign", in(document{"MessageType": "DIGEST", "Message": b64([]byte("short"))})))
			p.step("bad-signature", p.call("kms:Verify", in(document{"Signature": b64([]byte("bad"))})))
			of := sha512.Sum384([]byte("a message"))
			if strings.HasSuffix(algorithm, "384") && p.call("kms:Verify", in(document{"Signature": signed["Signature"], "MessageType": "DIGEST", "Message": b64(of[:])}))["SignatureValid"] != true {
				p.Error("the digest's signature is another")
			}
		}
	}
	for _, at := range []string{"RSA_2048-RSAES_OAEP_SHA_1", "RSA_2048-RSAES_OAEP_SHA_256", "RSA_3072-RSAES_OAEP_SHA_1", "RSA_3072-RSAES_OAEP_SHA_256"} {
		spec, algorithm, _ := strings.Cut(at, "-")
		scripts["test_encrypt_validate_plaintext_size_per_key_type["+at+"]"] = func(p *player) {
			id := p.textAt(p.key(document{"KeySpec": spec, "KeyUsage": "ENCRYPT_DECRYPT"}), "KeyId")
			p.step("generate-random-exc", p.call("kms:Encrypt", document{"KeyId": id, "EncryptionAlgorithm": algorithm, "Plaintext": b64(make([]byte, 500))}))
		}
	}
	for _, size := range []string{"224", "256", "384", "512"} {
		scripts["test_generate_and_verify_mac[HMAC_"+size+"-HMAC_SHA_"+size+"]"] = func(p *player) {
			in := document{"KeyId": p.textAt(p.key(document{"KeySpec": "HMAC_" + size, "KeyUsage": "GENERATE_VERIFY_MAC"}), "KeyId"), "Message": m, "MacAlgorithm": "HMAC_SHA_" + size}
			made := p.call("kms:GenerateMac", in)
			p.step("generate-mac", made)
			in["Mac"] = made["Mac"]
			p.step("verify-mac", p.call("kms:VerifyMac", in))
			in["KeyId"] = "key_id"
			p.step("verify-mac-invalid-key-id", p.call("kms:VerifyMac", in))
			p.step("generate-mac-invalid-key-id", p.call("kms:GenerateMac", in))
		}
	}
	for at, wrong := range map[string]string{"HMAC_224-HMAC_SHA_256": "HMAC_SHA_256", "HMAC_256-INVALID": "INVALID"} {
		spec, _, _ := strings.Cut(at, "-")
		scripts["test_invalid_generate_mac["+at+"]"] = func(p *player) {
			id := p.textAt(p.key(document{"KeySpec": spec, "KeyUsage": "GENERATE_VERIFY_MAC"}), "KeyId")
			p.step("generate-mac", p.call("kms:GenerateMac", document{"KeyId": id, "Message": m, "MacAlgorithm": wrong}))
		}
	}
	for _, at := range []string{"HMAC_256-HMAC_SHA_256-some different important message", "HMAC_256-HMAC_SHA_512-some important message", "HMAC_256-INVALID-some important message"} {
		parts := strings.Split(at, "-")
		scripts["test_invalid_verify_mac["+at+"]"] = func(p *player) {
			in := document{"KeyId": p.textAt(p.key(document{"KeySpec": "HMAC_256", "KeyUsage": "GENERATE_VERIFY_MAC"}), "KeyId"), "Message": b64([]byte("some important message")), "MacAlgorithm": "HMAC_SHA_256"}
			made := p.call("kms:GenerateMac", in)
			p.step("generate-mac", made)
			in["Mac"], in["MacAlgorithm"], in["Message"] = made["Mac"], parts[1], b64([]byte(parts[2]))
			p.step("verify-mac", p.call("kms:VerifyMac", in))
		}
	}
}
