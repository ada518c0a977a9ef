package lab

import (
	"context"
	"slices"

	"github.com/sealaudit/sealaudit/internal/envelope"
	"github.com/sealaudit/sealaudit/internal/envelope/kms"
	"github.com/sealaudit/sealaudit/internal/lab/wire"
)

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
	used, plain, failure := l.reopened(q, from, blob)
	if a.failure = failure; failure != nil {
		return a
	}
	data := envelope.NewDataKey(plain)
	defer data.Zero()
	var again []byte
	if k := l.asymmetric(q, to); k != nil {
		again, a.failure = l.encryptRSA(q, "DestinationEncryptionAlgorithm", k, to, plain)
	} else {
		var err error
		again, err = l.keys.Encrypt(context.Background(), to, data, pairs(q, "DestinationEncryptionContext"))
		a.failure = kmsFailure(err)
	}
	if a.failure == nil {
		a.failure = dryRun(q)
	}
	a.resource = to
	a.output = map[string]any{"KeyId": to, "SourceKeyId": used.ARN, "CiphertextBlob": encoded(again),
		"SourceEncryptionAlgorithm":      firstOf(q.String("SourceEncryptionAlgorithm"), "SYMMETRIC_DEFAULT"),
		"DestinationEncryptionAlgorithm": firstOf(q.String("DestinationEncryptionAlgorithm"), "SYMMETRIC_DEFAULT"),
		"SourceKeyMaterialId":            usedMaterial(used), "DestinationKeyMaterialId": l.materialOf(to, nil)}
	return a
}

// reopened opens what ReEncrypt is to encrypt anew.
func (l *Lab) reopened(q *wire.Request, from string, blob []byte) (used kms.Key, plain []byte, failure *wire.Failure) {
	if k := l.asymmetric(q, from); k != nil {
		plain, failure = l.decryptRSA(q, "SourceEncryptionAlgorithm", k, from, blob)
		return kms.Key{ARN: from}, plain, failure
	}
	data, k, err := l.keys.DecryptNaming(context.Background(), from, blob, pairs(q, "SourceEncryptionContext"))
	if failure := kmsFailure(err); failure != nil {
		return kms.Key{}, nil, failure
	}
	defer data.Zero()
	return k, slices.Clone(data.Bytes()), nil
}
