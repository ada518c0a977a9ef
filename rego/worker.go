package rego

import (
	"context"
	"slices"

	"github.com/open-policy-agent/opa/v1/topdown"
	"github.com/valyala/fastjson"

	"github.com/sealaudit/sealaudit/collectors"
)

// worker judges rows, one after the other.
type worker struct {
	*Engine
	around  *surroundings
	cancel  topdown.Cancel
	reader  rowReader
	joining joinReader
	key     []byte
	most    int // findings of a batch so far
}

// view is what a policy is given of a row and of the resources around it.
type view struct {
	input *fastjson.Value
	gaps  []gap
	calls []collectors.CallRef
}

// row judges one row with every policy of its type, and says how many those
// are. The row's text must stay as it is until row returns.
func (w *worker) row(ctx context.Context, line []byte, findings *[]Finding) (int, error) {
	r, err := w.reader.read(line)
	if err != nil {
		return 0, err
	}
	programs := w.byType[r.Type]
	if len(programs) == 0 {
		return 0, nil
	}
	alone := view{w.reader.input(r), r.gaps, r.calls}
	w.joining.reset()
	for _, p := range programs {
		f := Finding{ID: findingID(p.ID, &r.Resource), Policy: p.ID, Severity: p.Severity, Resource: r.Resource, Evidence: slices.Clone(r.calls)}
		if r.unlisted {
			f.Status, f.Unknowns = Undecided, unknowns([]read{{}}, r.gaps)
		} else {
			seen := alone
			if len(p.joins) > 0 || p.readsReferred {
				if seen, err = w.join(p, r, alone); err != nil {
					return 0, err
				}
				f.Evidence = seen.calls
			}
			if err := w.decide(ctx, p, seen, &f); err != nil {
				return 0, err
			}
		}
		*findings = append(*findings, f)
	}
	return len(programs), nil
}

// decide fills in the finding's status and why. A gap that a policy reads
// counts before what the policy makes of the rest.
func (w *worker) decide(ctx context.Context, p *program, seen view, f *Finding) error {
	undecided := func(why []Unknown) error {
		f.Status, f.Unknowns = Undecided, why
		return nil
	}
	missing := unknowns(p.needs.violations, seen.gaps)
	if touched(p.needs.applies, seen.gaps) || p.applies == nil && len(missing) > 0 {
		return undecided(unknowns(p.reads, seen.gaps))
	}
	v, err := w.verdict(ctx, p, seen.input)
	if err != nil {
		return err
	}
	switch {
	case v.appliesErr != "":
		return undecided(policyError(p, v.appliesErr))
	case !v.applies:
		f.Status = NotApplicable
	case len(missing) > 0:
		return undecided(missing)
	case v.violationsErr != "":
		return undecided(policyError(p, v.violationsErr))
	case len(v.messages) > 0:
		f.Status, f.Messages = Fail, slices.Clone(v.messages)
	default:
		f.Status = Pass
	}
	return nil
}

// verdict is what the policy says of the input: remembered, or evaluated on
// exactly what the policy reads.
func (w *worker) verdict(ctx context.Context, p *program, input *fastjson.Value) (*verdict, error) {
	if !w.opts.NoDedup {
		w.key = shorten(appendKey(w.key[:0], input, p.reads))
		if v := p.memo.get(w.key); v != nil {
			return v, nil
		}
	}
	value, err := project(input, p.reads)
	v := &verdict{}
	if err != nil {
		v.appliesErr = "the evidence can't be read: " + err.Error()
	} else if v, err = p.judge(ctx, value, w.opts.Time, w.cancel); err != nil {
		return nil, err
	}
	if !w.opts.NoDedup {
		p.memo.put(w.key, v)
	}
	return v, nil
}

func policyError(p *program, detail string) []Unknown {
	return []Unknown{{Reason: PolicyError, Detail: detail, Remedy: "Mend the policy " + p.ID + " (" + p.File + "), or exclude it."}}
}

func touched(reads []read, gaps []gap) bool {
	for _, g := range gaps {
		for _, at := range g.at {
			if slices.ContainsFunc(reads, func(r read) bool { return r.touches(at) }) {
				return true
			}
		}
	}
	return false
}

// unknowns are the gaps' attributes that the reads touch, sorted.
func unknowns(reads []read, gaps []gap) []Unknown {
	var out []Unknown
	for _, g := range gaps {
		for i, at := range g.at {
			if slices.ContainsFunc(reads, func(r read) bool { return r.touches(at) }) {
				out = append(out, Unknown{Attribute: g.Attributes[i], Reason: g.Reason, Detail: g.Detail, Permission: g.Permission, Remedy: g.Remedy})
			}
		}
	}
	slices.SortFunc(out, compareUnknowns)
	return slices.Compact(out)
}
