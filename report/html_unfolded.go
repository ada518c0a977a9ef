package report

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/sealaudit/sealaudit/collectors"
)

// cohortView is one cohort, unfolded.
type cohortView struct {
	Index      int
	Shape      string
	Paper      bool // unfolded in print
	Count      string
	Share      string
	Chips      []tile
	Weak       []string
	Facts      []fact
	Weaknesses []fact
	Gaps       []string
	Proofs     []shownProof
	Refs       []ref
}

// shownProof is a proof step by step.
type shownProof struct {
	Example, Verdict, Class string
	Steps                   []shownStep
}

type shownStep struct{ Name, Verdict, Class, Why string }

// classOf is the look of a proof's verdict.
func classOf(verdict string) string {
	switch verdict {
	case "verified":
		return "pass"
	case "refuted":
		return "fail"
	}
	return "unknown"
}

func newCohortView(i int, c *cohort, meanings map[string]string, data *rows) cohortView {
	v := cohortView{Index: i, Shape: printable(c.shape()), Paper: c.rank() < 3, Chips: c.verdicts().tiles(false), Facts: cohortFactList(c)}
	f := &c.Facts
	switch {
	case f.Count > 0:
		v.Count = plural(f.Count, thingOf(c.Type))
	case c.Probe:
		v.Chips = append(v.Chips, tile{"not written", "unknown", "", 0})
	default:
		v.Chips = append(v.Chips, tile{"not sampled", "unknown", "", 0})
		if len(c.Gaps) > 0 {
			v.Count = printable(c.Gaps[0].Detail)
		}
	}
	if f.Sampling != nil && f.Count > 0 && !c.Probe {
		v.Share = share(f.Sampling)
	}
	for _, id := range f.Weaknesses {
		v.Weak = append(v.Weak, printable(id))
		v.Weaknesses = append(v.Weaknesses, fact{printable(id), printable(cmp.Or(meanings[id], "See the documentation of this weakness."))})
	}
	for _, g := range c.Gaps {
		v.Gaps = append(v.Gaps, gapText(g))
	}
	if f.Proof != nil {
		for _, s := range f.Proof.Steps {
			p := shownProof{Example: printable(s.Example), Verdict: printable(s.Verdict), Class: classOf(s.Verdict)}
			for _, step := range s.Steps {
				p.Steps = append(p.Steps, shownStep{printable(step.Name), printable(step.Verdict), classOf(step.Verdict), printable(step.Why)})
			}
			v.Proofs = append(v.Proofs, p)
		}
	}
	v.Refs = data.references(c.Calls)
	return v
}

// gapText is a gap as one text: what is not known, why, and the remedy.
func gapText(g collectors.Gap) string {
	return strings.TrimSpace(fmt.Sprintf("%s not known (%s). %s %s", printable(strings.Join(g.Attributes, ", ")), printable(string(g.Reason)), printable(g.Detail), printable(g.Remedy)))
}

// share is the cohort's share of its parent's sample, with the bounds of the
// share in what was listed.
func share(s *sampling) string {
	p := percent(s.Share)
	switch {
	case s.ShareLow == 0 && s.ShareHigh == 1 && s.Share < 1:
		return p + " of what was read; that is no random sample, so nothing follows for the rest"
	case s.ShareLow == s.ShareHigh && s.Complete && s.Sampled >= s.Population:
		return p + ", exactly: everything there was sampled"
	case s.ShareLow == s.ShareHigh:
		return p
	}
	return p + " of the sample; " + percent(s.ShareLow) + " to " + percent(s.ShareHigh) + " of what was listed (95 %)"
}

// percent is a share with one decimal, and never 0 or 100 for what is not.
func percent(share float64) string {
	switch {
	case share > 0 && share < 0.0005:
		return "< 0.1 %"
	case share < 1 && share > 0.9995:
		return "> 99.9 %"
	}
	return strings.TrimSuffix(strconv.FormatFloat(100*share, 'f', 1, 64), ".0") + " %"
}

// cohortFactList is what its things have alike.
func cohortFactList(c *cohort) []fact {
	var out []fact
	add := func(name, value string) {
		if value != "" {
			out = append(out, fact{name, printable(value)})
		}
	}
	f := &c.Facts
	if s := f.ServerSide; s != nil {
		add("Server-side encryption", cmp.Or(s.Algorithm, s.Type))
		if s.Key != nil {
			add("Its key", strings.Join(slices.DeleteFunc([]string{s.Key.Alias, cmp.Or(s.Key.ARN, s.Key.ID), s.Key.State}, func(s string) bool { return s == "" }), ", "))
		}
		add("Bucket key", yesNo(s.BucketKey))
	}
	if s := f.ClientSide; s != nil {
		add("Client-side format", s.Format)
		add("Algorithm", s.Algorithm)
		add("Data key wrapped by", strings.Join(s.Wrap, ", "))
		add("Keys, as it names them", strings.Join(s.Keys, ", "))
		for _, k := range s.KMSKeys {
			add("KMS key", cmp.Or(k.ARN, k.ID)+", "+cmp.Or(k.State, "state unknown"))
		}
		add("Names in the encryption context", strings.Join(s.Context, ", "))
		add("Commits to its key", yesNo(s.Committing))
		add("Signed", yesNo(s.Signed))
	}
	if f.Bytes != nil {
		add("Bytes", thousands(*f.Bytes))
	}
	add("Written", span(cmp.Or(f.FirstModified, f.FirstArrival), cmp.Or(f.LastModified, f.LastArrival)))
	if d := f.Duplicates; d != nil && d.DataKeys+d.IVs > 0 {
		add("Share a data key with others", strconv.Itoa(d.DataKeys))
		add("Share an initialisation vector", strconv.Itoa(d.IVs))
	}
	if f.SiblingsSigned != nil && *f.SiblingsSigned > 0 {
		add("Others of the table with a signature", strconv.Itoa(*f.SiblingsSigned))
	}
	add("Examples", strings.Join(f.Examples, " · "))
	add("Row of the evidence", c.ARN)
	return out
}

// span is "FIRST to LAST", or the one that both are, or that there is.
func span(first, last string) string {
	if first == "" || last == "" || first == last {
		return cmp.Or(first, last)
	}
	return first + " to " + last
}

func yesNo(b *bool) string {
	switch {
	case b == nil:
		return ""
	case *b:
		return "yes"
	}
	return "no"
}
