package lab

import (
	"slices"

	"github.com/sealaudit/sealaudit/internal/envelope/kms"
)

// algorithmsOf are the members of a key's metadata that its spec and usage
// decide (KMS API reference, KeyMetadata; KMS Developer Guide, "Key spec
// reference").
func algorithmsOf(spec, usage string) map[string]any {
	switch usage {
	case "ENCRYPT_DECRYPT":
		return map[string]any{"EncryptionAlgorithms": listOf(encryptionAlgorithms(spec))}
	case "SIGN_VERIFY":
		return map[string]any{"SigningAlgorithms": listOf(signingAlgorithms(spec))}
	case "GENERATE_VERIFY_MAC":
		return map[string]any{"MacAlgorithms": []any{macAlgorithm(spec)}}
	case "KEY_AGREEMENT":
		return map[string]any{"KeyAgreementAlgorithms": []any{"ECDH"}}
	}
	return nil
}

func encryptionAlgorithms(spec string) []string {
	if spec == "SYMMETRIC_DEFAULT" {
		return []string{spec}
	}
	return []string{"RSAES_OAEP_SHA_1", "RSAES_OAEP_SHA_256"}
}

func signingAlgorithms(spec string) []string {
	switch spec {
	case "ECC_NIST_P256", "ECC_SECG_P256K1":
		return []string{"ECDSA_SHA_256"}
	case "ECC_NIST_P384":
		return []string{"ECDSA_SHA_384"}
	case "ECC_NIST_P521":
		return []string{"ECDSA_SHA_512"}
	}
	return []string{"RSASSA_PKCS1_V1_5_SHA_256", "RSASSA_PKCS1_V1_5_SHA_384", "RSASSA_PKCS1_V1_5_SHA_512", "RSASSA_PSS_SHA_256", "RSASSA_PSS_SHA_384", "RSASSA_PSS_SHA_512"}
}

// macAlgorithm is the one of HMAC_256: HMAC_SHA_256.
func macAlgorithm(spec string) string {
	if i := slices.Index([]byte(spec), '_'); i > 0 {
		return spec[:i] + "_SHA" + spec[i:]
	}
	return spec
}

func listOf(list []string) []any {
	out := make([]any, len(list))
	for i, s := range list {
		out[i] = s
	}
	return out
}

// materialOf is the id of a key's current material, as the key service has it
// or had it; nil for a key without any.
func (l *Lab) materialOf(arn string, output map[string]any) any {
	if k, err := l.keys.Describe(arn); err == nil && k.Material != "" {
		return k.Material
	}
	return output["CurrentKeyMaterialId"]
}

// usedMaterial is the material that opened a ciphertext; nil for one that has
// no id.
func usedMaterial(k kms.Key) any {
	if k.Material == "" {
		return nil
	}
	return k.Material
}
