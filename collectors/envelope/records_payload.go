package envelope

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/sealaudit/sealaudit/collectors"
	"github.com/sealaudit/sealaudit/internal/envelope"
	"github.com/sealaudit/sealaudit/internal/envelope/esdk"
	"github.com/sealaudit/sealaudit/internal/envelope/keyring"
	"github.com/sealaudit/sealaudit/internal/envelope/records"
)

// payloads folds what a record holds: itself, or those of an aggregate one by
// one, of which no more than a sample is looked at. It says how many there are.
func (r *shardReader) payloads(ctx context.Context, s Sighting, data []byte) int {
	if !records.IsAggregate(data) {
		r.payload(ctx, s, data)
		return 1
	}
	parts, err := records.Split(data)
	if err != nil {
		s.Gaps = append(s.Gaps, collectors.Gap{Attributes: []string{clientPath, proofPath}, Reason: collectors.Unmodelled,
			Detail: sentence(err.Error()), Remedy: "Look at what the producer aggregates; the Kinesis Client Library can't read it either."})
		r.fold(s)
		return 1
	}
	sampler := NewSampler[[]byte](r.options.Sampling, r.arn)
	for i, part := range parts {
		sampler.Offer(fmt.Sprintf("%s#%d", s.Name, i+1), "", part.Data)
	}
	for _, picked := range sampler.Picked() {
		one := s
		one.Name, one.Bytes, one.Gaps = picked.Name, int64(len(picked.Value)), slices.Clone(s.Gaps)
		r.payload(ctx, one, picked.Value)
	}
	return len(parts)
}

func (r *shardReader) fold(s Sighting) {
	s.Rank = r.ranks.rank(s.Name, "")
	r.cohorts.Add(s)
}

// payload folds one record, after what its producer encrypted was verified.
func (r *shardReader) payload(ctx context.Context, s Sighting, data []byte) {
	if isMessage(data) {
		r.message(ctx, &s, data)
		r.fold(s)
		return
	}
	record, err := records.Record(nil), error(nil)
	if !records.IsAggregate(data) { // one in another is nothing that producers write
		record, err = records.Parse(data)
	}
	switch {
	case err != nil: // of an activity stream, by its type
		p := envelope.Proof{Format: activityFormat, Bytes: -1}
		p.Add("record", err, "")
		r.conclude(&s, p, err, nil)
	case record == nil:
		s.Client.Format = "none"
	default:
		r.record(ctx, &s, record)
	}
	r.fold(s)
}

const activityFormat = "Database Activity Stream record"

// isMessage says whether a payload is a message of the AWS Encryption SDK. A
// text that begins as one in base64 does, and goes on otherwise, is none; nor
// are two bytes enough for version 1.
func isMessage(data []byte) bool {
	if len(data) < shortest || !esdk.Recognise(data) {
		return false
	}
	if data[0] == 1 {
		return slices.Contains(esdk.Suites(), esdk.Suite(binary.BigEndian.Uint16(data[2:])))
	}
	return data[0] == 2 || base64Only.Match(data[:shortest])
}

var base64Only = regexp.MustCompile(`^[A-Za-z0-9+/=\r\n]+$`)

func (r *shardReader) message(ctx context.Context, s *Sighting, data []byte) {
	if int64(len(data)) > r.options.Sampling.MaxBytes {
		p, err := esdk.Inspect(ctx, bytes.NewReader(data), esdk.Options{})
		r.conclude(s, p, err, nil)
	} else {
		kms := r.KMS(r.scope.Region)
		r.Open(func() {
			p, err := esdk.Verify(ctx, bytes.NewReader(data), kms.Ring(), esdk.Options{})
			r.conclude(s, p, err, kms)
		})
	}
	if h, err := esdk.ParseHeader(bytes.NewReader(data), 0); err == nil {
		var wrapped []byte
		for _, k := range h.DataKeys {
			wrapped = appendText(wrapped, string(k.Ciphertext))
		}
		size := int64(len(data))
		s.Marks = r.repeats.Mark(wrapped, h.MessageID, length(&size), data[len(data)-16:])
	}
}

// record verifies a record of a Database Activity Stream, or a bare ciphertext
// of KMS.
func (r *shardReader) record(ctx context.Context, s *Sighting, record records.Record) {
	var o records.Options
	if _, is := record.(records.Activity); is {
		o.Messages.Context = activityContext(r.stream)
	}
	kms := r.KMS(r.scope.Region)
	r.Open(func() {
		p, err := record.Verify(ctx, records.Keys{Keyring: kms.Ring(), KMS: keyring.KMS(kms)}, o)
		r.conclude(s, p, err, kms)
	})
}

// activityContext is the encryption context of the records' key, which they do
// not say: the resource that the stream is named after (Amazon Aurora and Amazon
// RDS User Guides, "Database activity streams": aws-rds-das- and the id of a
// cluster or an instance).
func activityContext(stream string) map[string]string {
	id, ok := strings.CutPrefix(stream, "aws-rds-das-")
	switch {
	case ok && strings.HasPrefix(id, "cluster-"):
		return map[string]string{"aws:rds:dbc-id": id}
	case ok && strings.HasPrefix(id, "db-"):
		return map[string]string{"aws:rds:db-id": id}
	}
	return nil
}

// conclude keeps a proof with its gap. kms is nil where no key was asked for.
func (r *shardReader) conclude(s *Sighting, p envelope.Proof, err error, kms *KMS) {
	s.Client, s.Proof = Claims(p), &p
	switch p.Format {
	case activityFormat:
		s.Client.Format = "das"
	case "AWS KMS ciphertext":
		s.Client.Format = "kms"
	}
	if kms != nil {
		s.Opened = kms.Used()
	}
	g := ProofGap(p, err)
	switch {
	case g == nil:
		return
	case kms == nil && p.Verdict == envelope.Unknown:
		*g = tooLong(r.options.Sampling.MaxBytes)
	case s.Client.Format == "das" || s.Client.Format == "kms":
		if g.Reason == collectors.OutOfScope {
			g.Remedy = "Verify it with sealaudit envelope verify --context; the record does not say its encryption context."
		}
	}
	s.Gaps = append(s.Gaps, *g)
}
