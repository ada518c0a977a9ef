package envelope

import (
	"context"

	"github.com/sealaudit/sealaudit/collectors"
	"github.com/sealaudit/sealaudit/internal/envelope"
)

// row is the evidence of the probe: a cohort of one, the canary.
func (p *probe) row(ctx context.Context) collectors.Resource {
	p.seen.Name, p.seen.Proof = p.name, p.proof()
	p.seen.Label = "canary, " + p.label()
	one := &cohort{}
	one.add(p.seen)
	p.parent.Population = one.count
	out := p.Run.row(ctx, p.parent, one, one.count, p.facts)
	out.ARN = p.parent.ARN + "/*#probe"
	return out
}

// proof are the steps. Those aside, such as the deletion, are in it and have no
// part in the verdict.
func (p *probe) proof() *envelope.Proof {
	out := &envelope.Proof{Verdict: envelope.Verified}
	for _, s := range p.steps {
		out.Steps = append(out.Steps, s.Step)
		switch {
		case s.aside || out.Verdict == envelope.Refuted:
		case s.Verdict == envelope.Refuted || s.Verdict == envelope.Unknown:
			out.Verdict = s.Verdict
		}
	}
	return out
}

func (p *probe) label() string {
	s := p.seen
	switch {
	case !p.written:
		return "not written"
	case p.target.Service == "dynamodb": // which says nothing of an item
		return string(s.Proof.Verdict)
	}
	return s.label()
}

// facts are those of the service's things. A canary that was not written is
// none of them.
func (p *probe) facts(c Cohort) any {
	c.Sample.Seed = 0 // nothing was chosen
	if !p.written {
		c.Count, c.Bytes, c.Examples, c.Client, c.Duplicates = 0, nil, nil, nil, nil
		c.Sample = &Sample{Method: canaryMethod, Complete: true}
	}
	switch p.target.Service {
	case "s3":
		return objectFacts(p.parent, c)
	case "kinesis":
		return recordFacts(p.parent, c)
	}
	return ItemFacts{Table: p.parent.ARN, TableName: p.parent.Name, ClientSide: c.Client, Count: c.Count, Bytes: c.Bytes, Examples: c.Examples, Proof: c.Proof, Sampling: c.Sample}
}
