package main

import (
	"crypto/sha256"
	"fmt"

	"github.com/sealaudit/sealaudit/internal/envelope"
	"github.com/sealaudit/sealaudit/internal/envelope/records"
)

// readRecord reads a file that is no message as what holds one, or as a
// ciphertext of KMS. first are its first bytes without white space.
func (a *artefact) readRecord(first []byte) (found bool, err error) {
	if len(first) == 0 || a.size > records.MaxRecord {
		return false, nil
	}
	switch begins := records.BeginsAggregate(first); {
	case !beginsRecord(first):
		return false, nil
	default:
		text, err := readSmall(a.path, records.MaxRecord)
		if err != nil {
			return false, err
		}
		if a.record, err = records.Parse(text); err != nil {
			return false, fmt.Errorf("%s: %w", a.path, err)
		}
		if a.record == nil && begins {
			return false, fmt.Errorf("%s begins like an aggregate of the Kinesis Producer Library, and its MD5 is another: it is no aggregate, or was damaged", a.path)
		}
		return a.record != nil, nil
	}
}

// beginsRecord tells whether the first bytes may be a record's: an aggregate, a
// JSON object, or a ciphertext of KMS, binary or in base64.
func beginsRecord(first []byte) bool {
	return records.BeginsAggregate(first) || first[0] == '{' || first[0] == 1 || first[0] == 'A'
}

// forRecord are the keys as records take them. A given data key is the one of
// activity records, and decrypts no ciphertext of KMS: nothing would tell that
// it is the right one.
func (k *envelopeKeys) forRecord() records.Keys {
	keys := records.Keys{Keyring: k.ring, KMS: k.client, KMSKeyID: k.kmsARN}
	if given, ok := k.s3.KMS.(givenKey); ok {
		keys.DataKey = envelope.NewDataKey(given.key)
	}
	return keys
}

func (r *reading) forRecord() records.Options {
	return records.Options{Messages: r.esdk, Seen: r.reused}
}

// reused tells whether an earlier message of the run had one of the wrapped
// data keys, and remembers them.
func (r *reading) reused(edks []envelope.EncryptedDataKey) bool {
	seen := false
	for _, edk := range edks {
		key := sha256.Sum256(edk.Ciphertext)
		seen = seen || r.seen[key]
		defer func() { r.seen[key] = true }() // not for the same message
	}
	return seen
}
