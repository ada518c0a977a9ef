package lab

import (
	"slices"
	"strings"
	"time"

	"github.com/sealaudit/sealaudit/internal/envelope/kms"
	"github.com/sealaudit/sealaudit/internal/lab/wire"
)

// encryptionLag is how long after a stream is ACTIVE again records are still
// written as before: "It can take up to 5 seconds after the stream is in an
// ACTIVE status before all records written to the stream are encrypted"
// (Kinesis API, StartStreamEncryption; the same of StopStreamEncryption). Here
// it is always this long.
const encryptionLag = time.Second

// Kinesis allows so many successful changes of each kind in a rolling 24 hours
// (Kinesis API, StartStreamEncryption, StopStreamEncryption: "API Limits").
const (
	maxChanges   = 25
	changeWindow = 24 * time.Hour
)

// startStreamEncryption encrypts what is written from soon after on, under a
// key; records that are there stay as they are.
func startStreamEncryption(l *Lab, q *wire.Request, s *stream) (map[string]any, *wire.Failure) {
	key, failure := askedKey(q)
	if failure == nil {
		failure = l.whileActive(s)
	}
	if failure == nil {
		failure = l.mayChange(&s.started, s.name)
	}
	if failure == nil {
		failure = l.usableBy(s, key)
	}
	if failure != nil {
		return nil, failure
	}
	s.started = append(s.started, l.now())
	l.describe(s, map[string]any{"StreamStatus": "UPDATING"})
	l.later(s, streamUpdating, func() {
		l.describe(s, map[string]any{"StreamStatus": "ACTIVE", "EncryptionType": "KMS", "KeyId": key})
	})
	l.later(s, streamUpdating+encryptionLag, func() { s.key, s.producing = key, nil })
	return nil, nil
}

// stopStreamEncryption writes plaintext from soon after on. The reference lists
// no error for a stream that is not encrypted, nor for another key than the
// stream's, and no recording has one: both are taken.
func stopStreamEncryption(l *Lab, q *wire.Request, s *stream) (map[string]any, *wire.Failure) {
	_, failure := askedKey(q)
	if failure == nil {
		failure = l.whileActive(s)
	}
	if failure == nil {
		failure = l.mayChange(&s.stopped, s.name)
	}
	if failure != nil {
		return nil, failure
	}
	s.stopped = append(s.stopped, l.now())
	l.describe(s, map[string]any{"StreamStatus": "UPDATING"})
	l.later(s, streamUpdating, func() {
		l.describe(s, map[string]any{"StreamStatus": "ACTIVE", "EncryptionType": "NONE", "KeyId": nil})
	})
	l.later(s, streamUpdating+encryptionLag, func() { s.key, s.producing = "", nil })
	return nil, nil
}

func askedKey(q *wire.Request) (string, *wire.Failure) {
	key, kind := q.String("KeyId"), q.String("EncryptionType")
	var w wrongs
	if kind == "" {
		w.missing("encryptionType")
	} else {
		w.oneOf("encryptionType", kind, "KMS", "NONE")
	}
	if _, given := q.Input["KeyId"]; !given {
		w.missing("keyId")
	} else {
		w.length("keyId", key, len(key), 1, 2048)
	}
	if failure := w.failure(); failure != nil {
		return "", failure
	}
	if kind != "KMS" {
		return "", refuse(400, "InvalidArgumentException", "The only valid EncryptionType is KMS.")
	}
	return key, nil
}

// mayChange drops the changes that count no more, and refuses one too many.
func (l *Lab) mayChange(made *[]time.Time, name string) *wire.Failure {
	*made = slices.DeleteFunc(*made, func(t time.Time) bool { return l.now().Sub(t) >= changeWindow })
	if len(*made) < maxChanges {
		return nil
	}
	return refuse(400, "LimitExceededException", "Server-side encryption of stream "+name+" was changed 25 times in the last 24 hours.")
}

// usableBy refuses a key that records can't be encrypted under.
func (l *Lab) usableBy(s *stream, key string) *wire.Failure {
	l.makeManaged(s.region, key)
	u := use{region: s.region, invokedBy: kinesisService, key: key}
	if failure := l.reachable(u); failure != nil {
		return kinesisFailure(failure)
	}
	k, err := l.resolve(u)
	if err != nil {
		return kinesisFailure(kmsFailure(err))
	}
	if failure := l.shut(s.region, "GenerateDataKey", k.ARN); failure != nil {
		return kinesisFailure(failure)
	}
	switch k.State {
	case kms.Disabled:
		return kinesisFailure(refuse(400, "DisabledException", k.ARN+" is disabled."))
	case kms.PendingDeletion:
		return kinesisFailure(refuse(400, "KMSInvalidStateException", k.ARN+" is pending deletion."))
	case kms.PendingImport:
		return kinesisFailure(refuse(400, "KMSInvalidStateException", k.ARN+" is pending import."))
	}
	return nil
}

// reachable refuses keys that a stream or delivery stream can't use wherever
// they are: those of another region, of strangers, and asymmetric ones.
func (l *Lab) reachable(u use) *wire.Failure {
	name := l.keyName(u.region, u.key)
	parts := strings.SplitN(name, ":", 6)
	switch {
	case len(parts) < 6 || parts[2] != "kms":
		return refuse(400, "InvalidArnException", "Invalid arn "+name)
	case parts[3] != u.region:
		return refuse(400, "NotFoundException", "Invalid arn "+parts[3])
	case l.isForeign(name) && l.index.regions[u.region].foreign.by[name] == nil:
		return l.foreign(&wire.Request{Service: "kms", Operation: "GenerateDataKey", Region: u.region})
	}
	if k, failure := l.findKey(&wire.Request{Region: u.region}, u.key); failure == nil && !symmetric(k) {
		return refuse(400, "InvalidKeyUsageException", name+" is not a symmetric encryption key.")
	}
	return nil
}

// symmetric says whether a key is of the kind that AWS's services encrypt with.
func symmetric(k *Key) bool {
	return firstOf(text(k.Output, "KeySpec"), "SYMMETRIC_DEFAULT") == "SYMMETRIC_DEFAULT" && firstOf(text(k.Output, "KeyUsage"), "ENCRYPT_DECRYPT") == "ENCRYPT_DECRYPT"
}
