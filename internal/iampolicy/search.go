package iampolicy

import "slices"

// A search asks whether some request of a kind reaches a goal ("is not
// denied", "is allowed"). It first asks about all of them at once, with every
// open key unknown; while that is undecided it fixes one dimension after the
// other. A True rests on a concrete request, a False on a proof that no
// request can do it; the rest is Unknown.
type search struct {
	policy *Policy
	goal   func(verdict) Tri
	dims   []dimension
	budget int // evaluations left
}

// A dimension is one open question about the request: who, what, or the
// value of one key.
type dimension struct {
	complete bool // the options stand for every possibility
	options  []func(*evaluation) (undo func())
}

// A persona says which values a condition key may have in the requests that
// are searched. derived are values made from the policy's own conditions. A
// nil list leaves the key unknown; complete says that the list stands for
// every value the key can have.
type persona func(key string, derived derivedValues) (options [][]string, complete bool)

const maxEvaluations = 4000

// exists searches the requests that e stands for, with the keys that its
// context leaves open filled by who.
func exists(p *Policy, e *evaluation, who persona, goal func(verdict) Tri) Tri {
	s := &search{policy: p, goal: goal, budget: maxEvaluations}
	if result := goal(e.decide(p)); result != Unknown {
		return result
	}
	var open []dimension
	for _, key := range p.openKeys(e) {
		options, complete := who(key, p.derive(key))
		if len(options) == 0 {
			continue
		}
		d := dimension{complete: complete}
		for _, values := range options {
			d.options = append(d.options, setKey(key, values))
		}
		// Keys whose values are all known come first: they can prove
		// something, the others only find examples.
		if complete {
			s.dims = append(s.dims, d)
		} else {
			open = append(open, d)
		}
	}
	s.dims = append(s.dims, open...)
	s.dims = append(s.dims, resourceOptions(p, e), principalOptions(p, e))
	s.dims = slices.DeleteFunc(s.dims, func(d dimension) bool { return len(d.options) == 0 })
	return s.run(e, 0)
}

func (s *search) run(e *evaluation, depth int) Tri {
	if s.budget--; s.budget < 0 || e.meter.left <= 0 {
		return Unknown
	}
	if result := s.goal(e.decide(s.policy)); result != Unknown || depth == len(s.dims) {
		return result
	}
	all := s.dims[depth].complete
	for _, apply := range s.dims[depth].options {
		undo := apply(e)
		result := s.run(e, depth+1)
		undo()
		if result == True {
			return True
		}
		all = all && result == False
	}
	if all {
		return False
	}
	return Unknown
}

func setKey(key string, values []string) func(*evaluation) func() {
	return func(e *evaluation) func() {
		old, had := e.context[key]
		e.context[key] = values
		return func() {
			if delete(e.context, key); had {
				e.context[key] = old
			}
		}
	}
}

// openKeys are the condition keys that the request leaves unknown, in the
// order of the policy.
func (p *Policy) openKeys(e *evaluation) []string {
	var keys []string
	for i := range p.statements {
		for _, c := range p.statements[i].conditions {
			if _, known := e.context[c.key]; !known && !slices.Contains(keys, c.key) {
				keys = append(keys, c.key)
			}
		}
	}
	return keys
}

// resourceOptions are single resources out of those the request stands for:
// one that the policy doesn't name, and one for each pattern that it does.
func resourceOptions(p *Policy, e *evaluation) dimension {
	var d dimension
	if !e.resource.has(anyRun) && !e.resource.has(anyOne) {
		return d
	}
	add := func(name string) {
		value := glob([]rune(name))
		if len(value) > maxValue || relate(e.resource, value, e.meter) != True {
			return
		}
		d.options = append(d.options, func(e *evaluation) func() {
			old := e.resource
			e.resource = value
			return func() { e.resource = old }
		})
	}
	add(instance(e.resource, unlisted))
	for i := range p.statements {
		for j := range p.statements[i].resources {
			if r := &p.statements[i].resources[j]; !r.variable && len(d.options) < maxOptions {
				add(instance(r.compiled, "x"))
			}
		}
	}
	return d
}

// principalOptions are single principals: one that the policy doesn't name,
// nobody at all, and those that it names in a principal or a condition.
func principalOptions(p *Policy, e *evaluation) dimension {
	var d dimension
	if e.principal.kind != kindAny {
		return d
	}
	add := func(who Principal) {
		if len(d.options) < maxOptions {
			d.options = append(d.options, setPrincipal(who))
		}
	}
	add(AWSPrincipal("arn:aws:iam::" + p.strangerAccount("") + ":role/" + unlisted))
	add(Anonymous())
	for i := range p.statements {
		s := &p.statements[i]
		for _, name := range s.principal.aws {
			add(namedPrincipal(name))
		}
		for _, c := range s.conditions {
			if c.key != "aws:principalarn" && c.key != "aws:principalaccount" {
				continue
			}
			for j := range c.values {
				if !c.values[j].variable {
					add(namedPrincipal(instance(c.values[j].compiled, "x")))
				}
			}
		}
	}
	return d
}

// namedPrincipal is a principal that the name includes: for an account, a
// role that the policy doesn't mention.
func namedPrincipal(name string) Principal {
	if isAccountID(name) {
		return AWSPrincipal("arn:aws:iam::" + name + ":role/" + unlisted)
	}
	if _, whole := principalAccount(name); whole {
		return AWSPrincipal(name[:len(name)-len("root")] + "role/" + unlisted)
	}
	return AWSPrincipal(name)
}

// setPrincipal fixes who asks, and the keys that follow from it.
func setPrincipal(who Principal) func(*evaluation) func() {
	return func(e *evaluation) func() {
		var undo []func()
		old := e.principal
		e.principal = who
		set := func(key string, values []string) {
			if _, known := e.context[key]; !known {
				undo = append(undo, setKey(key, values)(e))
			}
		}
		switch who.kind {
		case kindAnonymous:
			for _, key := range []string{"aws:principalarn", "aws:principalaccount", "aws:principalorgid", "aws:principalorgpaths", "aws:username"} {
				set(key, nil)
			}
		case kindAWS:
			set("aws:principalarn", []string{who.name})
			if account, _ := principalAccount(who.name); account != "" {
				set("aws:principalaccount", []string{account})
			}
		}
		return func() {
			e.principal = old
			for _, f := range undo {
				f()
			}
		}
	}
}
