//go:build crosscheck

package crosscheck

import (
	"encoding/json"
	"net/http"
	"strings"

	"github.com/sealaudit/sealaudit/internal/envelope"
	"github.com/sealaudit/sealaudit/internal/envelope/kms"
)

// serveKMS is the part of the KMS API that the clients call.
func (w *world) serveKMS(r *http.Request, operation string, body []byte) (any, error) {
	var in struct {
		KeyId, KeySpec, SourceKeyId, DestinationKeyId, EncryptionAlgorithm       string
		NumberOfBytes                                                            int
		Plaintext, CiphertextBlob, PublicKey                                     []byte
		EncryptionContext, SourceEncryptionContext, DestinationEncryptionContext map[string]string
	}
	if err := json.Unmarshal(body, &in); err != nil {
		return nil, err
	}
	size := in.NumberOfBytes
	if in.KeySpec != "" {
		size = map[string]int{"AES_128": 16, "AES_256": 32}[in.KeySpec]
	}
	ctx := r.Context()
	switch operation {
	case "GenerateDataKey":
		key, blob, err := w.kms.GenerateDataKey(ctx, in.KeyId, size, in.EncryptionContext)
		return reply(w, in.KeyId, "Plaintext", key.Bytes(), "CiphertextBlob", blob), err
	case "GenerateDataKeyWithoutPlaintext":
		blob, err := w.kms.GenerateDataKeyWithoutPlaintext(ctx, in.KeyId, size, in.EncryptionContext)
		return reply(w, in.KeyId, "CiphertextBlob", blob), err
	case "Encrypt":
		blob, err := w.kms.Encrypt(ctx, in.KeyId, envelope.NewDataKey(in.Plaintext), in.EncryptionContext)
		return reply(w, in.KeyId, "CiphertextBlob", blob, "EncryptionAlgorithm", "SYMMETRIC_DEFAULT"), err
	case "Decrypt":
		if strings.HasPrefix(in.EncryptionAlgorithm, "RSA") {
			key, err := w.kms.DecryptRSA(ctx, in.KeyId, in.EncryptionAlgorithm, in.CiphertextBlob)
			return reply(w, in.KeyId, "Plaintext", key.Bytes(), "EncryptionAlgorithm", in.EncryptionAlgorithm), err
		}
		key, used, err := w.kms.DecryptNaming(ctx, in.KeyId, in.CiphertextBlob, in.EncryptionContext)
		return reply(w, used.ARN, "Plaintext", key.Bytes(), "EncryptionAlgorithm", "SYMMETRIC_DEFAULT"), err
	case "GetPublicKey":
		public, err := w.kms.GetPublicKey(ctx, in.KeyId)
		key, _ := w.kms.Describe(in.KeyId)
		return reply(w, in.KeyId, "PublicKey", public, "KeySpec", key.Spec, "CustomerMasterKeySpec", key.Spec, "KeyUsage", key.Usage), err
	case "DeriveSharedSecret":
		secret, err := w.kms.DeriveSharedSecret(ctx, in.KeyId, in.PublicKey)
		return reply(w, in.KeyId, "SharedSecret", secret.Bytes(), "KeyAgreementAlgorithm", "ECDH"), err
	case "ReEncrypt":
		blob, err := w.kms.ReEncrypt(ctx, in.CiphertextBlob, kms.Blob{KeyID: in.SourceKeyId, Context: in.SourceEncryptionContext},
			kms.Blob{KeyID: in.DestinationKeyId, Context: in.DestinationEncryptionContext})
		out := reply(w, in.DestinationKeyId, "CiphertextBlob", blob)
		out["SourceKeyId"] = in.SourceKeyId
		return out, err
	}
	return nil, failure{"UnknownOperationException", operation}
}

// reply has the key's ARN, whatever named it.
func reply(w *world, keyID string, pairs ...any) map[string]any {
	out := map[string]any{"KeyId": keyID}
	if key, err := w.kms.Describe(keyID); err == nil {
		out["KeyId"] = key.ARN
	}
	for i := 0; i < len(pairs); i += 2 {
		out[pairs[i].(string)] = pairs[i+1]
	}
	return out
}
