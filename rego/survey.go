package rego

import (
	"context"
	"fmt"
	"slices"

	"github.com/valyala/fastjson"

	"github.com/sealaudit/sealaudit/collectors"
)

// surroundings are what policies see beside the resource that they judge. It
// does not change once rows are judged.
type surroundings struct {
	joined   map[identity][]byte // rows that another row joins; nil: not in the snapshot
	unlisted map[string][]listing
	named    map[string]*naming // by the ARN of a resource whose policies read referenced_by
	hidden   []*hiding          // in the order of the rows
	hiddenBy map[hiding]*hiding // the same, by what makes them one
}

// identity is how a join finds a resource.
type identity struct{ resourceType, arn string }

// listing is a listing that failed.
type listing struct {
	scope Resource
	why   collectors.Gap
}

// naming is who names a resource.
type naming struct {
	resourceType string
	by           []reference // in the order of the rows
}

type reference struct{ arn, resourceType string }

// survey reads the snapshot for what its resources need of each other: first
// which resources are joined or may be named, then those and who names them.
func (e *Engine) survey(ctx context.Context, s Snapshot) (*surroundings, error) {
	a := &surroundings{joined: map[identity][]byte{}, unlisted: map[string][]listing{}, named: map[string]*naming{}, hiddenBy: map[hiding]*hiding{}}
	if len(e.joined) == 0 && len(e.named) == 0 {
		return a, nil
	}
	if err := eachRow(ctx, s, func(_ []byte, r *row) { e.wanted(a, r) }); err != nil {
		return nil, err
	}
	if len(a.joined) == 0 && len(a.named) == 0 {
		return a, nil
	}
	err := eachRow(ctx, s, func(line []byte, r *row) { e.found(a, line, r) })
	e.leftOut(a)
	return a, err
}

// leftOut notes the types that were not read at all and whose resources name
// keys.
func (e *Engine) leftOut(a *surroundings) {
	for _, resourceType := range keysOf(e.schemas) {
		if e.schemas[resourceType].sampled || e.opts.Listed == nil || slices.Contains(e.opts.Listed, resourceType) || len(e.schemas[resourceType].keys) == 0 {
			continue
		}
		a.hide(hiding{}, &row{Resource: Resource{ARN: resourceType, Type: resourceType}}, gap{Gap: collectors.Gap{Reason: collectors.OutOfScope,
			Detail: "its service was left out of the scan.", Remedy: "Scan all services, without --service."}})
	}
}

func eachRow(ctx context.Context, s Snapshot, do func(line []byte, r *row)) error {
	var reader rowReader
	n := 0
	for line, err := range s.Rows() {
		n++
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return fmt.Errorf("reading row %d of the evidence: %w", n, err)
		}
		r, err := reader.read(line)
		if err != nil {
			return fmt.Errorf("judging row %d of the evidence: %w", n, err)
		}
		do(line, r)
	}
	return nil
}

// wanted notes what the row joins, and that it may be named.
func (e *Engine) wanted(a *surroundings, r *row) {
	if r.unlisted {
		return
	}
	for _, p := range e.byType[r.Type] {
		for _, join := range p.joins {
			if v := at(r.json, join.at); v != nil {
				a.joined[identity{join.resourceType, string(v.GetStringBytes())}] = nil
			}
		}
	}
	if e.named[r.Type] && a.named[r.ARN] == nil {
		a.named[r.ARN] = &naming{resourceType: r.Type}
	}
}

// found keeps the row if it is joined, and notes whom it names.
func (e *Engine) found(a *surroundings, line []byte, r *row) {
	if r.unlisted {
		if e.joined[r.Type] && len(r.gaps) > 0 {
			a.unlisted[r.Type] = append(a.unlisted[r.Type], listing{r.Resource, r.gaps[0].Gap})
		}
	} else if kept, wanted := a.joined[identity{r.Type, r.ARN}]; wanted && kept == nil {
		a.joined[identity{r.Type, r.ARN}] = slices.Clone(line)
	}
	if s := e.schemas[r.Type]; len(a.named) == 0 || s != nil && s.sampled {
		return
	}
	if !r.unlisted {
		a.references(r, r.json.Get("facts"))
	}
	a.hides(e.schemas[r.Type], r)
}

// references notes every string in the facts that is the ARN of a resource
// that may be named. A resource does not name itself, and a key that names
// another, as a replica does its primary, does not use it.
func (a *surroundings) references(r *row, v *fastjson.Value) {
	if v == nil {
		return
	}
	switch v.Type() {
	case fastjson.TypeString:
		a.refer(r, v.GetStringBytes())
	case fastjson.TypeArray:
		for _, item := range v.GetArray() {
			a.references(r, item)
		}
	case fastjson.TypeObject:
		v.GetObject().Visit(func(key []byte, item *fastjson.Value) {
			a.refer(r, key)
			a.references(r, item)
		})
	}
}

func (a *surroundings) refer(r *row, arn []byte) {
	of := a.named[string(arn)]
	if of == nil || string(arn) == r.ARN || of.resourceType == keyType && r.Type == keyType {
		return
	}
	by := reference{r.ARN, r.Type}
	if n := len(of.by); n == 0 || of.by[n-1] != by { // one row at a time, so equal ones are neighbours
		of.by = append(of.by, by)
	}
}
