package iampolicy

import (
	"fmt"
	"slices"
	"strings"
)

func (a *bucketAnalysis) insecureTransport() InsecureTransport {
	context := a.base()
	context["aws:securetransport"] = []string{"false"}
	// Documented as the TLS version of the client: plain HTTP has none.
	context["s3:tlsversion"] = nil
	bucket, objects := a.targets()
	return InsecureTransport{
		BucketDenied:  a.denied(context, bucket, "requests without TLS", "aws:securetransport"),
		ObjectsDenied: a.denied(context, objects, "requests without TLS", "aws:securetransport"),
	}
}

func (a *bucketAnalysis) minimumTLS() MinimumTLS {
	bucket, objects := a.targets()
	var last Answer
	for _, version := range []string{"1.0", "1.1", "1.2", "1.3"} {
		context := a.base()
		context["aws:securetransport"] = []string{"true"}
		context["s3:tlsversion"] = []string{version}
		both := a.denied(context, bucket, "requests with TLS "+version, "s3:tlsversion")
		if both.Tri() == True {
			both = a.denied(context, objects, "requests with TLS "+version, "s3:tlsversion")
		}
		switch both.Tri() {
		case Unknown:
			return MinimumTLS{Statements: both.Statements, Reason: both.Reason}
		case False:
			if version == "1.0" {
				return MinimumTLS{Version: version, Reason: "no minimum: " + both.Reason}
			}
			return MinimumTLS{Version: version, Statements: last.Statements, Reason: last.Reason}
		}
		last = both
	}
	return MinimumTLS{Version: "none", Statements: last.Statements, Reason: last.Reason}
}

// denied tells whether every request of a kind is denied to everybody. what
// names the kind in the reason ("requests without TLS"), focus is the key
// whose conditions are meant for it.
func (a *bucketAnalysis) denied(context Context, t target, what, focus string) Answer {
	if a.policy == nil {
		return answer(False, nil, "the bucket has no policy")
	}
	m := &meter{left: maxWork}
	at := func(action string) *evaluation {
		return newEvaluation(Request{Action: action, Resource: t.resource, Context: context}, m)
	}
	whole := at(t.service)
	v := whole.decide(a.policy)
	if v.denied == True {
		return answer(True, refs(v.denies), "%s are denied by %s", what, labels(v.denies))
	}
	if v.denied == False {
		action := ""
		if len(t.actions) == 1 {
			action = t.actions[0]
		}
		return answer(False, nil, "%s", a.nearMiss(whole, action, t, what, focus))
	}
	// No single statement covers everything: ask for each action.
	var union []*statement
	var open *evaluation
	for _, action := range t.actions {
		e := at(action)
		not := exists(a.policy, e, anyRequester, func(v verdict) Tri { return v.denied.Not() })
		switch not {
		case True:
			return answer(False, nil, "%s", a.nearMiss(e, action, t, what, focus))
		case Unknown:
			if open == nil {
				open = e
			}
		}
		for _, s := range e.decide(a.policy).denies {
			if !slices.Contains(union, s) {
				union = append(union, s)
			}
		}
	}
	slices.SortFunc(union, func(a, b *statement) int { return a.index - b.index })
	if open != nil {
		v := open.decide(a.policy)
		return answer(Unknown, refs(union), "%s", open.undecided(v))
	}
	if len(t.actions) == 1 {
		return answer(True, refs(union), "%s are denied by %s", what, labels(union))
	}
	return answer(True, refs(union), "%s are denied by %s, together for each of the %d actions known to this program",
		what, labels(union), len(t.actions))
}

// undecided explains a Deny that stays Unknown after the search.
func (e *evaluation) undecided(v verdict) string {
	if len(v.denies) == 0 {
		return "the policy is too complex to decide"
	}
	for i, s := range v.denies {
		if e.unmodelled(s) != "" {
			return e.hangsOn(s, v.because[i])
		}
	}
	if len(v.denies) > 1 {
		return fmt.Sprintf("%s each deny a part, and whether together they deny all is not decided", labels(v.denies))
	}
	return e.hangsOn(v.denies[0], v.because[0])
}

// nearMiss says why such requests get through: what the Deny statements meant
// for them leave out, or that there are none.
func (a *bucketAnalysis) nearMiss(e *evaluation, action string, t target, what, focus string) string {
	var clauses []string
	allow, tls := false, false
	for i := range a.policy.statements {
		s := &a.policy.statements[i]
		if !s.deny {
			allow = allow || s.mentions(focus)
			continue
		}
		tls = tls || s.mentions("s3:tlsversion")
		if s.mentions(focus) && len(clauses) < 3 {
			clauses = append(clauses, s.label()+" "+sentence(e.shortfalls(s, action, t.outside)))
		}
	}
	switch {
	case len(clauses) > 0:
		return what + " get through: " + strings.Join(clauses, "; ")
	case focus == "aws:securetransport" && tls:
		return what + " get through: no Deny statement reads aws:SecureTransport, and s3:TlsVersion alone does not catch plain HTTP, where the key is missing"
	case allow:
		return what + " get through: only Allow statements have the condition, and an Allow denies nothing that another policy allows"
	}
	return what + " get through: no Deny statement is about them"
}
