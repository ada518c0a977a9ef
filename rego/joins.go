package rego

import (
	"fmt"
	"slices"
	"strings"

	"github.com/sealaudit/sealaudit/collectors"
)

// joinReader reads the rows that one row joins. Each needs a reader of its
// own, because a row's values live until its reader reads the next.
type joinReader struct {
	readers []*rowReader
	used    int
	read    map[identity]*row
}

func (j *joinReader) reset() {
	j.used = 0
	clear(j.read)
}

func (j *joinReader) row(id identity, line []byte) (*row, error) {
	if r := j.read[id]; r != nil {
		return r, nil
	}
	if j.used == len(j.readers) {
		j.readers = append(j.readers, &rowReader{})
	}
	r, err := j.readers[j.used].read(line)
	if err != nil {
		return nil, err
	}
	if j.used++; j.read == nil {
		j.read = map[identity]*row{}
	}
	j.read[id] = r
	return r, nil
}

// join is what the policy is given of the row: the row alone, with related and
// referenced_by in the input and what is missing of them among the gaps.
func (w *worker) join(p *program, r *row, alone view) (view, error) {
	out := view{input: w.reader.visible(r.json), gaps: slices.Clip(alone.gaps), calls: slices.Clone(alone.calls)}
	if p.readsReferred {
		of := w.around.named[r.ARN]
		out.input.Set("referenced_by", of.referredBy(&w.reader.arena))
		if len(of.by) == 0 {
			out.gaps = append(out.gaps, w.around.gap(&r.Resource)...)
		}
	}
	if len(p.joins) == 0 {
		return out, nil
	}
	related := w.reader.arena.NewObject()
	for _, join := range p.joins {
		v := at(r.json, join.at)
		if v == nil {
			continue // absent, or a gap of the row itself: see withJoins
		}
		id := identity{join.resourceType, string(v.GetStringBytes())}
		line := w.around.joined[id]
		if line == nil {
			out.gaps = append(out.gaps, w.around.missing(join.name, id))
			continue
		}
		other, err := w.joining.row(id, line)
		if err != nil {
			return out, fmt.Errorf("reading the joined resource %s: %w", id.arn, err)
		}
		related.Set(join.name, w.reader.visible(other.json))
		out.gaps = append(out.gaps, below(path{"related", join.name}, other.gaps)...)
		out.addCalls(other.calls)
	}
	out.input.Set("related", related)
	return out, nil
}

// addCalls adds calls that are not there yet.
func (v *view) addCalls(calls []collectors.CallRef) {
	for _, c := range calls {
		if !slices.Contains(v.calls, c) {
			v.calls = append(v.calls, c)
		}
	}
}

// below is a joined resource's gaps where the policy sees them.
func below(place path, gaps []gap) []gap {
	out := make([]gap, len(gaps))
	for i, g := range gaps {
		out[i].Gap = g.Gap
		out[i].Attributes = make([]string, len(g.at))
		for k, at := range g.at {
			out[i].at = append(out[i].at, place.extend(at))
			out[i].Attributes[k] = strings.TrimSuffix(place.String()+"."+g.Attributes[k], ".")
		}
	}
	return out
}

// missing is the gap of a joined resource that is not in the snapshot. Where
// resources of its type could not be listed, that is why.
func (a *surroundings) missing(name string, id identity) gap {
	place := path{"related", name}
	out := gap{at: []path{place}, Gap: collectors.Gap{Attributes: []string{place.String()}, Reason: collectors.OutOfScope,
		Detail: fmt.Sprintf("The %s %s is not in the evidence: it lives in an account or region that was not read, or is gone.", id.resourceType, id.arn),
		Remedy: "Read its account and region too.",
	}}
	for _, l := range a.unlisted[id.resourceType] {
		if l.couldHold(id.arn) {
			out.Gap = l.why
			out.Attributes = []string{place.String()}
			out.Detail = fmt.Sprintf("The %s %s is not in the evidence: %s", id.resourceType, id.arn, l.why.Detail)
			return out
		}
	}
	return out
}

// couldHold says whether the listing, had it not failed, could have had the
// resource: what its ARN says of partition, region and account, the ARN of a
// bucket says less, is that of the listing.
func (l listing) couldHold(arn string) bool {
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) < 6 {
		return true
	}
	same := func(of, here string) bool { return of == "" || here == "" || of == here }
	return same(parts[1], l.scope.Partition) && same(parts[3], l.scope.Region) && same(parts[4], l.scope.Account)
}
