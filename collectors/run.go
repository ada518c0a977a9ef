package collectors

import (
	"context"
	"fmt"
	"sync"
)

// Plan is what a run reads: every collector in every scope.
type Plan struct {
	Account    Scope   // of the account, without region
	Scopes     []Scope // one a region
	Collectors []Collector
	// Done says which units an earlier run has read completely; nil is none.
	Done func(Collector, Scope) bool
}

func (p Plan) scopesOf(c Collector) []Scope {
	if c.Global() {
		return []Scope{p.Account}
	}
	return p.Scopes
}

// Run reads everything of the plan at once and gives it to the recorder. It
// does not fail: what could not be read is in the evidence as gaps. When the
// context ends, collectors stop and say what is missing.
func Run(ctx context.Context, p Plan, rec *Recorder) {
	var wg sync.WaitGroup
	for _, c := range p.Collectors {
		for _, scope := range p.scopesOf(c) {
			if p.Done != nil && p.Done(c, scope) {
				continue
			}
			for _, t := range c.Types() {
				if !c.Global() {
					rec.ledger.Open(scope, t.Name)
				}
			}
			wg.Go(func() { collect(ctx, c, scope, rec) })
		}
	}
	wg.Wait()
}

// collect runs one collector in one scope. A panic is a mistake of ours, and
// still costs that scope only.
func collect(ctx context.Context, c Collector, scope Scope, rec *Recorder) {
	defer func() {
		if p := recover(); p != nil {
			giveUp(c, scope, rec, fmt.Errorf("the %s collector failed: %v", c.Service(), p))
		}
	}()
	if err := c.Collect(ctx, scope, rec); err != nil {
		giveUp(c, scope, rec, err)
	}
}

func giveUp(c Collector, scope Scope, rec *Recorder, err error) {
	for _, t := range c.Types() {
		rec.Listed(scope, t.Name, &Gap{Attributes: []string{"facts", "tags"}, Reason: Failed,
			Detail: err.Error(), Remedy: "Scan again; if it stays, report it."})
	}
}
