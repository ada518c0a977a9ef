package iampolicy

import (
	"slices"
	"strings"
)

const (
	trailService = "cloudtrail.amazonaws.com"
	trailAction  = "kms:GenerateDataKey"
	trailContext = "kms:encryptioncontext:aws:cloudtrail:arn"
	maxTrails    = 1000 // patterns that a policy of 32 KiB can hold by far
)

// trailRequest is what CloudTrail asks, for a trail that is left open.
func (a *keyAnalysis) trailRequest() *evaluation {
	return a.evaluation(ServicePrincipal(trailService), trailAction, serviceContext(trailService)())
}

// trails lists the trails that the policy allows: of each Allow statement those
// that its conditions leave, and of these what the Deny statements leave. A nil
// list with a reason means that it can't be told.
func (a *keyAnalysis) trails() ([]string, string) {
	list := []glob{}
	for i := range a.policy.statements {
		s := &a.policy.statements[i]
		if s.deny {
			continue
		}
		e := a.trailRequest()
		switch exists(a.policy.only(s.index), e, anyTrail, allowed) {
		case False:
			continue
		case Unknown:
			return nil, e.hangsOn(s, e.fit(s))
		}
		kept := []glob{compileGlob("arn:"+a.key.Partition+":cloudtrail:*:*:trail/*", true, nil)}
		for j := range s.conditions {
			if e.holds(&s.conditions[j]) == True {
				continue
			}
			var ok bool
			if kept, ok = a.narrow(e, kept, &s.conditions[j]); !ok {
				return nil, s.label() + " limits the trails by " + quote(s.conditions[j].raw) + " in a way that is not modelled"
			}
		}
		list = append(list, kept...)
	}
	e := a.trailRequest()
	for i := range a.policy.statements {
		if s := &a.policy.statements[i]; s.deny && e.fit(s).is != False && len(list) > 0 && slices.ContainsFunc(s.conditions, ofTrail) {
			var ok bool
			if list, ok = a.except(e, list, s); !ok {
				return nil, s.label() + " denies some trails in a way that is not modelled"
			}
		}
	}
	names := []string{}
	for _, g := range list {
		names = append(names, g.text())
	}
	slices.Sort(names)
	return slices.Compact(names), ""
}

// except is what a Deny statement leaves of the trails. Modelled is the one
// that denies all but those of one condition: "StringNotEquals aws:SourceArn".
func (a *keyAnalysis) except(e *evaluation, trails []glob, s *statement) ([]glob, bool) {
	if e.acts(s) != True || e.applies(s) != True || e.targets(s) != True {
		return nil, false
	}
	var open *condition
	for i := range s.conditions {
		if c := &s.conditions[i]; e.holds(c) != True {
			if open != nil {
				return nil, false
			}
			open = c
		}
	}
	if open == nil || !open.op.negated {
		return nil, false
	}
	kept := *open
	kept.op.negated = false
	return a.narrow(e, trails, &kept)
}

// ofTrail tells the conditions on what CloudTrail sends of the trail. A Deny
// without one leaves every trail or none, which exists has told.
func ofTrail(c condition) bool {
	return c.key == trailContext || strings.HasPrefix(c.key, "aws:source") && c.key != "aws:sourceip" || c.key == "kms:calleraccount"
}

// narrow keeps of the trails those that a condition accepts. Any other key has
// a value that fits, or exists would have said so.
func (a *keyAnalysis) narrow(e *evaluation, trails []glob, c *condition) ([]glob, bool) {
	if !ofTrail(*c) {
		return trails, true
	}
	named, ok := a.namedTrails(e, c)
	if !ok {
		return nil, false
	}
	kept := []glob{}
	for _, x := range trails {
		for _, y := range named {
			both, ok := common(x, y, e.meter)
			if !ok || len(kept) > maxTrails {
				return nil, false
			}
			if both != nil {
				kept = append(kept, both)
			}
		}
	}
	return kept, true
}

// namedTrails are the trails that a condition on the trail or its account
// accepts. No ARN has a * or ? in it, so one that must be equal to such a text
// accepts none.
func (a *keyAnalysis) namedTrails(e *evaluation, c *condition) ([]glob, bool) {
	switch c.op.family {
	case familyString, familyLike, familyArn:
	default:
		return nil, false
	}
	if c.op.negated {
		return nil, false
	}
	var list []glob
	for i := range c.values {
		g := e.expand(&c.values[i], c.op.wild())
		switch {
		case g.has(unset) || c.op.family == familyArn && len(arnParts(g)) != 6:
			return nil, false
		case g.has('*') || g.has('?'):
			continue
		}
		switch c.key {
		case "aws:sourcearn", trailContext:
		case "aws:sourceaccount", "aws:sourceowner", "kms:calleraccount":
			g = compileGlob("arn:"+a.key.Partition+":cloudtrail:*:"+g.text()+":trail/*", true, nil)
		default:
			return nil, false // aws:SourceOrgID: whose trails that are isn't said
		}
		list = append(list, g)
	}
	return list, true
}

// common is what two patterns of trail ARNs have in common, nil for nothing.
// A trail's ARN has five colons, so two patterns with five are compared part
// by part.
func common(x, y glob, m *meter) (both glob, ok bool) {
	if relate(x, y, m) == True {
		return y, true
	}
	if relate(y, x, m) == True {
		return x, true
	}
	if shared, ok := intersects(x, y, m); ok && !shared {
		return nil, true
	}
	xs, ys := arnParts(x), arnParts(y)
	if len(xs) != 6 || len(ys) != 6 {
		return nil, false
	}
	for i := range xs {
		part := ys[i]
		if relate(part, xs[i], m) == True {
			part = xs[i]
		} else if relate(xs[i], part, m) != True {
			shared, ok := intersects(xs[i], part, m)
			return nil, ok && !shared
		}
		if i > 0 {
			both = append(both, ':')
		}
		both = append(both, part...)
	}
	return both, true
}
