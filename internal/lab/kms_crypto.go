package lab

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"slices"

	"github.com/sealaudit/sealaudit/internal/envelope"
	"github.com/sealaudit/sealaudit/internal/lab/wire"
)

// cryptoOperations are KMS's with key material (KMS API reference).
func cryptoOperations() map[string]operation {
	return map[string]operation{
		"kms:GenerateDataKey":                 generateDataKey,
		"kms:GenerateDataKeyWithoutPlaintext": generateDataKey,
		"kms:GenerateRandom":                  generateRandom,
		"kms:Encrypt":                         encrypt,
		"kms:Decrypt":                         decrypt,
		"kms:ReEncrypt":                       reEncrypt,
	}
}

// dataKeySize reads KeySpec and NumberOfBytes, of which a request has one (KMS
// API, GenerateDataKey).
func dataKeySize(q *wire.Request) (int, *wire.Failure) {
	spec := q.String("KeySpec")
	n, given := q.Int("NumberOfBytes")
	switch {
	case spec != "" && given || spec == "" && !given:
		return 0, refuse(400, "ValidationException", "Please specify either number of bytes or key spec.")
	case spec == "AES_256":
		return 32, nil
	case spec == "AES_128":
		return 16, nil
	case spec != "":
		return 0, constraint(spec, "keySpec", "Member must satisfy enum value set: [AES_256, AES_128]")
	}
	return n, byteCount(n)
}

func byteCount(n int) *wire.Failure {
	switch {
	case n < 1:
		return constraint(fmt.Sprint(n), "numberOfBytes", "Member must have value greater than or equal to 1")
	case n > 1024:
		return constraint(fmt.Sprint(n), "numberOfBytes", "Member must have value less than or equal to 1024")
	}
	return nil
}

// constraint is AWS's way to refuse a value.
func constraint(value, member, what string) *wire.Failure {
	return refuse(400, "ValidationException", "1 validation error detected: Value '"+value+"' at '"+member+"' failed to satisfy constraint: "+what)
}

func generateDataKey(l *Lab, q *wire.Request) answer {
	size, failure := dataKeySize(q)
	if failure != nil {
		return answer{failure: failure}
	}
	arn, a := l.symmetricKey(q, q.String("KeyId"))
	if a.failure != nil {
		return a
	}
	data, blob, err := l.keys.GenerateDataKey(context.Background(), arn, size, pairs(q, "EncryptionContext"))
	if err != nil {
		a.failure = kmsFailure(err)
		return a
	}
	defer data.Zero()
	if dry := dryRun(q); dry != nil {
		a.failure = dry
		return a
	}
	a.output = map[string]any{"KeyId": arn, "CiphertextBlob": encoded(blob), "KeyMaterialId": l.materialOf(arn, nil)}
	if q.Operation == "GenerateDataKey" {
		a.output["Plaintext"] = encoded(data.Bytes())
	}
	return a
}

func generateRandom(_ *Lab, q *wire.Request) answer {
	n, given := q.Int("NumberOfBytes")
	if !given {
		return answer{failure: refuse(400, "ValidationException", "NumberOfBytes is required.")}
	}
	if failure := byteCount(n); failure != nil {
		return answer{failure: failure}
	}
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails
	return answer{output: map[string]any{"Plaintext": encoded(b)}}
}

func encrypt(l *Lab, q *wire.Request) answer {
	plain, ok := decoded(q, "Plaintext")
	switch {
	case !ok || len(plain) == 0:
		return answer{failure: refuse(400, "ValidationException", "1 validation error detected: Value at 'plaintext' failed to satisfy constraint: Member must have length greater than or equal to 1")}
	case len(plain) > 4096:
		return answer{failure: refuse(400, "ValidationException", "1 validation error detected: Value at 'plaintext' failed to satisfy constraint: Member must have length less than or equal to 4096")}
	}
	arn, a := l.cryptoKey(q, q.String("KeyId"))
	if a.failure != nil {
		return a
	}
	if k := l.asymmetric(q, arn); k != nil {
		blob, failure := l.encryptRSA(q, "EncryptionAlgorithm", k, arn, plain)
		if a.failure = failure; failure == nil {
			a.failure = dryRun(q)
		}
		a.output = map[string]any{"KeyId": arn, "CiphertextBlob": encoded(blob), "EncryptionAlgorithm": q.String("EncryptionAlgorithm")}
		return a
	}
	data := envelope.NewDataKey(plain)
	defer data.Zero()
	blob, err := l.keys.Encrypt(context.Background(), arn, data, pairs(q, "EncryptionContext"))
	if a.failure = kmsFailure(err); a.failure == nil {
		a.failure = dryRun(q)
	}
	a.output = map[string]any{"KeyId": arn, "CiphertextBlob": encoded(blob), "EncryptionAlgorithm": "SYMMETRIC_DEFAULT"}
	return a
}

func decrypt(l *Lab, q *wire.Request) answer {
	blob, ok := decoded(q, "CiphertextBlob")
	if !ok || len(blob) == 0 || len(blob) > 6144 {
		return answer{failure: refuse(400, "ValidationException", "1 validation error detected: Value at 'ciphertextBlob' failed to satisfy constraint: Member must have length less than or equal to 6144")}
	}
	arn, a := "", answer{}
	if id := q.String("KeyId"); id != "" {
		arn, a = l.cryptoKey(q, id)
		if a.failure != nil && a.failure.Code == "InvalidKeyUsageException" { // recorded by test_error_messaging_for_invalid_keys
			a.failure = incorrectKey()
		}
		if a.failure != nil {
			return a
		}
	}
	if k := l.asymmetric(q, arn); k != nil {
		plain, failure := l.decryptRSA(q, "EncryptionAlgorithm", k, arn, blob)
		if a.failure = failure; failure == nil {
			a.failure = dryRun(q)
		}
		a.output = map[string]any{"KeyId": arn, "Plaintext": encoded(plain), "EncryptionAlgorithm": q.String("EncryptionAlgorithm")}
		return a
	}
	data, k, err := l.keys.DecryptNaming(context.Background(), arn, blob, pairs(q, "EncryptionContext"))
	if a = l.onKey(q, a, k); a.failure != nil {
		return a
	}
	if a.failure = kmsFailure(err); a.failure != nil {
		return a
	}
	defer data.Zero()
	if a.failure = dryRun(q); a.failure == nil {
		a.output = map[string]any{"KeyId": k.ARN, "Plaintext": encoded(data.Bytes()), "EncryptionAlgorithm": "SYMMETRIC_DEFAULT", "KeyMaterialId": usedMaterial(k)}
	}
	return a
}

// pairs are a map of texts in the input, nil without any.
func pairs(q *wire.Request, member string) map[string]string {
	m, _ := q.Input[member].(map[string]any)
	if len(m) == 0 {
		return nil
	}
	out := make(map[string]string, len(m))
	for k, v := range m {
		out[k], _ = v.(string)
	}
	return out
}

func encoded(b []byte) string { return base64.StdEncoding.EncodeToString(b) }

// decoded is a blob of the input, which JSON carries as base64.
func decoded(q *wire.Request, member string) ([]byte, bool) {
	switch v := q.Input[member].(type) {
	case string:
		b, err := base64.StdEncoding.DecodeString(v)
		return b, err == nil
	case []byte:
		return slices.Clone(v), true
	}
	return nil, false
}
