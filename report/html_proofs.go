package report

import (
	"fmt"
	"slices"
	"strconv"
)

// proofsView is what HTML shows of samples and proofs.
type proofsView struct {
	Total   verdicts
	Tiles   []tile
	Cohorts int
	Parents []parentView
	More    int    // cohorts that are not unfolded
	Sample  []fact // how the run sampled
	Probes  []string
}

// parentView is a bucket, stream or table with its cohorts.
type parentView struct {
	Name, ARN, Word, Thing, Place string
	Sampled, Listing, Method      string // Listing is "" when there was none
	Seed                          string
	Total                         verdicts
	Bar                           []slice
	Cohorts                       []cohortView
	More                          int
}

// verdictTiles are the verdicts as words; the classes are those of statuses.
func (v verdicts) tiles(zeros bool) []tile {
	var out []tile
	for _, t := range []tile{
		{"refuted", "fail", "is not what was sealed, or not under this key", v.Refuted},
		{"unknown", "unknown", "could not be opened or looked at", v.Unknown},
		{"verified", "pass", "opened, and every check held", v.Verified},
		{"nothing to open", "not_applicable", "no client encrypted it; only what AWS says of it is known", v.Plain},
	} {
		if zeros || t.Count > 0 {
			out = append(out, t)
		}
	}
	return out
}

func (v verdicts) bar() []slice {
	var c counts
	c[slices.Index(statuses[:], "fail")], c[slices.Index(statuses[:], "unknown")] = v.Refuted, v.Unknown
	c[slices.Index(statuses[:], "pass")], c[slices.Index(statuses[:], "not_applicable")] = v.Verified, v.Plain
	return bar(c)
}

// newProofs shows the cohorts; their places are the "c-" ids of the page.
func newProofs(d Data, e *evidence, data *rows) *proofsView {
	v := &proofsView{Cohorts: len(e.cohorts)}
	totals := map[string]*verdicts{} // by parent
	left := map[string]int{}
	for _, c := range e.cohorts {
		key := c.Type + c.parentARN()
		if totals[key] == nil {
			totals[key] = &verdicts{}
		}
		totals[key].add(c.verdicts())
		left[key]++
		v.Total.add(c.verdicts())
	}
	v.Tiles = v.Total.tiles(true)
	v.More = len(e.cohorts) - len(e.shown)
	before := ""
	for i, c := range e.shown {
		key := c.Type + c.parentARN()
		if key != before {
			v.Parents = append(v.Parents, newParent(c, *totals[key]))
			before = key
		}
		p := &v.Parents[len(v.Parents)-1]
		p.Cohorts = append(p.Cohorts, newCohortView(i, c, d.Weaknesses, data))
		left[key]--
		p.More = left[key]
	}
	if s := d.Manifest.Sampling; s != nil {
		v.Sample = []fact{
			{"Sample", "up to " + thousands(s.Size) + " of each bucket, shard and table"},
			{"Chosen by", "lowest SHA-256 of seed, place and name, so the order of a listing makes no difference"},
			{"Seed", strconv.FormatInt(s.Seed, 10)},
			{"Listed", "up to " + thousands(s.List) + " names of each"},
			{"Opened", "what has at most " + thousands(int(s.MaxBytes)) + " bytes; of the rest, headers"},
		}
	}
	for _, arn := range d.Manifest.Probes {
		v.Probes = append(v.Probes, printable(arn))
	}
	return v
}

func newParent(c *cohort, total verdicts) parentView {
	p := parentView{Name: printable(c.parentName()), ARN: printable(c.parentARN()), Word: parentWord(c.Type), Thing: thingOf(c.Type),
		Place: place(c.Scope.Account, c.Scope.Region), Total: total, Bar: total.bar(), Sampled: "none"}
	if s := c.Facts.Sampling; s != nil {
		p.Sampled = fmt.Sprintf("%s of %s", thousands(s.Sampled), thousands(s.Population))
		p.Method, p.Seed, p.Listing = printable(s.Method), strconv.Itoa(s.Seed), "complete"
		if !s.Complete {
			p.Listing = "incomplete: there may be more"
		}
	}
	return p
}
