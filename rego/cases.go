package rego

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"time"

	"github.com/sealaudit/sealaudit/collectors"
)

// caseFile is NAME_cases.json: resources as collectors describe them, and what
// the policy says of each. Everything is judged by the engine itself.
type caseFile struct {
	Cases []policyCase `json:"cases"`
}

type policyCase struct {
	Name     string         `json:"name"`     // what is special about the resource
	Status   Status         `json:"status"`   // required
	Resource caseResource   `json:"resource"` // of the policy's type, which need not be said
	Related  []caseResource `json:"related"`  // the rest of the snapshot; each with arn and type
	Params   map[string]any `json:"params"`   // by name
	Clock    time.Time      `json:"clock"`    // the snapshot's end, RFC 3339; 2026-11-24T12:00:00Z when not given
	// Messages are all violations, in any order. nil: not compared.
	Messages []string `json:"messages"`
	// Unknowns are all attributes that are missing. nil: not compared.
	Unknowns []caseUnknown `json:"unknowns"`
}

// caseUnknown is compared in the fields that it has.
type caseUnknown struct {
	Attribute string            `json:"attribute"`
	Reason    collectors.Reason `json:"reason"`
}

// caseResource is collectors.Resource; what is left out has a default.
type caseResource struct {
	ARN      string               `json:"arn"`
	Type     string               `json:"type"`
	Name     string               `json:"name"`
	Scope    *collectors.Scope    `json:"scope"`
	Tags     map[string]string    `json:"tags,omitempty"`
	Facts    json.RawMessage      `json:"facts"`
	Gaps     []collectors.Gap     `json:"gaps,omitempty"`
	Calls    []collectors.CallRef `json:"calls,omitempty"`
	Unlisted bool                 `json:"unlisted,omitempty"`
}

// The defaults of cases.
const (
	caseARN     = "arn:aws:sealaudit:eu-west-1:111122223333:case"
	caseAccount = "111122223333"
	caseRegion  = "eu-west-1"
)

func (r *caseResource) complete(arn, resourceType string) {
	r.ARN, r.Type = cmp.Or(r.ARN, arn), cmp.Or(r.Type, resourceType)
	r.Name = cmp.Or(r.Name, "case")
	if r.Scope == nil {
		r.Scope = &collectors.Scope{Partition: "aws", Account: caseAccount, Region: caseRegion}
	}
	if r.Facts == nil {
		r.Facts = json.RawMessage("{}")
	}
}

// runCases judges the cases in text and compares.
func (t *fileTest) runCases(ctx context.Context, text []byte) error {
	file := t.source.file(t.ID + "_cases.json")
	var found caseFile
	if err := strictJSON(text, &found); err != nil {
		t.fail(file, lineAt(text, err), "the cases can't be read: %v", err)
		return nil
	}
	seen, names := map[Status]bool{}, map[string]bool{}
	for _, c := range found.Cases {
		line := lineOfName(text, c.Name)
		var bad []string
		if c.Name == "" || names[c.Name] {
			bad = append(bad, "its name is empty or another case's; name what is special about it")
		}
		names[c.Name], seen[c.Status] = true, true
		t.Cases++
		got, err := t.runCase(ctx, &c)
		if err != nil {
			return err
		}
		for _, what := range append(bad, got...) {
			t.fail(file, line, "case %q: %s", c.Name, what)
		}
	}
	for _, s := range []Status{Pass, Fail} {
		if !seen[s] {
			t.fail(file, 0, "no case has the status %s; add one", s)
		}
	}
	return nil
}

// runCase says what is wrong with the case, or with the policy by it.
func (t *fileTest) runCase(ctx context.Context, c *policyCase) ([]string, error) {
	p := &t.policy.Policy
	c.Resource.complete(caseARN, p.Resource)
	if c.Resource.Type != p.Resource {
		return []string{fmt.Sprintf("the resource is of type %s and the policy judges %s", c.Resource.Type, p.Resource)}, nil
	}
	var bad []string
	var rows caseRows
	for i, r := range append([]caseResource{c.Resource}, c.Related...) {
		if i > 0 {
			if r.ARN == "" || r.Type == "" {
				bad = append(bad, fmt.Sprintf("related resource %d has no arn or no type", i))
				continue
			}
			r.complete(r.ARN, r.Type)
		}
		for _, what := range t.loader.checkFacts(&r) {
			if i > 0 {
				what = "related " + r.ARN + ": " + what
			}
			bad = append(bad, what)
		}
		line, err := json.Marshal(r)
		if err != nil {
			return nil, err
		}
		rows = append(rows, line)
	}
	if len(bad) > 0 {
		return bad, nil
	}
	if c.Clock.IsZero() {
		c.Clock = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	}
	set := &Set{loaded: []*Policy{p}, selected: []*Policy{p}, schemas: t.loader.schemas}
	engine, err := NewEngine(ctx, set, Options{Params: map[string]map[string]any{p.ID: c.Params}, Time: c.Clock, Workers: 1})
	if err != nil {
		return []string{err.Error()}, nil
	}
	var got *Finding
	_, err = engine.Evaluate(ctx, rows, func(f Finding) error {
		if got == nil { // the resource comes first
			got = &f
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return c.compare(got), nil
}

// caseRows are the rows of a case, as a snapshot.
type caseRows [][]byte

// Rows implements Snapshot.
func (rows caseRows) Rows() iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		for _, line := range rows {
			if !yield(line, nil) {
				return
			}
		}
	}
}
