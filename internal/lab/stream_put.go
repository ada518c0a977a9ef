package lab

import (
	"encoding/base64"
	"fmt"
	"math/big"
	"regexp"
	"unicode/utf8"

	"github.com/sealaudit/sealaudit/internal/lab/wire"
)

// The bounds of a put (Kinesis API, PutRecord and PutRecords; Kinesis Developer
// Guide, "Large records"). A stream takes records of 1 MiB unless it was made
// for larger ones.
const (
	maxPutRecords = 500
	maxPutBytes   = 10 << 20
	maxRecordKiB  = 10240
	usualKiB      = 1024
	maxKeyLen     = 256
)

// produce is one record of a producer's.
type produce struct {
	key  string
	hash *big.Int
	data []byte
}

var hashForm = regexp.MustCompile(`^(0|([1-9]\d{0,38}))$`)

// readProduce reads a record of a request; prefix names it in messages.
func readProduce(w *wrongs, prefix string, input map[string]any) produce {
	p := produce{key: text(input, "PartitionKey")}
	encoded, given := input["Data"].(string)
	var err error
	if p.data, err = base64.StdEncoding.DecodeString(encoded); !given || err != nil {
		w.missing(prefix + "data")
	}
	if len(p.data) > maxRecordKiB<<10 {
		w.add(prefix+"data", fmt.Sprintf("Member must have length less than or equal to %d", maxRecordKiB<<10))
	}
	if _, given := input["PartitionKey"]; !given {
		w.missing(prefix + "partitionKey")
	} else {
		w.length(prefix+"partitionKey", p.key, utf8.RuneCountInString(p.key), 1, maxKeyLen)
	}
	p.hash = hashOf(p.key)
	if hash, given := input["ExplicitHashKey"].(string); given {
		if !hashForm.MatchString(hash) {
			w.add(prefix+"explicitHashKey", `Member must satisfy regular expression pattern: 0|([1-9]\d{0,38})`, hash)
			return p
		}
		p.hash, _ = new(big.Int).SetString(hash, 10)
	}
	return p
}

// acceptable refuses a record that is well formed and still can't be put.
func (l *Lab) acceptable(s *stream, p produce) *wire.Failure {
	most := usualKiB << 10
	if n := whole(l.streamData(s).Output["MaxRecordSizeInKiB"]); n > 0 {
		most = n << 10
	}
	switch {
	case p.hash.Cmp(hashKeys()) >= 0:
		return refuse(400, "InvalidArgumentException", "Invalid ExplicitHashKey. ExplicitHashKey must be in the range: [0, 2^128-1]. Specified value was "+p.hash.String())
	case len(p.data)+len(p.key) > most:
		return refuse(400, "InvalidArgumentException", fmt.Sprintf("The size of the record, which is its data and its partition key, is larger than the stream's maximum record size of %d bytes.", most))
	}
	return nil
}

// takesRecords refuses puts into a stream that is not there yet, or no more.
func (l *Lab) takesRecords(q *wire.Request, s *stream) *wire.Failure {
	switch l.streamStatus(s) {
	case "ACTIVE", "UPDATING":
		return nil
	}
	return l.missing(q, s.arn)
}

func putRecord(l *Lab, q *wire.Request, s *stream) (map[string]any, *wire.Failure) {
	var w wrongs
	p := readProduce(&w, "", q.Input)
	failure := w.failure()
	if failure == nil {
		failure = l.takesRecords(q, s)
	}
	if failure == nil {
		failure = l.acceptable(s, p)
	}
	if failure == nil {
		failure = kinesisDryRun(q)
	}
	if failure != nil {
		return nil, failure
	}
	shard, number, failure := l.keep(s, p)
	if failure != nil {
		return nil, failure
	}
	return map[string]any{"ShardId": shard.id, "SequenceNumber": number, "EncryptionType": s.encryptionType()}, nil
}

func (s *stream) encryptionType() string {
	if s.key == "" {
		return "NONE"
	}
	return "KMS"
}

// putRecords puts up to 500 records. What a shard does not take fails alone,
// with the two codes that AWS gives; a failure of KMS fails the whole call
// (Kinesis API, PutRecords, "Errors" and "ErrorCode").
func putRecords(l *Lab, q *wire.Request) answer {
	s, a := l.namedStream(q)
	a.mutates = true
	if a.failure != nil {
		return a
	}
	word := a.errors[q.Operation]
	if word == throttled || word == "ProvisionedThroughputExceededException" || word == "InternalFailure" {
		a.errors = nil // not the call fails: its records do
	} else if a.failure = l.barred(q, a.errors, a.resource); a.failure != nil {
		return a
	}
	list, failure := l.readRecords(q, s)
	if failure == nil {
		failure = kinesisDryRun(q)
	}
	if failure != nil {
		a.failure = failure
		return a
	}
	var records []any
	failed := 0
	for _, p := range list {
		if word != "" {
			records, failed = append(records, l.notTaken(s, word, p)), failed+1
			continue
		}
		sh, number, failure := l.keep(s, p)
		if failure != nil {
			a.failure = failure
			return a
		}
		records = append(records, map[string]any{"ShardId": sh.id, "SequenceNumber": number})
	}
	a.output = map[string]any{"FailedRecordCount": failed, "Records": records, "EncryptionType": s.encryptionType()}
	return a
}

func (l *Lab) notTaken(s *stream, word string, p produce) map[string]any {
	if word == "InternalFailure" {
		return map[string]any{"ErrorCode": word, "ErrorMessage": "Internal service failure."}
	}
	return map[string]any{"ErrorCode": "ProvisionedThroughputExceededException",
		"ErrorMessage": "Rate exceeded for shard " + s.holding(p.hash).id + " in stream " + s.name + " under account " + l.account.ID + "."}
}

func (l *Lab) readRecords(q *wire.Request, s *stream) ([]produce, *wire.Failure) {
	input, given := q.Input["Records"].([]any)
	var w wrongs
	if !given {
		w.missing("records")
	} else if n := len(input); n < 1 || n > maxPutRecords {
		w.length("records", "["+fmt.Sprint(n)+" records]", n, 1, maxPutRecords)
	}
	if w.failure() != nil {
		return nil, w.failure()
	}
	var list []produce
	total := 0
	for i, v := range input {
		m, _ := v.(map[string]any)
		p := readProduce(&w, fmt.Sprintf("records.%d.member.", i+1), m)
		total += len(p.data) + len(p.key)
		list = append(list, p)
	}
	failure := w.failure()
	if failure == nil {
		failure = l.takesRecords(q, s)
	}
	if failure == nil && total > maxPutBytes {
		failure = refuse(400, "InvalidArgumentException", "Records size exceeds 10 MB limit")
	}
	for _, p := range list {
		if failure == nil {
			failure = l.acceptable(s, p)
		}
	}
	return list, failure
}

// kinesisDryRun ends what would have succeeded (Kinesis API, "DryRun").
func kinesisDryRun(q *wire.Request) *wire.Failure {
	if !q.Bool("DryRun", false) {
		return nil
	}
	return refuse(400, "DryRunOperationException", "The request would have succeeded, but the DryRun parameter was specified.")
}
