package iampolicy

import "strings"

// hangsOn says why a statement applies to some such requests only, or why it
// can't be told.
func (e *evaluation) hangsOn(s *statement, f fit) string {
	if e.meter.left <= 0 {
		return "the policy is too complex to decide"
	}
	if why := e.unmodelled(s); why != "" {
		return s.label() + " " + why
	}
	return s.label() + " " + e.shortfall(s, f.part, f.cond, f.is)
}

// unmodelled says what in the statement this package cannot decide, or "".
func (e *evaluation) unmodelled(s *statement) string {
	for i := range s.conditions {
		c := &s.conditions[i]
		if e.holds(c) != Unknown {
			continue
		}
		if c.op.family == familyUnknown {
			return "uses the condition operator " + quote(c.name) + ", which is not modelled"
		}
		for j := range c.values {
			if v := &c.values[j]; v.variable && e.expand(v, true).has(unset) {
				return "compares " + quote(c.raw) + " with " + quote(v.raw) + ", a policy variable whose value is not known"
			}
		}
		if _, known := e.context[c.key]; known {
			return "has the condition " + quote(c.name) + " on " + quote(c.raw) + ", whose value AWS does not define"
		}
	}
	for i := range s.resources {
		if r := &s.resources[i]; r.variable && e.targets(s) == Unknown && e.expand(r, true).has(unset) {
			return "names the resource " + quote(r.raw) + ", with a policy variable whose value is not known"
		}
	}
	return ""
}

// shortfall says what one element of the statement leaves out.
func (e *evaluation) shortfall(s *statement, p part, cond int, is Tri) string {
	switch p {
	case partPrincipal:
		if s.notPrincipal {
			return "exempts the principals in its NotPrincipal"
		}
		return "names only some principals"
	case partAction:
		if s.notAction {
			return "leaves out the actions in its NotAction"
		}
		return "covers only some of the actions"
	case partResource:
		return "covers only some of the resources"
	case partCondition:
		c := &s.conditions[cond]
		if is == False {
			return "has the condition " + quote(c.name) + " on " + quote(c.raw) + ", which does not hold for such a request"
		}
		return "applies only under the condition " + quote(c.name) + " on " + quote(c.raw)
	}
	return "applies"
}

// shortfalls lists everything that keeps the statement from applying to
// every such request: action is the one asked for, "" for all; outside says
// what it means that the statement's resources miss the request's.
func (e *evaluation) shortfalls(s *statement, action, outside string) []string {
	var list []string
	add := func(t Tri, p part, cond int) {
		if t != True {
			list = append(list, e.shortfall(s, p, cond, t))
		}
	}
	add(e.applies(s), partPrincipal, 0)
	switch acts := e.acts(s); {
	case acts == False && action != "" && s.notAction:
		list = append(list, "leaves out "+action+" by its NotAction")
	case acts == False && action != "":
		list = append(list, "does not cover "+action)
	case acts == False:
		list = append(list, "covers none of the actions")
	default:
		add(acts, partAction, 0)
	}
	if targets := e.targets(s); targets == False {
		list = append(list, outside)
	} else {
		add(targets, partResource, 0)
	}
	for i := range s.conditions {
		add(e.holds(&s.conditions[i]), partCondition, i)
	}
	return list
}

// sentence joins clauses with "and".
func sentence(clauses []string) string {
	if len(clauses) < 2 {
		return strings.Join(clauses, "")
	}
	last := len(clauses) - 1
	return strings.Join(clauses[:last], ", ") + " and " + clauses[last]
}
