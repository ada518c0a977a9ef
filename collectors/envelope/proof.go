package envelope

import (
	"slices"
	"strings"

	"github.com/sealaudit/sealaudit/internal/envelope"
)

const (
	maxClaims = 16 // texts of one kind that are kept of an artefact
	maxWhy    = 400
)

// Claims are what an artefact says of itself, as the engine read it.
func Claims(p envelope.Proof) Client {
	out := Client{Format: formatOf(p), Algorithm: p.Suite}
	if p.Suite == "" { // its header could not be read
		return out
	}
	committing, signed := p.Committing, p.Signed
	out.Committing, out.Signed = &committing, &signed
	for _, k := range p.Keys {
		out.Keys = claim(out.Keys, k.ID)
		out.Wrap = claim(out.Wrap, k.Wrap)
	}
	for _, pair := range p.Context {
		out.Context = claim(out.Context, pair.Key)
	}
	return out
}

func claim(set []string, t string) []string {
	if t == "" {
		return set
	}
	return lowestFew(set, maxClaims, text(t))
}

// formatOf is a format as facts have it.
func formatOf(p envelope.Proof) string {
	version := strings.TrimLeft(strings.ToLower(p.Version), "v")
	name := map[string]string{"S3 Encryption Client": "s3ec", "AWS Encryption SDK": "esdk"}[p.Format]
	switch {
	case name != "" && version != "":
		return name + "-v" + version
	case name != "":
		return name
	}
	switch p.Format {
	case "DynamoDB Encryption Client":
		return "ddbec"
	case "AWS Database Encryption SDK for DynamoDB":
		return "dbesdk"
	}
	return p.Format
}

func (c Client) facts() *ClientSide {
	return &ClientSide{Format: c.Format, Algorithm: c.Algorithm, Wrap: c.Wrap, Keys: c.Keys, Context: c.Context, Committing: c.Committing, Signed: c.Signed}
}

// proofFacts are the proof of one example, which stands for all of a cohort:
// their verdict is the same.
func proofFacts(p *envelope.Proof, example string, count int) *Proof {
	if p == nil {
		return nil
	}
	shown := Shown{Example: example, Verdict: string(p.Verdict), Steps: []Step{}}
	for _, s := range p.Steps {
		shown.Steps = append(shown.Steps, Step{s.Name, string(s.Verdict), why(s.Detail)})
	}
	out := &Proof{Steps: []Shown{shown}}
	switch p.Verdict {
	case envelope.Verified:
		out.Verified = count
	case envelope.Refuted:
		out.Refuted = count
	default:
		out.Unknown = count
	}
	return out
}

// why is a step's detail in one bounded line.
func why(detail string) string {
	detail = text(strings.Join(strings.Fields(detail), " "))
	if r := []rune(detail); len(r) > maxWhy {
		return string(r[:maxWhy]) + "…"
	}
	return detail
}

// weaknesses are those of the cohort's artefacts, with how many share a key or
// a vector. It is for when all sightings of the run are in.
func (c *cohort) weaknesses() ([]string, *Duplicates) {
	var d Duplicates
	for _, m := range c.marks {
		key, vector := m.Twice()
		if key {
			d.DataKeys++
		}
		if vector {
			d.IVs++
		}
	}
	out := slices.Clone(c.weak)
	if d.DataKeys > 0 {
		out = lowestFew(out, len(out)+1, "duplicate-data-key")
	}
	if d.IVs > 0 {
		out = lowestFew(out, len(out)+1, "duplicate-iv")
	}
	if len(c.marks) == 0 {
		return out, nil
	}
	return out, &d
}
