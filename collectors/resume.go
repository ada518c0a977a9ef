package collectors

import (
	"encoding/json"
	"fmt"
	"slices"
)

// Resume keeps what an earlier bundle of the same account holds completely,
// so that the plan reads only the rest: it copies those rows and all calls
// into the recorder and returns the plan's units that need not run again.
//
// A unit is a collector in a scope. It is complete when every listing of its
// types ended and no resource of theirs has a gap; a Global collector's only
// if the earlier run had the same regions, and a sample only if it was taken in
// the same way.
func (r *Recorder) Resume(b *Bundle, p Plan, regions []string) (done func(Collector, Scope) bool, err error) {
	if !slices.Equal(b.Manifest.Accounts, []string{p.Account.Account}) {
		return nil, fmt.Errorf("the bundle to resume is of account %v and the caller's is %s; start a new one", b.Manifest.Accounts, p.Account.Account)
	}
	whole := func(c Collector, scope Scope) bool {
		if !slices.Contains(b.Manifest.Services, c.Service()) || c.Global() && !slices.Equal(b.Manifest.Regions, regions) {
			return false
		}
		if s, ok := c.(SamplingCollector); ok && (b.Manifest.Sampling == nil || *b.Manifest.Sampling != s.Sampling()) {
			return false
		}
		lines := 0
		for _, line := range b.Manifest.Coverage {
			if !lists(c, line.Type) || !c.Global() && line.Scope != scope {
				continue
			}
			if !line.Complete() {
				return false
			}
			lines++
		}
		return lines > 0
	}
	kept := map[string]bool{} // by region and type
	for _, c := range p.Collectors {
		for _, scope := range p.scopesOf(c) {
			if !whole(c, scope) {
				continue
			}
			for _, line := range b.Manifest.Coverage {
				if lists(c, line.Type) && (c.Global() || line.Scope == scope) {
					kept[line.Scope.Region+" "+line.Type] = true
					r.ledger.NotOffered(line.Scope, line.Type, line.NotOffered)
				}
			}
		}
	}
	return whole, r.copy(b, kept)
}

func lists(c Collector, resourceType string) bool {
	return slices.ContainsFunc(c.Types(), func(t ResourceType) bool { return t.Name == resourceType })
}

func (r *Recorder) copy(b *Bundle, kept map[string]bool) error {
	for line, err := range b.Rows() {
		if err != nil {
			return err
		}
		res, err := DecodeResource(line)
		if err != nil {
			return err
		}
		if kept[res.Scope.Region+" "+res.Type] && !res.Unlisted {
			r.Emit(res)
			r.Progress(res.Type, 1)
		}
	}
	replies := map[string][]byte{}
	for line, err := range b.lines(repliesName) {
		var reply storedReply
		if err == nil {
			err = json.Unmarshal(line, &reply)
		}
		if err != nil {
			return err
		}
		replies[reply.Digest] = reply.Reply
	}
	for line, err := range b.Calls() {
		var ref CallRef
		if err == nil {
			err = json.Unmarshal(line, &ref)
		}
		if err != nil {
			return err
		}
		r.Call(ref, replies[ref.Digest])
	}
	return nil
}
