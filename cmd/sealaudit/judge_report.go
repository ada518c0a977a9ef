package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"slices"

	"github.com/sealaudit/sealaudit/collectors"
	"github.com/sealaudit/sealaudit/internal/envelope"
	"github.com/sealaudit/sealaudit/rego"
	"github.com/sealaudit/sealaudit/report"
)

// listed are the types that the ledger has a line of.
func listed(m collectors.Manifest) []string {
	types := []string{}
	for _, line := range m.Coverage {
		types = append(types, line.Type)
	}
	slices.Sort(types)
	return slices.Compact(types)
}

// reportData is what reports are made of, from a judged bundle.
func reportData(b *collectors.Bundle) (report.Data, error) {
	d := report.Data{Manifest: b.Manifest, Evidence: b.Evidence}
	if b.Judgement == nil {
		return d, errors.New("the bundle holds evidence and no findings yet; judge it with sealaudit evaluate BUNDLE")
	}
	if err := json.Unmarshal(b.Judgement.Policies, &d.Policies); err != nil {
		return d, fmt.Errorf("reading the policies of the bundle: %w", err)
	}
	if err := json.Unmarshal(b.Judgement.Judged, &d.Judged); err != nil {
		return d, fmt.Errorf("reading how the bundle was judged: %w", err)
	}
	if err := json.Unmarshal(b.Judgement.Summary, &d.Summary); err != nil {
		return d, fmt.Errorf("reading the summary of the bundle: %w", err)
	}
	d.Findings = func() iter.Seq2[rego.Finding, error] {
		return func(yield func(rego.Finding, error) bool) {
			for line, err := range b.Findings() {
				var f rego.Finding
				if err == nil {
					err = json.Unmarshal(line, &f)
				}
				if !yield(f, err) || err != nil {
					return
				}
			}
		}
	}
	d.Resources = func() iter.Seq2[collectors.Resource, error] {
		return func(yield func(collectors.Resource, error) bool) {
			for line, err := range b.Rows() {
				var r collectors.Resource
				if err == nil {
					r, err = collectors.DecodeResource(line)
				}
				if !yield(r, err) || err != nil {
					return
				}
			}
		}
	}
	d.Weaknesses = envelope.Weaknesses()
	return d, nil
}

// verdict is the exit code as an error, nil for 0.
func (j *jury) verdict(d report.Data) error {
	if code := exitCode(j.flags.failOn, d.Manifest, d.Summary); code != exitPass {
		return verdict(code)
	}
	return nil
}

// exitCode says how an audit ended: a failure that counts, else missing
// evidence.
func exitCode(failOn string, m collectors.Manifest, sum rego.Summary) int {
	least := slices.Index(severities(), failOn)
	if failOn == "none" {
		least = len(severities())
	}
	for _, severity := range severities()[least:] {
		if sum.Count(severity, rego.Fail) > 0 {
			return exitFail
		}
	}
	missing := m.Interrupted != "" || sum.Count("", rego.Undecided) > 0
	for _, line := range m.Coverage {
		missing = missing || !line.Complete()
	}
	if missing {
		return exitUnknown
	}
	return exitPass
}
