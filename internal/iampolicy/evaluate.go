package iampolicy

import "strings"

// A Decision is what the policy by itself does with a request. For a request
// that stands for many, True means all of them and False none. Allowed says
// that an Allow statement applies and no Deny does; other policies may still
// deny it.
type Decision struct {
	Denied  Answer `json:"denied"`
	Allowed Answer `json:"allowed"`
}

// Evaluate decides a request. A nil policy denies and allows nothing.
func (p *Policy) Evaluate(r Request) Decision {
	if p == nil {
		return Decision{
			Denied:  answer(False, nil, "there is no policy"),
			Allowed: answer(False, nil, "there is no policy"),
		}
	}
	e := newEvaluation(r, &meter{left: maxWork})
	v := e.decide(p)
	return Decision{Denied: e.deniedAnswer(v), Allowed: e.allowedAnswer(v)}
}

// An evaluation is a request made ready: globs compiled, keys in lower case.
type evaluation struct {
	principal Principal
	action    glob
	resource  glob
	context   Context
	meter     *meter
}

func newEvaluation(r Request, m *meter) *evaluation {
	e := &evaluation{
		principal: r.Principal,
		action:    compileGlob(strings.ToLower(r.Action), true, nil),
		resource:  compileGlob(r.Resource, true, nil),
		context:   Context{},
		meter:     m,
	}
	for key, values := range r.Context {
		e.context[strings.ToLower(key)] = values
	}
	return e
}

// A part is the element of a statement that keeps it from applying for sure.
type part uint8

const (
	partNone part = iota
	partPrincipal
	partAction
	partResource
	partCondition
)

// A fit tells whether a statement applies and, when not for sure, which
// element it hangs on.
type fit struct {
	is   Tri
	part part
	cond int // the condition, for partCondition
}

func (e *evaluation) fit(s *statement) fit {
	result := fit{is: True}
	note := func(t Tri, p part, cond int) bool {
		if t == False || t == Unknown && result.is == True {
			result = fit{t, p, cond}
		}
		return t != False
	}
	if !note(e.acts(s), partAction, 0) || !note(e.applies(s), partPrincipal, 0) || !note(e.targets(s), partResource, 0) {
		return result
	}
	for i := range s.conditions {
		if !note(e.holds(&s.conditions[i]), partCondition, i) {
			return result
		}
	}
	return result
}

func (e *evaluation) acts(s *statement) Tri {
	result := False
	for i := range s.actions {
		if result = max3(result, relate(s.actions[i].compiled, e.action, e.meter)); result == True {
			break
		}
	}
	if s.notAction {
		return result.Not()
	}
	return result
}

func (e *evaluation) targets(s *statement) Tri {
	result := False
	for i := range s.resources {
		if result = max3(result, relate(e.expand(&s.resources[i], true), e.resource, e.meter)); result == True {
			break
		}
	}
	if s.notResource {
		return result.Not()
	}
	return result
}

// A verdict is a decision with the statements that made it.
type verdict struct {
	denied, allowed Tri
	denies, allows  []*statement // those that apply for sure or, failing these, perhaps
	because         []fit        // of the undecided ones, deny first
}

func (e *evaluation) decide(p *Policy) verdict {
	v := verdict{denied: False, allowed: False}
	var maybeDeny, maybeAllow []*statement
	var denyFits, allowFits []fit
	for i := range p.statements {
		s := &p.statements[i]
		f := e.fit(s)
		switch {
		case f.is == True && s.deny:
			v.denied, v.denies = True, append(v.denies, s)
		case f.is == True:
			v.allowed, v.allows = True, append(v.allows, s)
		case f.is == Unknown && s.deny:
			maybeDeny, denyFits = append(maybeDeny, s), append(denyFits, f)
		case f.is == Unknown:
			maybeAllow, allowFits = append(maybeAllow, s), append(allowFits, f)
		}
	}
	if v.denied == False && len(maybeDeny) > 0 {
		v.denied, v.denies, v.because = Unknown, maybeDeny, denyFits
	}
	if v.allowed == False && len(maybeAllow) > 0 {
		v.allowed, v.allows, v.because = Unknown, maybeAllow, append(v.because, allowFits...)
	}
	// An explicit Deny wins over every Allow.
	v.allowed = min3(v.allowed, v.denied.Not())
	return v
}

func (e *evaluation) deniedAnswer(v verdict) Answer {
	switch v.denied {
	case True:
		return answer(True, refs(v.denies), "denied by %s", labels(v.denies))
	case False:
		return answer(False, nil, "no Deny statement applies")
	}
	return answer(Unknown, refs(v.denies), "%s", e.hangsOn(v.denies[0], v.because[0]))
}

func (e *evaluation) allowedAnswer(v verdict) Answer {
	switch {
	case v.allowed == True:
		return answer(True, refs(v.allows), "allowed by %s, and no Deny statement applies", labels(v.allows))
	case v.denied == True:
		return answer(False, refs(v.denies), "denied by %s", labels(v.denies))
	case v.allowed == False:
		return answer(False, nil, "no Allow statement applies")
	case v.denied == Unknown:
		return answer(Unknown, refs(v.denies), "%s", e.hangsOn(v.denies[0], v.because[0]))
	}
	return answer(Unknown, refs(v.allows), "%s", e.hangsOn(v.allows[0], v.because[0]))
}

func refs(list []*statement) []StatementRef {
	var out []StatementRef
	for _, s := range list {
		out = append(out, s.ref())
	}
	return out
}
