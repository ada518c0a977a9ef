package records_test

import (
	"encoding/hex"
	"errors"
	"io"
	"testing"

	"github.com/sealaudit/sealaudit/internal/envelope"
	"github.com/sealaudit/sealaudit/internal/envelope/keyring"
	"github.com/sealaudit/sealaudit/internal/envelope/records"
)

// FuzzAggregate: no bytes make the parser panic or give more than they hold,
// with any protocol buffer under a right MD5, which anyone can write.
func FuzzAggregate(f *testing.F) {
	for _, v := range aggregateVectors(f) {
		b, err := hex.DecodeString(v.Record)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b[4 : len(b)-16])
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		all, err := records.Split(sealed(body))
		if err != nil {
			if len(all) > 0 || !errors.Is(err, envelope.ErrFormat) && !errors.Is(err, envelope.ErrUnsupported) {
				t.Errorf("%d records, %v", len(all), err)
			}
			return
		}
		held := 0
		for _, r := range all {
			held += len(r.Data)
		}
		if held > len(body) || len(all) > len(body)/4 {
			t.Errorf("%d bytes hold %d records of %d bytes", len(body), len(all), held)
		}
	})
}

// FuzzActivity: no bytes make the parser panic, and none that were changed are
// verified.
func FuzzActivity(f *testing.F) {
	known := map[string]bool{}
	all := activityVectors(f)
	for _, v := range all {
		f.Add([]byte(v.Data))
		known[v.Data] = true
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := records.Parse(b)
		if err != nil || r == nil {
			return
		}
		if _, ok := r.(records.Activity); !ok {
			return
		}
		v := all[0]
		p, err := r.Verify(ctx, records.Keys{KMS: publishedKMS{v.Key, v.Context}}, options(v.Context))
		if (err == nil) != (p.Verdict == envelope.Verified) {
			t.Errorf("%s: %v", p.Verdict, err)
		}
	})
}

// FuzzRecord: whatever a record is taken for, reading it does not panic, and
// without a key nothing is verified.
func FuzzRecord(f *testing.F) {
	s, arn := service(f)
	_, blob, err := s.GenerateDataKey(ctx, arn, 32, nil)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(blob)
	for _, v := range aggregateVectors(f) {
		b, _ := hex.DecodeString(v.Record)
		f.Add(b)
	}
	for _, v := range activityVectors(f)[:2] {
		f.Add([]byte(v.Data))
	}
	ring, err := keyring.NewAES("ns", "name", make([]byte, 32))
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := records.Parse(b)
		if err != nil || r == nil {
			return
		}
		if p, _ := r.Inspect(ctx, records.Options{}); p.Verdict == envelope.Verified || len(p.Steps) == 0 {
			t.Errorf("an inspection says %q", p.Verdict)
		}
		if p, err := r.Open(ctx, io.Discard, records.Keys{Keyring: ring}, records.Options{}); err == nil || p.Verdict == envelope.Verified {
			t.Errorf("opened: %s", p.Verdict)
		}
	})
}
