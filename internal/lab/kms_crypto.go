package lab

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"

	"github.com/sealaudit/sealaudit/internal/envelope"
	"github.com/sealaudit/sealaudit/internal/envelope/kms"
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

// cryptoKey is the key of a cryptographic operation, which may be another
// account's if the data says that it lets this one in.
func (l *Lab) cryptoKey(q *wire.Request, id string) (arn string, a answer) {
	a.resource = id
	if l.isForeign(id) {
		r := l.index.regions[q.Region].foreign.by[id]
		if r == nil {
			a.failure = l.foreign(q)
			return "", a
		}
		a.errors = r.Errors
		return id, a
	}
	k, failure := l.findKey(q, id)
	if failure != nil {
		a.failure = failure
		return "", a
	}
	arn = l.keyARN(q, text(k.Output, "KeyId"))
	a.resource, a.errors = arn, k.Errors
	if usage := firstOf(text(k.Output, "KeyUsage"), "ENCRYPT_DECRYPT"); usage != "ENCRYPT_DECRYPT" {
		a.failure = refuse(400, "InvalidKeyUsageException", arn+" key usage is "+usage+" which is not valid for "+q.Operation+".")
	}
	return arn, a
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
	arn, a := l.cryptoKey(q, q.String("KeyId"))
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
	a.output = map[string]any{"KeyId": arn, "CiphertextBlob": encoded(blob)}
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
		if arn, a = l.cryptoKey(q, id); a.failure != nil {
			return a
		}
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
		a.output = map[string]any{"KeyId": k.ARN, "Plaintext": encoded(data.Bytes()), "EncryptionAlgorithm": "SYMMETRIC_DEFAULT"}
	}
	return a
}

// onKey is an answer about the key that a blob named: in another Region it
// can't be found, and a stranger's can't be used.
func (l *Lab) onKey(q *wire.Request, a answer, k kms.Key) answer {
	if k.ARN == "" {
		return a
	}
	parts := strings.Split(k.ARN, ":")
	switch {
	case parts[3] != q.Region && !k.MultiRegion:
		a.failure = refuse(400, "AccessDeniedException", "The ciphertext refers to a customer master key that does not exist, does not exist in this region, or you are not allowed to access.")
	case l.isForeign(k.ARN):
		if r := l.index.regions[q.Region].foreign.by[k.ARN]; r == nil {
			a.failure = refuse(400, "AccessDeniedException", "The ciphertext refers to a customer master key that does not exist, does not exist in this region, or you are not allowed to access.")
		} else {
			a.resource, a.errors = k.ARN, r.Errors
		}
	default:
		a.resource = k.ARN
		if known := l.index.regions[q.Region].keys.by[last(k.ARN)]; known != nil {
			a.errors = known.Errors
		}
	}
	return a
}

func reEncrypt(l *Lab, q *wire.Request) answer {
	blob, ok := decoded(q, "CiphertextBlob")
	if !ok || len(blob) == 0 {
		return answer{failure: refuse(400, "ValidationException", "CiphertextBlob is required.")}
	}
	to, a := l.cryptoKey(q, q.String("DestinationKeyId"))
	if a.failure != nil {
		return a
	}
	from := ""
	if id := q.String("SourceKeyId"); id != "" {
		if from, a = l.cryptoKey(q, id); a.failure != nil {
			return a
		}
	}
	data, source, err := l.keys.DecryptNaming(context.Background(), from, blob, pairs(q, "SourceEncryptionContext"))
	if a.failure = kmsFailure(err); a.failure != nil {
		return a
	}
	defer data.Zero()
	again, err := l.keys.Encrypt(context.Background(), to, data, pairs(q, "DestinationEncryptionContext"))
	if a.failure = kmsFailure(err); a.failure == nil {
		a.failure = dryRun(q)
	}
	a.resource = to
	a.output = map[string]any{"KeyId": to, "SourceKeyId": source.ARN, "CiphertextBlob": encoded(again),
		"SourceEncryptionAlgorithm": "SYMMETRIC_DEFAULT", "DestinationEncryptionAlgorithm": "SYMMETRIC_DEFAULT"}
	return a
}

// dryRun ends what would have succeeded (KMS API, "DryRun").
func dryRun(q *wire.Request) *wire.Failure {
	if !q.Bool("DryRun", false) {
		return nil
	}
	return refuse(412, "DryRunOperationException", "The request would have succeeded, but the DryRun option is set.")
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
