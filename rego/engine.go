package rego

import (
	"context"
	"fmt"
	"iter"
	"runtime"
	"slices"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"
	"github.com/open-policy-agent/opa/v1/storage"
	"github.com/open-policy-agent/opa/v1/storage/inmem"
)

// Options are how evidence is judged.
type Options struct {
	// Params are values for parameters, by policy ID, or "*" for every policy
	// that has the parameter, and by name.
	Params map[string]map[string]any
	// Time is the clock of policies: the end of the snapshot.
	Time time.Time
	// Workers is how many resources are judged at once; 0: one a core.
	Workers int
	// Listed are the resource types that the snapshot would hold resources of,
	// if there are any; nil: all. Resources of others may exist and name one.
	Listed []string
	// NoDedup evaluates every policy for every resource, instead of once for
	// all that look the same to it. The findings are the same.
	NoDedup bool
	// Waivers accept failures, the first that matches each.
	Waivers []Waiver
}

// Snapshot is the evidence to judge.
type Snapshot interface {
	// Rows are resources as JSON lines of collectors.Resource, always in the
	// same order. A line is valid until the next one is asked for.
	Rows() iter.Seq2[[]byte, error]
}

// Engine judges snapshots with the selected policies of a set. It is safe for
// concurrent use.
type Engine struct {
	opts    Options
	byType  map[string][]*program // by ID
	joined  map[string]bool       // types that policies join
	named   map[string]bool       // types whose policies read referenced_by
	schemas map[string]*schema
}

// program is a policy ready to run.
type program struct {
	*Policy
	needs         needs  // under its parameters, joins' places included
	reads         []read // all of them: what a verdict is made of
	applies       *rule  // nil: always
	violations    *rule
	joins         []place // by name
	readsReferred bool
	memo          memo
}

// place is a join with its path parsed.
type place struct {
	name, resourceType string
	at                 path
}

// rule is a rule of a policy, prepared.
type rule struct {
	query rego.PreparedEvalQuery
	store storage.Store
	txn   storage.Transaction
}

// NewEngine prepares the set's selected policies. Its error is what is wrong
// with the parameters.
func NewEngine(ctx context.Context, set *Set, opts Options) (*Engine, error) {
	params, err := set.mergeParams(opts.Params)
	if err != nil {
		return nil, err
	}
	if err := set.checkWaivers(opts.Waivers); err != nil {
		return nil, err
	}
	if opts.Workers <= 0 {
		opts.Workers = runtime.GOMAXPROCS(0)
	}
	e := &Engine{opts: opts, byType: map[string][]*program{}, joined: map[string]bool{}, named: map[string]bool{}, schemas: set.schemas}
	for _, p := range set.selected {
		prog, err := e.prepare(ctx, p, params[p.ID])
		if err != nil {
			return nil, fmt.Errorf("preparing the policy %s: %w; this is a mistake in sealaudit, please report it", p.ID, err)
		}
		e.byType[p.Resource] = append(e.byType[p.Resource], prog)
		for _, join := range p.Related {
			e.joined[join.Type] = true
		}
		if prog.readsReferred {
			e.named[p.Resource] = true
		}
	}
	return e, nil
}

func (e *Engine) prepare(ctx context.Context, p *Policy, params map[string]any) (*program, error) {
	prog := &program{Policy: p}
	for _, name := range keysOf(p.Related) {
		prog.joins = append(prog.joins, place{name, p.Related[name].Type, parsePath(p.Related[name].At)})
	}
	store := inmem.NewFromObjectWithOpts(map[string]any{"params": params}, inmem.OptReturnASTValuesOnRead(true))
	txn, err := store.NewTransaction(ctx)
	if err != nil {
		return nil, err
	}
	needs, err := p.needsUnder(ctx, store, txn)
	if err != nil {
		return nil, err
	}
	prog.needs = p.withJoins(needs)
	prog.reads = prog.needs.all()
	prog.readsReferred = slices.ContainsFunc(prog.reads, func(r read) bool { return r.touches(path{"referenced_by"}) })
	if prog.violations, err = prepareRule(ctx, p, "violations", store, txn); err != nil {
		return nil, err
	}
	if p.code.hasApplies {
		prog.applies, err = prepareRule(ctx, p, "applies", store, txn)
	}
	return prog, err
}

func prepareRule(ctx context.Context, p *Policy, name string, store storage.Store, txn storage.Transaction) (*rule, error) {
	query := ast.NewBody(ast.NewExpr(ast.NewTerm(p.ref().Append(ast.StringTerm(name)))))
	q, err := rego.New(rego.ParsedQuery(query), rego.Compiler(p.code.compiler), rego.Store(store), rego.Transaction(txn),
		rego.StrictBuiltinErrors(true)).PrepareForEval(ctx)
	if err != nil {
		return nil, fmt.Errorf("rule %s: %w", name, err)
	}
	return &rule{q, store, txn}, nil
}
