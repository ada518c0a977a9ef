package lab

import (
	"strconv"
	"strings"
	"time"

	"github.com/sealaudit/sealaudit/internal/lab/wire"
)

const kinesisService = "kinesis.amazonaws.com"

// materialLife is how long Kinesis keeps input keying material in memory before
// it asks KMS again (AWS Big Data Blog, "Under the hood of server-side
// encryption for Amazon Kinesis Streams": data keys are cached for 5 minutes).
const materialLife = 5 * time.Minute

// material is input keying material of KMS's, of which each record's data key
// is derived. The store has it wrapped; what is here is the cache.
type material struct {
	id    string
	plain []byte    // nil when it must be asked for
	until time.Time // when it is forgotten
	users int       // records that need it
}

// place is where a stream has something in the store.
func (s *stream) place(what string) string { return "kinesis/" + s.region + "/" + s.name + "/" + what }

// use is the stream's call of KMS: "Kinesis Data Streams uses the stream ARN as
// the encryption context in all AWS KMS calls" (Kinesis Developer Guide,
// "Permissions to use user-generated KMS keys").
func (s *stream) use(key string) use {
	return use{region: s.region, invokedBy: kinesisService, key: key, context: map[string]string{"aws:kinesis:arn": s.arn}, resource: s.arn}
}

// produced is the material for the next record: the one that producers have, or
// a new one of KMS's every 5 minutes.
func (l *Lab) produced(s *stream) (*material, *wire.Failure) {
	if m := s.producing; m != nil && l.now().Before(m.until) {
		return m, nil
	}
	s.forget()
	l.makeManaged(s.region, s.key)
	if failure := l.reachable(s.use(s.key)); failure != nil {
		return nil, kinesisFailure(failure)
	}
	plain, blob, arn, failure := l.generate(s.use(s.key), dataKeyLen)
	if failure != nil {
		return nil, kinesisFailure(failure)
	}
	m := &material{id: strconv.FormatInt(l.now().UnixNano(), 36) + "-" + strconv.Itoa(len(s.known)), plain: plain, until: l.now().Add(materialLife)}
	place := s.place("material/" + m.id)
	l.store.put(place, sealRecord(nil, place, []byte(arn+" "+string(blob))))
	s.producing, s.known[m.id] = m, &material{id: m.id} // consumers ask for themselves
	return m, nil
}

// consumed is the material of a record that is read: KMS unwraps it, and it is
// kept for 5 minutes.
func (l *Lab) consumed(s *stream, id string) ([]byte, *wire.Failure) {
	m := s.known[id]
	switch {
	case m == nil:
		return nil, damaged()
	case m.plain != nil && l.now().Before(m.until):
		return m.plain, nil
	}
	place := s.place("material/" + id)
	blob, _ := l.store.get(place)
	body, ok := openRecord(nil, place, blob)
	if !ok {
		return nil, damaged()
	}
	arn, wrapped, _ := strings.Cut(string(body), " ")
	plain, _, failure := l.unwrap(s.use(arn), []byte(wrapped))
	if failure != nil {
		return nil, kinesisFailure(failure)
	}
	m.plain, m.until = plain, l.now().Add(materialLife)
	return plain, nil
}

// forget ends the life of what producers have.
func (s *stream) forget() {
	if s.producing != nil {
		clear(s.producing.plain)
	}
	s.producing = nil
}

// kinesisFailure is a failure of KMS as producers and consumers meet it
// (Kinesis API, "Errors" of PutRecord and GetRecords).
func kinesisFailure(f *wire.Failure) *wire.Failure {
	code := ""
	switch f.Code {
	case "DisabledException":
		code = "KMSDisabledException"
	case "KMSInvalidStateException":
		code = "KMSInvalidStateException"
	case "NotFoundException":
		code = "KMSNotFoundException"
	case "AccessDeniedException":
		code = "KMSAccessDeniedException"
	case "OptInRequired":
		code = "KMSOptInRequired"
	case "ThrottlingException", "LimitExceededException":
		code = "KMSThrottlingException"
	case "InvalidArnException", "InvalidKeyUsageException":
		code = "InvalidArgumentException"
	default:
		return damaged()
	}
	return refuse(400, code, f.Message)
}

// damaged is what Kinesis says when it fails itself: what it stored is not what
// it stored.
func damaged() *wire.Failure {
	return refuse(500, "InternalFailureException", "Internal service failure.")
}

// makeManaged makes the key behind a predefined alias of AWS's at its first use
// (KMS Developer Guide, "AWS managed keys").
func (l *Lab) makeManaged(region, id string) {
	if name := l.keyName(region, id); name == arnOf("kms", region, l.account.ID, "alias/aws/kinesis") {
		l.managedKey(region, "kinesis", "Default key that protects my Kinesis streams when no other key is defined")
	}
}
