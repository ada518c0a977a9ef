package rego_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/sealaudit/sealaudit/rego"
)

// FuzzRows judges any line as a row: it is refused, or has the same findings
// with and without remembering, each with a status and a reason for it.
func FuzzRows(f *testing.F) {
	for _, line := range population(f, rand.New(rand.NewPCG(5, 6)), 50) {
		f.Add([]byte(line))
	}
	for _, line := range []string{"", "{}", "null", `{"arn":"a","type":"AWS::KMS::Key","facts":null,"gaps":[{"attributes":[""]}]}`,
		`{"arn":"a","type":"AWS::Kinesis::Stream","facts":{"encryption":{"type":"KMS","type":"NONE","key":[1e999,-0,"\ud800"]}}}`} {
		f.Add([]byte(line))
	}
	set := loadBuiltin(f)
	remember, anew := engine(f, set, rego.Options{Workers: 1}), engine(f, set, rego.Options{Workers: 1, NoDedup: true})
	f.Fuzz(func(t *testing.T, line []byte) {
		if bytes.ContainsAny(line, "\n") {
			return // a row is a line
		}
		var of [2][]rego.Finding
		var errs [2]error
		for i, e := range []*rego.Engine{remember, anew} {
			_, errs[i] = e.Evaluate(t.Context(), rows{string(line)}, func(f rego.Finding) error {
				of[i] = append(of[i], f)
				return nil
			})
		}
		if diff := cmp.Diff(of[0], of[1]); diff != "" || (errs[0] == nil) != (errs[1] == nil) {
			t.Errorf("errors %v and %v, findings (-dedup +anew):\n%s", errs[0], errs[1], diff)
		}
		for _, f := range of[0] {
			if (f.Status == rego.Fail) != (len(f.Messages) > 0) || (f.Status == rego.Undecided) != (len(f.Unknowns) > 0) {
				t.Errorf("finding without a reason: %+v", f)
			}
			if _, err := json.Marshal(f); err != nil {
				t.Errorf("finding that is no JSON: %v", err)
			}
		}
	})
}

// FuzzLoad loads any text as a policy: its error is problems, each in the
// file, or the policy judges.
func FuzzLoad(f *testing.F) {
	f.Add(policy("test/thing", "AWS::Test::Thing", "", good))
	for _, m := range mistakes {
		if m.file == "" && m.text == "" {
			f.Add(policy("test/thing", "AWS::Test::Thing", m.extra, m.code))
		}
	}
	base := source(nil)
	f.Fuzz(func(t *testing.T, text string) {
		own := rego.Source{Name: "own", FS: fstest.MapFS{"test/thing.rego": {Data: []byte(text)}}}
		set, err := rego.Load(t.Context(), []rego.Source{base, own})
		if err != nil {
			var problems rego.Problems
			if !errors.As(err, &problems) {
				t.Fatalf("error %v, want problems", err)
			}
			for _, p := range problems {
				if p.File != "own/test/thing.rego" || p.Text == "" {
					t.Errorf("problem %+v is not in the file", p)
				}
			}
			return
		}
		if _, err := rego.NewEngine(t.Context(), set, rego.Options{Time: clock}); err != nil {
			t.Errorf("it loads and can't be prepared: %v", err)
		}
	})
}
