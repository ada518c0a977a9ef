package rego

import (
	"context"
	"fmt"
	"sync"

	"github.com/open-policy-agent/opa/v1/topdown"
)

// Evaluate judges every resource of the snapshot with every policy of its
// type, and hands each finding to emit: by row, then by policy, in the same
// order whatever the number of workers. emit is never called by two goroutines
// at once; what it is given is its own to keep.
//
// The rows are streamed, and read up to three times: what joined and referring
// resources need of each other is collected first. Memory follows the number
// of resources that are joined or may be named, never that of all.
//
// Its error is emit's, that of a row that can't be read (the snapshot is
// damaged), or ctx's. The summary then counts what was handed out before.
func (e *Engine) Evaluate(ctx context.Context, s Snapshot, emit func(Finding) error) (Summary, error) {
	sum := newSummary()
	sum.Waivers = startWaivers(e.opts.Waivers, e.opts.Time)
	around, err := e.survey(ctx, s)
	if err != nil {
		return sum, err
	}
	ctx, stop := context.WithCancel(ctx)
	cancel := topdown.NewCancel()
	defer context.AfterFunc(ctx, cancel.Cancel)()
	ordered, work := make(chan *batch, 2*e.opts.Workers), make(chan *batch)
	var running sync.WaitGroup
	defer running.Wait()
	defer stop() // before the wait: it ends what is running
	running.Go(func() {
		defer close(work)
		defer close(ordered)
		batches(s, func(b *batch) bool { return send(ctx, ordered, b) && send(ctx, work, b) })
	})
	for range e.opts.Workers {
		running.Go(func() {
			w := &worker{Engine: e, around: around, cancel: cancel}
			for b := range work {
				b.judge(ctx, w)
			}
		})
	}
	err = collect(ctx, ordered, &sum, emit)
	return sum, err
}

// send is false when ctx ended before b was taken.
func send(ctx context.Context, to chan<- *batch, b *batch) bool {
	select {
	case to <- b:
		return true
	case <-ctx.Done():
		return false
	}
}

// collect emits what the batches found, in their order.
func collect(ctx context.Context, ordered <-chan *batch, sum *Summary, emit func(Finding) error) error {
	pairs := 0
	last := map[string]string{} // finding by policy
	for b := range ordered {
		select {
		case <-b.done:
		case <-ctx.Done():
		}
		if ctx.Err() != nil {
			break
		}
		for i := range b.findings {
			f := &b.findings[i]
			if last[f.Policy] == f.ID {
				return fmt.Errorf("judging: the resource %s is in the evidence twice; the bundle is damaged, collect it again", f.Resource.ARN)
			}
			last[f.Policy] = f.ID
			waive(f, sum.Waivers)
			sum.add(f)
			if err := emit(*f); err != nil {
				return fmt.Errorf("writing a finding: %w", err)
			}
		}
		if b.err != nil {
			return b.err
		}
		pairs += b.pairs
		sum.Resources += b.resources
	}
	if ctx.Err() != nil {
		return fmt.Errorf("judging was stopped: %w; judge the evidence again", context.Cause(ctx))
	}
	if pairs != sum.Total() {
		return fmt.Errorf("judging: %d findings for %d pairs of policy and resource; this is a mistake in sealaudit, please report it", sum.Total(), pairs)
	}
	return nil
}

// batch is some rows in sequence, and then what was found in them.
type batch struct {
	text  []byte // the rows, copied, one after the other
	ends  []int
	first int // number of the first row, from 1

	done      chan struct{} // closed when judged
	findings  []Finding
	pairs     int // of policy and resource
	resources int // with a policy
	err       error
}

const (
	batchRows  = 64
	batchBytes = 1 << 18
)

// batches cuts the snapshot's rows into batches, until take is false. A row
// that can't be read ends them, with its error in the last.
func batches(s Snapshot, take func(*batch) bool) {
	b := &batch{first: 1, done: make(chan struct{})}
	for line, err := range s.Rows() {
		if err != nil {
			b.err = fmt.Errorf("reading row %d of the evidence: %w", b.first+len(b.ends), err)
			break
		}
		b.text = append(b.text, line...)
		b.ends = append(b.ends, len(b.text))
		if len(b.ends) < batchRows && len(b.text) < batchBytes {
			continue
		}
		first, size := b.first+len(b.ends), len(b.text)
		if !take(b) { // and it is another's from here on
			return
		}
		b = &batch{first: first, done: make(chan struct{}), text: make([]byte, 0, size+size/8)}
	}
	if len(b.ends) > 0 || b.err != nil {
		take(b)
	}
}

// judge judges the rows. The findings before one that can't be read stay.
func (b *batch) judge(ctx context.Context, w *worker) {
	defer close(b.done)
	b.findings = make([]Finding, 0, w.most)
	defer func() { w.most = max(w.most, len(b.findings)) }()
	start := 0
	for i, end := range b.ends {
		programs, err := w.row(ctx, b.text[start:end], &b.findings)
		if err != nil {
			b.err = fmt.Errorf("judging row %d of the evidence: %w", b.first+i, err)
			return
		}
		b.pairs += programs
		b.resources += min(programs, 1)
		start = end
	}
	b.text, b.ends = nil, nil
}
